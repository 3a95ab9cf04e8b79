package gather_test

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/report/document"
	"flowkeeper/bot/report/gather"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/planning/planningtest"
	"flowkeeper/rules/triage"
)

// inStatuses moves the states of the world's issues from labels to statuses.
func inStatuses(w *world) gather.Options {
	for n := range w.issues {
		i := &w.issues[n]
		i.Labels = slices.DeleteFunc(slices.Clone(i.Labels), func(l string) bool {
			if triage.Scope(l) == "workflow" {
				i.Status = triage.Value(l)
			}
			return triage.Scope(l) == "workflow"
		})
	}
	o := options()
	o.Team.Store = triage.StoreStatus
	return o
}

// TestStatesInStatuses: reports of a team that keeps its states in statuses are those of one with labels, but for the labels, and cost one call for each
// hundred issues of a project. That a status stands for a state as a label does is not to be seen.
func TestStatesInStatuses(t *testing.T) {
	for _, k := range planning.Kinds() {
		t.Run(string(k), func(t *testing.T) {
			plain, w := newWorld(), newWorld()
			want := snapshot(t, gather.New(plain, options(), gather.Extras{}), k)
			s := snapshot(t, gather.New(w, inStatuses(w), gather.Extras{}), k)
			states := func(s planning.Snapshot) (all []string) {
				for _, i := range s.Issues {
					seen := triage.NewInput(s.Team, nil, s.Team.SeeStatus(triage.Issue{Labels: i.Labels, StatusName: i.Status}), nil, s.Now)
					all = append(all, seen.State())
				}
				return all
			}
			if !slices.Equal(states(s), states(want)) {
				t.Errorf("states %q, want %q", states(s), states(want))
			}
			projects, calls := map[string]int{}, 0
			for _, i := range s.Issues {
				projects[i.Path]++
			}
			for _, n := range projects {
				calls += (n + 99) / 100
			}
			asked := slices.DeleteFunc(slices.Clone(w.others), func(c string) bool { return !strings.Contains(c, "statuses of") })
			if len(asked) != calls {
				t.Errorf("%d calls for the issues of %v: %q", len(asked), projects, asked)
			}
			doc, err := planning.Compose(k, s)
			if err != nil {
				t.Fatal(err)
			}
			var text strings.Builder
			for _, write := range []func(io.Writer, planning.Document) error{document.WriteJSON, document.WriteTable} {
				if err := write(&text, doc); err != nil {
					t.Fatal(err)
				}
			}
			text.WriteString(document.Markdown(doc, document.Options{}))
			if strings.Contains(text.String(), "/status::") {
				t.Errorf("the report shows how a status is seen:\n%s", text.String())
			}
		})
	}
}

// TestStatusesInTrouble: a GitLab that does not tell statuses for a moment is asked again, and one that never does is an error: no report is made of half.
func TestStatusesInTrouble(t *testing.T) {
	w := newWorld()
	o, failures := inStatuses(w), 2
	w.fail = func(call string) error {
		if call == "statuses" && failures > 0 {
			failures--
			return unwell()
		}
		return nil
	}
	snapshot(t, gather.New(w, o, gather.Extras{}), planning.KindTriage)
	w.fail = func(call string) error {
		if call == "statuses" {
			return &gitlab.Error{Op: "x", Class: gitlab.Permanent, Err: context.DeadlineExceeded}
		}
		return nil
	}
	if _, err := gather.New(w, o, gather.Extras{}).Snapshot(t.Context(), planning.KindTriage, planning.Version{}, planningtest.Now); err == nil {
		t.Error("a report is made without statuses")
	}
}
