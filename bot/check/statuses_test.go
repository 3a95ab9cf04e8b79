package check_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/check"
	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/setup"
)

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
			r.o.Setup.Statuses = tt.names
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
