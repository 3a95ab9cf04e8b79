package gather_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/report/gather"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/planning/planningtest"
	"flowkeeper/rules/triage"
)

// TestDocumentsOfTheWorld gathers the world and composes all documents: they are those of the world itself.
func TestDocumentsOfTheWorld(t *testing.T) {
	for _, k := range planning.Kinds() {
		t.Run(string(k), func(t *testing.T) {
			want, err := planning.Compose(k, planningtest.For(k, planningtest.Coming))
			if err != nil {
				t.Fatal(err)
			}
			w := newWorld()
			got, err := planning.Compose(k, snapshot(t, gather.New(w, options(), gather.Extras{Memories: w.requests()}), k))
			if err != nil {
				t.Fatal(err)
			}
			exported := gocmp.Exporter(func(reflect.Type) bool { return true })
			if diff := gocmp.Diff(want, got, exported); diff != "" {
				t.Errorf("the document (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTriageSnapshot(t *testing.T) {
	w := newWorld()
	s := snapshot(t, gather.New(w, options(), gather.Extras{}), planning.KindTriage)
	if len(w.lists) != 1 || !w.lists[0].Open || w.lists[0].Group != "my-group" || w.lists[0].Labels != nil {
		t.Errorf("lists: %+v", w.lists)
	}
	if diff := gocmp.Diff([]string{"milestones of my-group", "project"}, w.others); diff != "" {
		t.Errorf("other calls (-want +got):\n%s", diff)
	}
	if want := (planning.Home{Project: 9, Path: "my-group/planning", Premium: true}); s.Home != want {
		t.Errorf("home %+v, want %+v", s.Home, want)
	}
	var wanted, asked []triage.Ref
	for n := range s.Issues {
		i := &s.Issues[n]
		if i.Closed {
			t.Errorf("%s is closed", i.Ref)
		}
		young := *i
		young.SeverityAt = time.Time{}
		clock, _, runs := s.Options.SLO.ClockOf(&young, s.Team)
		in := triage.NewInput(s.Team, nil, triage.Issue{Labels: i.Labels}, nil, s.Now)
		if runs && clock.State(s.Now) != planning.InTime || in.Is(triage.Blocked) && s.Now.Sub(i.CreatedAt) > 14*24*time.Hour {
			wanted = append(wanted, i.Ref)
		}
	}
	asked = slices.Clone(w.labels)
	sort(wanted)
	sort(asked)
	if diff := gocmp.Diff(wanted, asked); diff != "" || len(asked) < 10 {
		t.Errorf("label events were asked for of %d issues (-want +got):\n%s", len(asked), diff)
	}
	if w.moves != nil {
		t.Errorf("milestone events were asked for of %v", w.moves)
	}

	w.labels = nil
	g := gather.New(w, options(), gather.Extras{})
	snapshot(t, g, planning.KindTriage)
	first := len(w.labels)
	snapshot(t, g, planning.KindSLO)
	if again := len(w.labels) - first; again >= first {
		t.Errorf("the second time, label events were asked for of %d issues, the first time of %d", again, first)
	}
}

func sort(refs []triage.Ref) {
	slices.SortFunc(refs, func(a, b triage.Ref) int { return cmp.Or(cmp.Compare(a.Project, b.Project), cmp.Compare(a.IID, b.IID)) })
}

func TestMilestoneSnapshot(t *testing.T) {
	w := newWorld()
	s := snapshot(t, gather.New(w, options(), gather.Extras{}), planning.KindBuild)
	var lists []string
	for _, l := range w.lists {
		lists = append(lists, l.String()+strings.Join(l.Labels, ","))
	}
	want := []string{
		`the issues of milestone "19.7" of group my-group`, `the issues of milestone "19.8" of group my-group`, `the issues of milestone "19.9" of group my-group`,
		"the issues of group my-groupmissed:19.7", "the issues of group my-groupmissed:19.8",
	}
	if diff := gocmp.Diff(want, lists); diff != "" {
		t.Errorf("lists (-want +got):\n%s", diff)
	}
	if w.labels != nil {
		t.Errorf("label events were asked for of %v", w.labels)
	}
	byRef := map[triage.Ref]planning.Issue{}
	for _, i := range s.Issues {
		if _, twice := byRef[i.Ref]; twice {
			t.Errorf("%s is there twice", i.Ref)
		}
		byRef[i.Ref] = i
	}
	for _, ref := range w.moves {
		if i := byRef[ref]; i.Closed || i.Milestone != "19.8" || i.CreatedAt.After(planningtest.Now) {
			t.Errorf("milestone events were asked for of %+v", i)
		}
	}
	moved := planningtest.Case("slipped-to-coming")
	if diff := gocmp.Diff(moved.LeftMilestones, byRef[moved.Ref].LeftMilestones); diff != "" {
		t.Errorf("left milestones (-want +got):\n%s", diff)
	}
	_, err := gather.New(w, options(), gather.Extras{}).Snapshot(t.Context(), planning.KindBuild, planning.Version{}, planningtest.Now)
	if err == nil || !strings.Contains(err.Error(), "say which") {
		t.Errorf("without a milestone: %v", err)
	}
}

func TestLabelledOnly(t *testing.T) {
	w, o := newWorld(), options()
	team := o.Team.TeamConfig
	team.LabelledOnly = true
	o.Team = triage.NewTeam(team)
	o.Group, o.Projects = "", []string{"my-group/app", "my-group/gitaly"}
	s := snapshot(t, gather.New(w, o, gather.Extras{}), planning.KindTriage)
	for _, i := range s.Issues {
		if !slices.Contains(i.Labels, team.GroupLabel) {
			t.Errorf("%s has the labels %q", i.Ref, i.Labels)
		}
	}
	for n, project := range o.Projects {
		if l := w.lists[n]; l.Project != project || !slices.Equal(l.Labels, []string{team.GroupLabel}) {
			t.Errorf("list %+v", l)
		}
	}
}

// remembered are memories by issue.
type remembered map[triage.Ref]triage.Memory

func (r remembered) Memories(_ context.Context, issues []triage.Ref) ([][]byte, error) {
	all := make([][]byte, len(issues))
	for n, ref := range issues {
		if m, ok := r[ref]; ok {
			all[n], _ = json.Marshal(m)
		}
	}
	return all, nil
}

// requests are the memories of what people asked for by commands, which GitLab does not tell.
func (w *world) requests() remembered {
	known := remembered{}
	for _, i := range w.issues {
		for _, command := range i.Requested {
			known[i.Ref] = triage.Memory{Requested: map[string]triage.RequestedItem{command + "/1": {Command: command}}}
		}
	}
	return known
}

func TestMemories(t *testing.T) {
	past, blocked := planningtest.Case("past-1"), planningtest.Case("blocked")
	known := remembered{
		past.Ref: {SeverityAt: past.SeverityAt},
		blocked.Ref: {StateEntry: triage.StateEntry{State: "blocked", At: blocked.StateAt}, Requested: map[string]triage.RequestedItem{
			"unclear/1": {Command: "unclear"}, "spike/2": {Command: "spike"}, "unclear/3": {Command: "unclear"},
		}},
	}
	w := newWorld()
	s := snapshot(t, gather.New(w, options(), gather.Extras{Memories: known}), planning.KindTriage)
	for _, i := range s.Issues {
		switch i.Ref {
		case past.Ref:
			if !i.SeverityAt.Equal(past.SeverityAt) {
				t.Errorf("severity at %s, want %s", i.SeverityAt, past.SeverityAt)
			}
		case blocked.Ref:
			if !i.StateAt.Equal(blocked.StateAt) || !slices.Equal(i.Requested, []string{"spike", "unclear"}) {
				t.Errorf("state at %s, requested %q", i.StateAt, i.Requested)
			}
		}
	}
	for _, ref := range []triage.Ref{past.Ref, blocked.Ref} {
		if slices.Contains(w.labels, ref) {
			t.Errorf("label events of %s were asked for, though it is known", ref)
		}
	}
	known[blocked.Ref] = triage.Memory{StateEntry: triage.StateEntry{State: "in dev", At: planningtest.Now}} // of another state
	w.labels = nil
	snapshot(t, gather.New(w, options(), gather.Extras{Memories: known}), planning.KindTriage)
	if !slices.Contains(w.labels, blocked.Ref) {
		t.Error("the state that is remembered is another one, and nobody asked since when the issue is blocked")
	}
}

func TestListed(t *testing.T) {
	w := newWorld()
	g := gather.New(w, options(), gather.Extras{})
	one := planningtest.Case("past-1")
	s, err := g.Listed(t.Context(), planning.KindTriage, planning.Version{}, planningtest.Now, []string{one.URL, "https://gitlab.example.com/gone"})
	if err != nil || len(s.Issues) != 1 || s.Issues[0].Ref != one.Ref || s.Team == nil {
		t.Errorf("%v, issues %+v", err, s.Issues)
	}
	if w.labels != nil || len(w.others) != 2 {
		t.Errorf("calls %v, label events %v", w.others, w.labels)
	}
	if _, err := g.Listed(t.Context(), planning.KindTriage, planning.Version{}, planningtest.Now, []string{one.URL}); err != nil || len(w.others) != 3 {
		t.Errorf("the second time: %v, calls %v", err, w.others)
	}
}

func TestWhatWasReadIsReadAgain(t *testing.T) {
	w, now := newWorld(), planningtest.Now
	g := gather.New(w, options(), gather.Extras{Now: func() time.Time { return now }})
	calls := func(d time.Duration) int {
		now = now.Add(d)
		w.others = nil
		_, err := g.Calendar(t.Context())
		_, err2 := g.Home(t.Context())
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		return len(w.others)
	}
	var got []int
	for _, d := range []time.Duration{0, 30 * time.Second, time.Minute, 9 * time.Minute} {
		got = append(got, calls(d))
	}
	g.SetOptions(options())
	got = append(got, calls(0))
	if want := []int{2, 0, 1, 2, 2}; !slices.Equal(want, got) {
		t.Errorf("calls %v, want %v", got, want)
	}
}

// TestTrouble has GitLab fail now and then: the snapshot is whole all the same.
func TestTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		want := snapshot(t, gather.New(w, options(), gather.Extras{}), planning.KindTriage)
		calls := 0
		w.fail = func(string) error {
			if calls++; calls%3 != 0 {
				return unwell()
			}
			return nil
		}
		got := snapshot(t, gather.New(w, options(), gather.Extras{}), planning.KindTriage)
		if diff := gocmp.Diff(want.Issues, got.Issues); diff != "" || calls < 50 {
			t.Errorf("after %d calls, issues (-want +got):\n%s", calls, diff)
		}
	})
}

func TestFailures(t *testing.T) {
	denied := &gitlab.Error{Op: "listing", Status: 401, Class: gitlab.Unavailable, Denied: gitlab.DeniedToken, Err: errors.New("401 Unauthorized")}
	for name, tt := range map[string]struct {
		o     func(*gather.Options)
		call  string // fails from its first time on; "page" is the whole list from the second page on
		err   error
		calls int // that fail
		want  string
	}{
		"a page":                  {call: "page", err: unwell(), calls: 8, want: "502 Bad Gateway"},
		"no answer":               {call: "list", err: &gitlab.Error{Op: "listing", Class: gitlab.Unavailable, Err: errors.New("connection refused")}, calls: 4, want: "connection refused"},
		"the token":               {call: "page", err: denied, calls: 1, want: "401"},
		"histories":               {call: "label events", err: unwell(), calls: 4 * 8, want: "502"},
		"the group":               {o: func(o *gather.Options) { o.Group = "other" }, want: "there is no group other, or the bot's token cannot see it: correct reports.group"},
		"the home":                {o: func(o *gather.Options) { o.Home = "my-group/none" }, want: "there is no project my-group/none, or the bot's token cannot see it: correct reports.project"},
		"nothing to be about":     {o: func(o *gather.Options) { o.Group = "" }, want: "set reports.group, or name projects in gitlab.projects"},
		"issues are switched off": {o: func(o *gather.Options) { o.Home = "my-group/off" }, want: "no issues can be opened in project my-group/off"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, o := newWorld(), options()
				w.projects["my-group/off"] = gitlab.Project{Place: gitlab.Place{ID: 3, Path: "my-group/off"}, NoIssues: true}
				if tt.o != nil {
					tt.o(&o)
				}
				failed, pages := 0, 0
				w.fail = func(call string) error {
					if call == "page" {
						pages++
					}
					broken := call == tt.call || tt.call == "page" && call == "list"
					if !broken || tt.call == "page" && pages < 2 {
						return nil
					}
					failed++
					return tt.err
				}
				s, err := gather.New(w, o, gather.Extras{}).Snapshot(t.Context(), planning.KindTriage, planning.Version{}, planningtest.Now)
				if err == nil || !strings.Contains(err.Error(), tt.want) || failed != tt.calls {
					t.Errorf("after %d failures: %v, want %q after %d", failed, err, tt.want, tt.calls)
				}
				if len(s.Issues) > 0 || s.Team != nil {
					t.Errorf("beside the error there is a snapshot with %d issues", len(s.Issues))
				}
			})
		})
	}
}

// TestOneHistory: an issue whose history GitLab cannot tell does not keep people from the report, which says so.
func TestOneHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, failed := newWorld(), 0
		w.fail = func(call string) error {
			if call != "label events" || failed == 8 {
				return nil
			}
			failed++
			return unwell()
		}
		s := snapshot(t, gather.New(w, options(), gather.Extras{}), planning.KindTriage)
		d, err := planning.Compose(planning.KindTriage, s)
		if last := d.Intro[len(d.Intro)-1].Plain(); err != nil || len(s.Unread) != 1 || !strings.Contains(last, "did not tell the history of 1 issue") {
			t.Errorf("%v: without %v, it says %s", err, s.Unread, last)
		}
	})
}

func TestProgress(t *testing.T) {
	var steps []gather.Step
	last := map[gather.Step]gather.Progress{}
	tell := func(p gather.Progress) {
		if before := last[p.Step]; p.Done < before.Done || p.All != 0 && p.Done > p.All {
			t.Errorf("%+v after %+v", p, before)
		}
		if last[p.Step] = p; len(steps) == 0 || steps[len(steps)-1] != p.Step {
			steps = append(steps, p.Step)
		}
	}
	snapshot(t, gather.New(newWorld(), options(), gather.Extras{Progress: tell}), planning.KindTriage)
	if !slices.Equal(steps, []gather.Step{gather.Listing, gather.Histories}) || last[gather.Histories].Done != last[gather.Histories].All {
		t.Errorf("steps %v, the last %+v", steps, last)
	}
}
