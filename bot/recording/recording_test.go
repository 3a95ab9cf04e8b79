package recording_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/recording"
	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/scenario"
	"flowkeeper/config"
	"flowkeeper/rules"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// monday is when the stories begin.
var monday = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// tester is a test, or a draw of rapid's.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
}

// world is a GitLab with a clock. Its people, projects, labels and texts all hold a word that no file may have.
type world struct {
	tester
	*sandbox.Server
	web     *httptest.Server
	client  *gitlab.Client
	project int64
	ref     triage.Ref
	now     time.Time
}

const word = "qxz" // no label, rule or command has it

func newWorld(t tester) *world {
	w := &world{tester: t, now: monday}
	w.Server = sandbox.New(sandbox.Options{Token: "the-token", Now: func() time.Time { return w.now }})
	w.web = httptest.NewServer(w.Server)
	w.project = w.AddProject("qxz-group/qxz-project")
	for _, name := range []string{"qxz.ann", "Qxz-Omar", "qxz_mia"} {
		_, err := w.AddUser(name, "Name "+word, sandbox.Maintainer)
		w.must(err)
	}
	_, err := w.AddMilestone(w.project, "qxz soon")
	w.must(err)
	w.client, err = gitlab.New(gitlab.Options{URL: w.web.URL, Token: "the-token"})
	w.must(err)
	return w
}

func (w *world) close() {
	w.Server.Close()
	w.web.Close()
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatalf("%v", err)
	}
}

func (w *world) open(o sandbox.IssueOptions) {
	w.Helper()
	ref, err := w.Open("qxz.ann", w.project, o)
	w.must(err)
	w.ref = ref
}

func policy(roster map[triage.Role][]string) engine.Policy {
	c := config.Default(rules.Catalogue())
	c.Team.Roster = roster
	return c.Policy()
}

// record records the issue, and checks that no name got into the file, that the decisions in it are those that come when it is played, and that
// GitLab was only read.
func (w *world) record(t *testing.T, p engine.Policy) recording.Recording {
	w.Helper()
	issue, err := w.client.Issue(t.Context(), w.ref)
	w.must(err)
	self, err := w.client.CurrentUser(t.Context())
	w.must(err)
	writes := len(w.Writes())
	r, err := recording.Record(t.Context(), recording.Options{GitLab: w.client, Bot: self, Policy: p, Issue: issue, Now: w.now})
	w.must(err)
	if n := len(w.Writes()) - writes; n > 0 {
		w.Fatalf("recording wrote %d times to GitLab", n)
	}
	if strings.Contains(strings.ToLower(string(r.File)), word) || strings.Contains(string(r.File), "://") {
		w.Fatalf("a name, a text or an address got into the file:\n%s", r.File)
	}
	s, err := scenario.Parse(r.File, p.Team.TeamConfig)
	w.must(err)
	got, err := s.Play(p)
	w.must(err)
	if diff := cmp.Diff(string(r.File), string(scenario.InsertDecisions(r.File, got))); diff != "" {
		w.Fatalf("recorded, and played again:\n%s", diff)
	}
	return r
}

// TestRecord: a story with everything that GitLab keeps becomes a scenario in which it can be recognised.
func TestRecord(t *testing.T) {
	w := newWorld(t)
	defer w.close()
	w.open(sandbox.IssueOptions{Title: "Qxz cannot log in", Description: "https://qxz.example", Labels: []string{"customer::qxz", "type::bug"}, Milestone: "qxz soon"})
	w.now = w.now.Add(time.Hour)
	w.must(w.Edit("Qxz-Omar", w.ref, sandbox.Change{AddLabels: []string{"workflow::refinement"}, Weight: triage.Int(5)}))
	w.now = w.now.Add(time.Minute)
	_, err := w.Comment("qxz_mia", w.ref, "/flow unclear what does @qxz.ann mean by https://qxz.example?")
	w.must(err)
	_, err = w.Comment("qxz_mia", w.ref, "Qxz says hello.")
	w.must(err)
	w.now = w.now.Add(14 * 24 * time.Hour)
	w.must(w.React("qxz.ann", w.ref, 0, "thumbsup"))
	w.now = w.now.Add(time.Second)
	w.must(w.Edit("qxz.ann", w.ref, sandbox.Change{Close: true}))

	r := w.record(t, policy(map[triage.Role][]string{triage.EngineeringManager: {"QXZ_mia"}}))
	s, err := scenario.Read(r.File)
	if err != nil {
		t.Fatal(err)
	}
	var story []string
	for _, step := range s.Steps {
		e := step.Event
		story = append(story, strings.TrimSpace(fmt.Sprint(e.By, " ", e.Kind, e.Add, e.Weight, e.Text, e.Emoji, " ", e.After)))
	}
	want := []string{
		"person-1 opened[] 0s",
		"person-2 [workflow::refinement] 1h0m0s",
		"person-2 []5 0s",
		"person-3 commented[]/flow unclear what text by text 1m0s",
		"later[] 336h0m0s",
		"person-1 awarded[]thumbsup 0s",
		"person-1 closed[] 1s",
	}
	if diff := cmp.Diff(want, story); diff != "" {
		t.Errorf("-want +got\n%s\n%s", diff, r.File)
	}
	if diff := cmp.Diff([]string{"scope-1::label-1", "type::bug"}, s.Issue.Labels); diff != "" {
		t.Error("labels: -want +got\n", diff)
	}
	if diff := cmp.Diff([]string{"person-3"}, s.Team.Roles[triage.EngineeringManager]); diff != "" {
		t.Error("roster: -want +got\n", diff)
	}
	if !strings.Contains(s.Steps[4].Expected, "refinement-needs-assignee: the issue has been in refinement for 5 working days") {
		t.Errorf("the bot is not woken for what waits:\n%s", r.File)
	}
	notes := strings.Join(r.Notes, "\n")
	for _, want := range []string{"left out: 1", "labels that the configuration does not know became"} {
		if !strings.Contains(notes, want) {
			t.Errorf("the notes lack %q:\n%s", want, notes)
		}
	}
}

// TestOwnDoing: what the bot did is left out; the scenario shows what it does now.
func TestOwnDoing(t *testing.T) {
	w := newWorld(t)
	defer w.close()
	w.open(sandbox.IssueOptions{Title: "t"})
	w.now = w.now.Add(time.Minute)
	w.must(w.Edit(w.BotUser(), w.ref, sandbox.Change{AddLabels: []string{"workflow::design"}}))
	r := w.record(t, policy(nil))
	s, err := scenario.Read(r.File)
	if err != nil || len(s.Steps) != 1 || strings.Contains(string(r.File), "workflow::design") {
		t.Errorf("%v\n%s", err, r.File)
	}
}

// TestPolicies: labels that policies look at or set keep their names, and what the policies do is in the decisions.
func TestPolicies(t *testing.T) {
	file := filepath.Join(t.TempDir(), "flowkeeper.yaml")
	for name, text := range map[string]string{
		file: "policies: [own.yml]\npolicy_defaults: {mode: act}\n",
		filepath.Join(filepath.Dir(file), "own.yml"): `
resource_rules:
  issues:
    rules:
      - name: Call back
        conditions: {state: opened, labels: [vip], date: {attribute: updated_at, condition: older_than, interval_type: days, interval: 2}}
        actions: {labels: ["call::back"]}
`,
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := config.Load(file, nil, rules.Catalogue())
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	defer w.close()
	w.open(sandbox.IssueOptions{Title: "t", Labels: []string{"vip", "call::qxz", "type::bug"}, Due: "2026-12-07"})
	w.must(w.React("qxz_mia", w.ref, 0, "thumbsup"))
	w.now = w.now.Add(5 * 24 * time.Hour)
	issue, err := w.client.Issue(t.Context(), w.ref)
	w.must(err)
	r, err := recording.Record(t.Context(), recording.Options{GitLab: w.client, Policy: c.Policy(), Rules: c.Policies.Rules, Issue: issue, Now: w.now})
	w.must(err)
	for _, want := range []string{`labels: ["vip", "call::label-1", "type::bug"]`, `due: "2026-12-07"`, "votes: [1, 0]", "policy/call-back: ", "add ~\"call::back\" (act)"} {
		if !strings.Contains(string(r.File), want) {
			t.Errorf("the file lacks %q:\n%s", want, r.File)
		}
	}
}

// TestAnything: whatever people did, nothing of theirs is in the file, and it passes.
func TestAnything(t *testing.T) {
	rapid.Check(t, func(draw *rapid.T) {
		w := newWorld(draw)
		defer w.close()
		people := []string{"qxz.ann", "Qxz-Omar", "qxz_mia", w.BotUser()}
		labels := []string{
			"backend", "frontend", "type::bug", "type::feature", "workflow::refinement", "workflow::in dev", "workflow::qxz", "security", "severity::1", "spike", "group::qxz",
			"qxz", "customer::Qxz Ltd", "customer::qxz & sons", "bug::qxz: \"x\"", "regression:qxz", "-- event --", "qxz.ann", "~qxz", "Category:Qxz",
		}
		some := func(name string) []string {
			return rapid.SliceOfNDistinct(rapid.SampledFrom(labels), 0, 4, rapid.ID).Draw(draw, name)
		}
		w.open(sandbox.IssueOptions{Title: "qxz", Labels: some("opened with")})
		reacted := map[string]bool{}
		for range rapid.IntRange(0, 8).Draw(draw, "things") {
			who := rapid.SampledFrom(people).Draw(draw, "who")
			w.now = w.now.Add(time.Duration(rapid.IntRange(0, 300).Draw(draw, "hours")) * time.Hour)
			switch rapid.IntRange(0, 4).Draw(draw, "what") {
			case 0:
				w.must(w.Edit(who, w.ref, sandbox.Change{AddLabels: some("add"), RemoveLabels: some("remove")}))
			case 1:
				w.must(w.Edit(who, w.ref, sandbox.Change{Weight: rapid.Ptr(rapid.IntRange(0, 9), true).Draw(draw, "weight"), Milestone: rapid.SampledFrom([]*string{nil, new(string)}).Draw(draw, "milestone")}))
			case 2:
				form := rapid.SampledFrom([]string{
					"qxz said so", "/flow weight 3 qxz", "/flow unclear what does @qxz.ann mean?", "/flow duplicate qxz/x#34", "/flow ignore team-labels qxz", "/flow to qxz", "/flow to in dev",
					"/flow spike done weight=2 qxz", "agree", "/flow snooze all 3d qxz", "/flow why",
				}).Draw(draw, "comment")
				_, err := w.Comment(who, w.ref, form)
				w.must(err)
			case 3:
				emoji := rapid.SampledFrom([]string{"thumbsup", "tada"}).Draw(draw, "emoji")
				if !reacted[who+emoji] { // GitLab refuses a second one
					reacted[who+emoji] = true
					w.must(w.React(who, w.ref, 0, emoji))
				}
			case 4:
				closed := w.Issue(w.ref).State == "closed"
				w.must(w.Edit(who, w.ref, sandbox.Change{Close: !closed, Reopen: closed}))
			}
		}
		w.now = w.now.Add(time.Duration(rapid.IntRange(0, 90).Draw(draw, "days")) * 24 * time.Hour)
		w.record(t, policy(map[triage.Role][]string{triage.Engineers: {"qxz.ann", "QXZ-omar"}}))
	})
}
