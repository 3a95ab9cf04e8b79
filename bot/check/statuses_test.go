package check_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/check"
	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/setup"
	"flowkeeper/config"
	"flowkeeper/rules"
	"flowkeeper/rules/triage"
)

// boardOf is a team that keeps its workflow in these statuses, from the first to that of what is done; no statuses is one with labels.
func boardOf(t *testing.T, statuses ...string) *triage.Team {
	t.Helper()
	if len(statuses) == 0 {
		return config.Default(rules.Catalogue()).Policy().Team
	}
	var table triage.WorkflowTable
	for n, name := range statuses {
		table.Path = append(table.Path, triage.State{Name: fmt.Sprint("s", n), Status: name})
	}
	table.Path[0].Is = triage.Intake
	if last := len(statuses) - 1; last > 0 {
		table.Path[last].Is = triage.Done
	}
	w, err := triage.NewWorkflow(table)
	if err != nil {
		t.Fatal(err)
	}
	return triage.NewTeam(triage.TeamConfig{Workflow: w, Store: triage.StoreStatus})
}

// TestStatuses: a workflow that is to be kept in statuses fails where they are not licensed, not told or called otherwise, and setup says so.
func TestStatuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		o     sandbox.Options
		names []string
		want  []string // the details of failures
	}{
		"a team with labels": {},
		"all there":          {names: []string{"to do", "In progress", "Done"}},
		"one is not": {names: []string{"To do", "In progres", "Done"}, want: []string{
			`g has no status "In progres" for items of type Issue and Task; did you mean "In progress"?`,
		}},
		"no licence": {o: sandbox.Options{Edition: sandbox.Free}, names: []string{"To do"}, want: []string{
			"GitLab has no licence for statuses of issues in g, so states are kept in labels there",
		}},
		"too old": {o: sandbox.Options{Version: "18.1.0"}, names: []string{"To do"}, want: []string{
			"GitLab does not tell the statuses of issues in g (GraphQL is switched off, GitLab is older than 18.2 or the Community Edition, or the bot does not see the group), so none can be set there",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, tt.o, 0)
			r.o.Setup.Team = boardOf(t, tt.names...)
			var failures []string
			good := false
			for _, f := range check.Run(t.Context(), check.InGitLab(r.o)) {
				switch {
				case f.What == "statuses" && f.Status == check.Fail && f.Do != "":
					failures = append(failures, f.Detail)
				case f.What == "statuses":
					good = f.Status == check.OK
				}
			}
			if diff := cmp.Diff(tt.want, failures); diff != "" || good != (len(tt.want) == 0 && len(tt.names) > 0) {
				t.Errorf("good is %t (-want +got)\n%s", good, diff)
			}
			found, err := setup.Look(t.Context(), r.o.GitLab, r.o.Setup, func(int, int) {})
			r.must(err)
			var warned []string
			for _, a := range setup.NewPlan(r.o.Setup, found, r.o.Now()).Warnings {
				if a.About == setup.AboutStatuses {
					warned = append(warned, a.What)
				}
			}
			if diff := cmp.Diff(tt.want, warned); diff != "" {
				t.Errorf("setup (-want +got)\n%s", diff)
			}
		})
	}
}

// TestClosing: a warning says where an issue that is closed does not end as done, and what would change that.
func TestClosing(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Options{}, 0)
	r.o.Setup.Team = boardOf(t, "To do", "In progress", "Shipped")
	r.must(r.SetStatuses("g", []sandbox.Status{
		{Name: "To do", Category: "to_do"}, {Name: "In progress", Category: "in_progress"}, {Name: "Done", Category: "done"}, {Name: "Shipped", Category: "done"},
	}))
	closing := func() (found []check.Finding) {
		for _, f := range check.Run(t.Context(), check.InGitLab(r.o)) {
			if f.What == "statuses" && f.Status != check.OK {
				found = append(found, f)
			}
		}
		return found
	}
	want := []check.Finding{{
		What: "statuses", Status: check.Warn, Detail: `g closes issues with the status "Done", which stands for no state of the workflow: only what was in work is then given "Shipped"`,
		Do: `make "Shipped" the default for closed items in the group's Settings > Issues > Statuses, or write status: "Done" for the state "s2" in workflow.states`,
	}}
	if diff := cmp.Diff(want, closing()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	r.must(r.SetClosedDefault("g", "Shipped"))
	if found := closing(); len(found) > 0 {
		t.Errorf("when that is done it still says %+v", found)
	}
}
