package access_test

import (
	"cmp"
	"strings"
	"testing"

	"flowkeeper/bot/access"
	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

func TestDefaultMisfits(t *testing.T) {
	t.Parallel()
	status := func(name, category string) gitlab.Status {
		return gitlab.Status{ID: name, Name: name, Category: category}
	}
	statuses := []gitlab.Status{
		status("To do", "to_do"), status("Testing", "done"), status("Shipped", "done"), status("Live", "done"), status("Closed", "done"), status("Won't do", "canceled"),
		status("Duplicate", "canceled"), status("Parked", "to_do"),
	}
	for name, tt := range map[string]struct {
		opened string // the default; default To do
		closed string // the default
		done   string // the status of the state that means done; default Shipped
		store  triage.Store
		want   string // part of what is said, "" for nothing
	}{
		"the status of done":            {closed: "Shipped"},
		"spelt otherwise":               {closed: "shipped"},
		"of another state that is done": {closed: "Live"},
		"of no state":                   {closed: "Closed", want: `team closes issues with the status "Closed", which stands for no state of the workflow: only what was in work is then given "Shipped"`},
		"of no state, not done":         {closed: "Duplicate", want: "what is closed is never done"},
		"of what is dropped":            {closed: "Won't do", want: `that of the state "dropped": what is closed counts as dropped, unless somebody chooses "Shipped"`},
		"of a state before done":        {closed: "Testing", want: `that of the state "testing", which does not mean done`},
		"not told":                      {},
		"a team with labels":            {closed: "Closed", store: triage.StoreLabel},
		"in both places":                {closed: "Closed", store: triage.StoreBoth, want: "stands for no state"},
		"opened in no state":            {opened: "Parked", closed: "Shipped", want: `team opens issues with the status "Parked", which stands for no state of the workflow`},
		"opened in a later state":       {opened: "Testing", closed: "Shipped"},
		"done is open":                  {closed: "Live", done: "Parked", want: `team keeps issues with the status "Parked" open, which is that of the state "shipped"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tt.done == "" {
				tt.done = "Shipped"
			}
			if tt.store == "" {
				tt.store = triage.StoreStatus
			}
			w, err := triage.NewWorkflow(triage.WorkflowTable{
				Path: []triage.State{
					{Name: "todo", Is: triage.Intake, Status: "To do"}, {Name: "testing", Is: triage.Verification, Status: "Testing"},
					{Name: "shipped", Is: triage.Done, Status: tt.done}, {Name: "live", Is: triage.Done, Status: "Live"},
				},
				Beside: []triage.State{{Name: "dropped", Is: triage.Dropped, Status: "Won't do"}},
			})
			if err != nil {
				t.Fatal(err)
			}
			var list []gitlab.Status
			for _, s := range statuses {
				s.OpenDefault = s.Name == cmp.Or(tt.opened, "To do")
				if s.ClosedDefault = strings.EqualFold(s.Name, tt.closed); s.ClosedDefault {
					s.Name = tt.closed
				}
				list = append(list, s)
			}
			var said []string
			for _, a := range access.DefaultMisfits("team", gitlab.StatusSet{"Issue": list, "Task": list}, triage.NewTeam(triage.TeamConfig{Workflow: w, Store: tt.store})) {
				if said = append(said, a.What); a.Do == "" {
					t.Errorf("nobody says what to do about %q", a.What)
				}
			}
			if tt.want == "" && len(said) > 0 || tt.want != "" && (len(said) != 1 || !strings.Contains(said[0], tt.want)) {
				t.Errorf("it says %q, want %q", said, tt.want)
			}
		})
	}
	for _, set := range []gitlab.StatusSet{nil, {}} { // which GitLab does not tell, or has no licence for
		if got := access.DefaultMisfits("team", set, team(t, triage.StoreStatus)); got != nil {
			t.Errorf("of %v it says %+v", set, got)
		}
	}
}
