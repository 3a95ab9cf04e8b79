package explain_test

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"flowkeeper/bot/explain"
	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/worker"
	"flowkeeper/config"
	"flowkeeper/rules"
	"flowkeeper/rules/triage"
)

// stage is a GitLab with one project and the options to explain its issues.
func stage(t *testing.T) (*sandbox.Server, int64, explain.Options) {
	gitlab := sandbox.New(sandbox.Options{Token: "the-token"})
	server := httptest.NewServer(gitlab)
	gitlab.SetURL(server.URL)
	t.Cleanup(func() { gitlab.Close(); server.Close() })
	if _, err := gitlab.AddUser("ann", "Ann", sandbox.Reporter); err != nil {
		t.Fatal(err)
	}
	return gitlab, gitlab.AddProject("team/project"), explain.Options{URL: server.URL, Token: "the-token", Policy: config.Default(rules.Catalogue()).Policy()}
}

func live(t *testing.T, gitlab *sandbox.Server, o explain.Options, project int64, issue sandbox.IssueOptions) worker.Explanation {
	ref, err := gitlab.Open("ann", project, issue)
	if err != nil {
		t.Fatal(err)
	}
	o.Page = gitlab.Issue(ref).URL + "#note_12"
	e, err := explain.Live(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestLive explains an issue on which much is to be done, and does none of it.
func TestLive(t *testing.T) {
	gitlab, project, o := stage(t)
	e := live(t, gitlab, o, project, sandbox.IssueOptions{Title: "A door is open", Labels: []string{"workflow::design", "spike"}, Weight: triage.Int(5)})
	var text bytes.Buffer
	if err := explain.Text(&text, "my.yaml", e); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"team/project#1 A door is open\n  open, weight 5, nobody assigned\n", "\n  configuration: my.yaml\n", `labels: ~spike ~"workflow::design"`, "  add ~UX (design-needs-ux)\n", "  | - [ ] **A weight of 2**",
		"design-needs-ux              act     design work carries the UX label\n", "bug-needs-severity           remind  the issue is not a bug\n",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the explanation lacks %q:\n%s", want, &text)
		}
	}
	if writes := gitlab.Writes(); len(writes) > 0 {
		t.Errorf("explaining wrote %v", writes)
	}
}

func TestJSON(t *testing.T) {
	gitlab, project, o := stage(t)
	e := live(t, gitlab, o, project, sandbox.IssueOptions{Title: "t", Labels: []string{"workflow::design"}})
	text, err := json.Marshal(explain.Object("my.yaml", e))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Configuration string

		IID      int64
		Ours     bool
		Plan     []struct{ Rule, Action string }
		Findings []struct{ Rule, Mode, Reason string }
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got.Configuration != "my.yaml" || got.IID != 1 || !got.Ours || len(got.Plan) == 0 || len(got.Findings) != len(rules.Catalogue()) || got.Findings[0].Mode != "act" {
		t.Errorf("%s", text)
	}
}

func TestLeftAlone(t *testing.T) {
	gitlab, project, o := stage(t)
	e := live(t, gitlab, o, project, sandbox.IssueOptions{Title: "t", Labels: []string{"group::gitaly"}})
	var text bytes.Buffer
	if err := explain.Text(&text, "my.yaml", e); err != nil || !strings.Contains(text.String(), "Left alone: the issue carries another team's group label.") {
		t.Errorf("%v\n%s", err, &text)
	}
}

func TestMistakes(t *testing.T) {
	_, _, o := stage(t)
	for page, want := range map[string]string{
		"https://elsewhere.example/a/b/-/issues/1": "is not an address on " + o.URL,
		o.URL + "/team/project":                    "is not the address of an issue",
		o.URL + "/team/project/-/issues/0":         "is not the address of an issue",
		o.URL + "/team/project/-/issues/7":         "404",
	} {
		o.Page = page
		if _, err := explain.Live(t.Context(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want something with %q", page, err, want)
		}
	}
}
