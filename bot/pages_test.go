package bot_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"flowkeeper/bot"
	"flowkeeper/bot/activity"
	"flowkeeper/bot/admin"
	"flowkeeper/bot/sandbox"
)

// TestPagesOfTheBot visits the pages of a running bot after it decided on an issue: why it did what it did, what it would do now, how the rules
// fare. Looking writes nothing. Its counts come from metrics that there are.
func TestPagesOfTheBot(t *testing.T) {
	t.Parallel()
	const token = "an-admin-token-for-tests"
	r := newRig(t, sandbox.Premium, func(o *bot.Options) {
		o.Admin.Token, o.Admin.Config = token, "team: {name: Reds}\n"
		o.Policy.Team.Admin = "https://flow.example"
	})
	ref := r.open(sandbox.IssueOptions{Title: "A button is green"})
	r.settle()
	before := len(r.gitlab.Writes())
	get := func(path, accept, token string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.app.AdminURL()+path, nil)
		r.must(nil, err)
		req.Header.Set("Accept", accept)
		req.Header.Set("Authorization", "Bearer "+token)
		return r.fetch(req)
	}
	issue := fmt.Sprintf("/decisions/%d/%d", ref.Project, ref.IID)
	for path, want := range map[string]string{
		"/":                         "Queue age",
		"/decisions":                fmt.Sprintf("team/project#%d", ref.IID),
		issue:                       "workflow-intake",
		issue + "?now=1":            "A button is green",
		"/rules":                    "workflow-intake: remind",
		"/config":                   "team: {name: Reds}",
		"/commands":                 "/flow next",
		"/reports":                  "Reports",
		"/dead":                     "There are none.",
		"/decisions?rule=x":         "No decision fits.",
		"/decisions/team/project/1": "workflow-intake",
	} {
		if status, body := get(path, "text/html", token); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d, want %q in\n%s", path, status, want, body)
		}
	}
	if status, _ := get("/decisions", "*/*", "another-token-entirely"); status != http.StatusUnauthorized {
		t.Errorf("with a wrong token: %d", status)
	}
	if writes := r.gitlab.Writes()[before:]; len(writes) > 0 {
		t.Errorf("looking wrote %v", writes)
	}
	_, metrics := get("/metrics", "*/*", "")
	for _, name := range activity.Metrics() {
		if !strings.Contains(metrics, "\n"+name) {
			t.Errorf("there is no metric %s to count by", name)
		}
	}
	if body := r.note(ref); !strings.Contains(body, "](https://flow.example"+issue+")") {
		t.Errorf("the note does not link to the decisions:\n%s", body)
	}

	client, err := admin.NewClient(r.app.AdminURL(), token)
	r.must(nil, err)
	defer client.Close()
	if letters, err := client.Letters(t.Context()); err != nil || len(letters) > 0 {
		t.Errorf("the client with the token: %v %v", letters, err)
	}
	stranger, err := admin.NewClient(r.app.AdminURL(), "")
	r.must(nil, err)
	defer stranger.Close()
	if _, err := stranger.Letters(t.Context()); err == nil || !strings.Contains(err.Error(), "FLOWKEEPER_ADMIN_TOKEN_FILE") {
		t.Errorf("the client without: %v", err)
	}
}
