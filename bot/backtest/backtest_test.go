package backtest_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"flowkeeper/bot/backtest"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/testkit"
	"flowkeeper/config"
	"flowkeeper/rules"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

var update = flag.Bool("update", false, "write the files in testdata")

const token = "glpat-of-the-bot"

// monday is when the past of the tests begins.
var monday = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// world is a GitLab with a past.
type world struct {
	*testing.T
	gitlab  *sandbox.Server
	client  *gitlab.Client
	project int64
	now     atomic.Pointer[time.Time]
}

func newWorld(t *testing.T, limit gitlab.Limiter) *world {
	t.Helper()
	w := &world{T: t}
	w.at(0)
	w.gitlab = sandbox.New(sandbox.Options{Token: token, Now: func() time.Time { return *w.now.Load() }})
	web := httptest.NewServer(w.gitlab)
	t.Cleanup(func() { w.gitlab.Close(); web.Close() })
	for _, who := range []string{"ann", "mia"} {
		_, err := w.gitlab.AddUser(who, who, sandbox.Maintainer)
		w.must(err)
	}
	w.project = w.gitlab.AddProject("team/project")
	client, err := gitlab.New(gitlab.Options{URL: web.URL, Token: token, Limit: limit})
	w.must(err)
	w.client = client
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// at sets the clock: so long after monday.
func (w *world) at(d time.Duration) {
	now := monday.Add(d)
	w.now.Store(&now)
}

// open opens an issue as ann.
func (w *world) open(d time.Duration, o sandbox.IssueOptions) triage.Ref {
	w.Helper()
	w.at(d)
	if o.Title == "" {
		o.Title = "t"
	}
	ref, err := w.gitlab.Open("ann", w.project, o)
	w.must(err)
	return ref
}

// edit changes an issue as ann.
func (w *world) edit(d time.Duration, ref triage.Ref, c sandbox.Change) {
	w.Helper()
	w.at(d)
	w.must(w.gitlab.Edit("ann", ref, c))
}

// handbook is the policy of who configures nothing but one engineering manager, with these rules alone; all if there are none.
func handbook(only ...string) engine.Policy {
	c := config.Default(rules.Catalogue())
	c.Team.Roster[triage.EngineeringManager] = []string{"mia"}
	p := c.Policy()
	if len(only) > 0 {
		p.Settings = slices.DeleteFunc(p.Settings, func(s engine.Setting) bool { return !slices.Contains(only, s.ID) })
	}
	return p
}

const day = 24 * time.Hour

// play runs a backtest over all of November.
func (w *world) play(change func(*backtest.Options), policies ...engine.Policy) (backtest.Result, error) {
	w.Helper()
	self, err := w.client.CurrentUser(w.Context())
	w.must(err)
	o := backtest.Options{
		GitLab: w.client, Bot: self, Project: w.project, Path: "team/project", Policies: policies, Since: monday.Add(-day), Now: monday.Add(28 * day),
		Workers: 4, Sleep: func(context.Context, time.Duration) bool { return true },
	}
	if change != nil {
		change(&o)
	}
	return backtest.Run(w.Context(), o)
}

// rule is what the report says of a rule.
func rule(r backtest.Report, id string) backtest.Rule {
	for _, x := range r.Rules {
		if x.Rule == id {
			return x
		}
	}
	return backtest.Rule{}
}

// TestAgreed: people who do the same within a day agree, those who do the opposite within seven do not; later doings say nothing.
func TestAgreed(t *testing.T) {
	t.Parallel()
	const start = "workflow::start"
	tests := map[string]struct {
		rule string
		past func(w *world)
		want backtest.Rule // numbers only
	}{
		"people label it, too": {"workflow-intake", func(w *world) {
			ref := w.open(0, sandbox.IssueOptions{})
			w.edit(time.Hour, ref, sandbox.Change{AddLabels: []string{start}})
		}, backtest.Rule{Fired: 1, WouldLabel: 1, Agreed: 1}},
		"people label it two days later": {"workflow-intake", func(w *world) {
			ref := w.open(0, sandbox.IssueOptions{})
			w.edit(2*day, ref, sandbox.Change{AddLabels: []string{start}})
		}, backtest.Rule{Fired: 1, WouldLabel: 1}},
		"people go on from there": {"workflow-intake", func(w *world) {
			ref := w.open(0, sandbox.IssueOptions{})
			w.edit(time.Hour, ref, sandbox.Change{AddLabels: []string{start}})
			w.edit(2*time.Hour, ref, sandbox.Change{AddLabels: []string{"workflow::refinement"}})
		}, backtest.Rule{Fired: 1, WouldLabel: 1, Agreed: 1}},
		"people had taken it off before": {"design-needs-ux", func(w *world) {
			ref := w.open(0, sandbox.IssueOptions{Labels: []string{"UX"}})
			w.edit(day, ref, sandbox.Change{RemoveLabels: []string{"UX"}})
			w.edit(2*day, ref, sandbox.Change{AddLabels: []string{"workflow::ready for design"}})
		}, backtest.Rule{Fired: 1, WouldLabel: 1, Disagreed: 1}},
		"people give another weight": {"spike-weight", func(w *world) {
			ref := w.open(0, sandbox.IssueOptions{Labels: []string{"spike"}})
			w.edit(3*day, ref, sandbox.Change{Weight: triage.Int(3)})
		}, backtest.Rule{Fired: 1, WouldWeigh: 1, Disagreed: 1}},
		"people give the side another weight": {"split-weight", func(w *world) {
			ref := w.open(0, sandbox.IssueOptions{Labels: []string{"backend", "frontend-weight::1"}})
			w.edit(time.Hour, ref, sandbox.Change{Weight: triage.Int(8)})
			w.edit(2*time.Hour, ref, sandbox.Change{AddLabels: []string{"frontend"}})
			w.edit(3*time.Hour, ref, sandbox.Change{AddLabels: []string{"backend-weight::5"}})
		}, backtest.Rule{Fired: 1, WouldWeigh: 1, Disagreed: 1}},
		"people do what is asked": {"needs-type", func(w *world) {
			ref := w.open(0, sandbox.IssueOptions{Labels: []string{"workflow::ready for development"}})
			w.edit(4*day, ref, sandbox.Change{AddLabels: []string{"type::bug"}})
		}, backtest.Rule{Fired: 1, WouldRemind: 1, Agreed: 1}},
		"people leave what is asked": {"needs-type", func(w *world) {
			w.open(0, sandbox.IssueOptions{Labels: []string{"workflow::ready for development"}})
		}, backtest.Rule{Fired: 1, WouldRemind: 1, Disagreed: 1}},
		"closing says neither": {"needs-type", func(w *world) {
			ref := w.open(0, sandbox.IssueOptions{Labels: []string{"workflow::ready for development"}})
			w.edit(4*day, ref, sandbox.Change{Close: true})
		}, backtest.Rule{Fired: 1, WouldRemind: 1}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			tt.past(w)
			result, err := w.play(nil, handbook(tt.rule))
			w.must(err)
			got := rule(result.Reports[0], tt.rule)
			got.Rule, got.Mode, got.Examples, got.WouldMention = "", "", nil, 0
			if got.Fired != tt.want.Fired || got.WouldLabel != tt.want.WouldLabel || got.WouldWeigh != tt.want.WouldWeigh ||
				got.WouldRemind != tt.want.WouldRemind || got.Agreed != tt.want.Agreed || got.Disagreed != tt.want.Disagreed {
				t.Errorf("the report says %+v, want %+v", got, tt.want)
			}
		})
	}
}

// TestShadowIsPlayed: what rules in shadow would do is what one wants to know; rules that are off do nothing.
func TestShadowIsPlayed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.open(0, sandbox.IssueOptions{})
	shadow, off := handbook("workflow-intake"), handbook("workflow-intake")
	shadow.Settings = []engine.Setting{shadow.Settings[0]}
	shadow.Settings[0].Mode = triage.Shadow
	off.Settings[0].Mode = triage.Off
	result, err := w.play(nil, shadow, off)
	w.must(err)
	if n := rule(result.Reports[0], "workflow-intake").Fired; n != 1 {
		t.Errorf("in shadow it fired %d times, want once", n)
	}
	if len(result.Reports[1].Rules) != 0 {
		t.Errorf("a rule that is off did %+v", result.Reports[1].Rules)
	}
}

// TestOwnPastIsLeftOut: what the bot did already is played as if it had not.
func TestOwnPastIsLeftOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ref := w.open(0, sandbox.IssueOptions{})
	w.at(time.Minute)
	issue, err := w.client.Issue(t.Context(), ref)
	w.must(err)
	_, err = w.client.UpdateIssue(t.Context(), issue, triage.AddLabel{Label: "workflow::start"}.Apply(issue))
	w.must(err)
	result, err := w.play(nil, handbook("workflow-intake"))
	w.must(err)
	if got := rule(result.Reports[0], "workflow-intake"); got.Fired != 1 || got.Agreed != 0 {
		t.Errorf("the report says %+v; want it to fire once and nobody to agree", got)
	}
}

// TestConfidential: a confidential issue is counted and not named, unless that is asked for.
func TestConfidential(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.open(0, sandbox.IssueOptions{Title: "a secret", Confidential: true})
	for _, named := range []bool{false, true} {
		result, err := w.play(func(o *backtest.Options) { o.Confidential = named }, handbook())
		w.must(err)
		var text bytes.Buffer
		w.must(result.Reports[0].WriteMarkdown(&text))
		if strings.Contains(text.String(), "issues/1") != named || strings.Contains(text.String(), "secret") {
			t.Errorf("named %t:\n%s", named, text.String())
		}
	}
}

// TestCallsUsedUp: the calls that are allowed bind; the next run goes on where the last one ended, and both together are one whole run.
func TestCallsUsedUp(t *testing.T) {
	t.Parallel()
	most := backtest.NewCalls(1_000_000, 0)
	w := newWorld(t, most)
	for n := range 12 {
		w.open(time.Duration(n)*time.Hour, sandbox.IssueOptions{})
	}
	whole, err := w.play(nil, handbook())
	w.must(err)

	web := httptest.NewServer(w.gitlab)
	defer web.Close()
	var next backtest.Result
	runs := 0
	for runs == 0 || next.Reports[0].Left > 0 {
		if runs++; runs > 12 {
			t.Fatal("it does not get on")
		}
		calls := backtest.NewCalls(1_000_000, 11)
		limited, err := gitlab.New(gitlab.Options{URL: web.URL, Token: token, Limit: calls})
		w.must(err)
		next, err = w.play(func(o *backtest.Options) {
			o.GitLab, o.Done, o.Reports, o.Workers = limited, next.Done, next.Reports, 1
		}, handbook())
		w.must(err)
		if calls.Made() > 11 {
			t.Fatalf("%d calls were made", calls.Made())
		}
	}
	if runs < 3 {
		t.Errorf("it took %d runs", runs)
	}
	if a, b := numbers(whole.Reports[0]), numbers(next.Reports[0]); a != b {
		t.Errorf("one run says\n%s\nseveral say\n%s", a, b)
	}
}

// TestNotEvenTheList: fewer calls than the list of issues takes are an error that says so.
func TestNotEvenTheList(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.open(0, sandbox.IssueOptions{})
	calls := backtest.NewCalls(60, 1)
	w.must(calls.Wait(t.Context(), false))
	web := httptest.NewServer(w.gitlab)
	defer web.Close()
	limited, err := gitlab.New(gitlab.Options{URL: web.URL, Token: token, Limit: calls})
	w.must(err)
	_, err = w.play(func(o *backtest.Options) { o.GitLab = limited }, handbook())
	if !errors.Is(err, backtest.ErrCallsUsedUp) {
		t.Errorf("the error is %v", err)
	}
}

// numbers is a report's text without its calls.
func numbers(r backtest.Report) string {
	r.Calls = 0
	var b bytes.Buffer
	_ = r.WriteText(&b) // into memory
	return b.String()
}

// TestFaults: GitLab that fails now and then changes nothing of the outcome.
func TestFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for n := range 5 {
		w.open(time.Duration(n)*time.Hour, sandbox.IssueOptions{})
	}
	whole, err := w.play(nil, handbook())
	w.must(err)
	w.gitlab.FailNext(sandbox.Fault{Match: "GET label events", Status: 502, Times: 3})
	w.gitlab.FailNext(sandbox.Fault{Match: "GET weight events", Status: 429})
	troubled, err := w.play(nil, handbook())
	w.must(err)
	if a, b := numbers(whole.Reports[0]), numbers(troubled.Reports[0]); a != b {
		t.Errorf("without faults\n%s\nwith faults\n%s", a, b)
	}
}

// TestTexts compares what people read with the files in testdata.
func TestTexts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.gitlab.SetURL("https://gitlab.example.com")
	one := w.open(0, sandbox.IssueOptions{Title: "Crash", Labels: []string{"type::bug"}})
	w.edit(time.Hour, one, sandbox.Change{AddLabels: []string{"workflow::start"}})
	two := w.open(day, sandbox.IssueOptions{Title: "Spike", Labels: []string{"spike"}})
	w.edit(3*day, two, sandbox.Change{Weight: triage.Int(3)})
	w.open(2*day, sandbox.IssueOptions{Title: "hidden", Confidential: true})
	strict := handbook()
	n := slices.IndexFunc(strict.Settings, func(s engine.Setting) bool { return s.ID == "spike-weight" })
	strict.Settings[n].Mode = triage.Off
	result, err := w.play(nil, handbook(), strict)
	w.must(err)
	report, compared := result.Reports[0], backtest.Comparison{Now: result.Reports[0], Other: result.Reports[1]}
	for name, write := range map[string]func(*bytes.Buffer) error{
		"report.txt":     func(b *bytes.Buffer) error { return report.WriteText(b) },
		"report.md":      func(b *bytes.Buffer) error { return report.WriteMarkdown(b) },
		"comparison.md":  func(b *bytes.Buffer) error { return compared.WriteMarkdown(b) },
		"comparison.txt": func(b *bytes.Buffer) error { return compared.WriteText(b) },
	} {
		var got bytes.Buffer
		w.must(write(&got))
		testkit.Golden(t, *update, filepath.Join("testdata", name), got.String())
	}
}
