package gitlab_test

import (
	"net/http"
	"testing"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

func TestReadOutside(t *testing.T) {
	t.Parallel()
	const old = `{"errors":[{"message":"No such type WorkItemWidgetEmailParticipants, so it can't be a fragment condition"}]}`
	for name, test := range map[string]struct {
		prepare func(*sandbox.Server, triage.Ref) error
		ticket  bool
		fault   *sandbox.Fault
		want    bool
		class   gitlab.Class
	}{
		"nobody":                         {},
		"ticket":                         {ticket: true, want: true},
		"somebody was added":             {prepare: say("/add_email kim@shop.example"), want: true},
		"somebody was added and removed": {prepare: both(say("/add_email kim@shop.example"), say("/remove_email kim@shop.example"))},
		"an issue became a ticket":       {prepare: say("/convert_to_ticket kim@shop.example"), want: true},
		"no GraphQL, a ticket":           {ticket: true, fault: &sandbox.Fault{Status: http.StatusNotFound}, want: true},
		"no GraphQL, an issue":           {fault: &sandbox.Fault{Status: http.StatusNotFound}},
		"an old GitLab, a ticket":        {ticket: true, fault: &sandbox.Fault{Body: old}, want: true},
		"GraphQL fails":                  {ticket: true, fault: &sandbox.Fault{Body: `{"errors":[{"message":"Timeout on validation of query"}]}`}, class: gitlab.Transient},
		"GitLab fails":                   {ticket: true, fault: &sandbox.Fault{Status: http.StatusBadGateway}, class: gitlab.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab, c, ref := inSandbox(t, sandbox.Premium, sandbox.IssueOptions{Title: "t"})
			err := lab.AddServiceDesk(ref.Project)
			if err != nil {
				t.Fatal(err)
			}
			if test.ticket {
				ref, err = lab.OpenTicket("eve@shop.example", 1, "t", "")
			}
			if err == nil && test.prepare != nil {
				if _, err = lab.OpenTicket("eve@shop.example", 1, "the support bot is there", ""); err == nil {
					err = test.prepare(lab, ref)
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			if test.fault != nil {
				test.fault.Match = "QUERY participants"
				lab.FailNext(*test.fault)
			}
			got, err := c.MailsOutsiders(t.Context(), ref, lab.Issue(ref).ID)
			if got != test.want || gitlab.ClassOf(err) != test.class {
				t.Errorf("got %t, %v; want %t and the class %q", got, err, test.want, test.class)
			}
		})
	}
}

func say(text string) func(*sandbox.Server, triage.Ref) error {
	return func(lab *sandbox.Server, ref triage.Ref) error {
		_, err := lab.Comment("ann", ref, text)
		return err
	}
}

func both(first, second func(*sandbox.Server, triage.Ref) error) func(*sandbox.Server, triage.Ref) error {
	return func(lab *sandbox.Server, ref triage.Ref) error {
		if err := first(lab, ref); err != nil {
			return err
		}
		return second(lab, ref)
	}
}

// TestNoInternalNoteIsPublic: GitLab makes an internal comment public if the bot may not write one. It does not stay.
func TestNoInternalNoteIsPublic(t *testing.T) {
	t.Parallel()
	lab := sandbox.New(sandbox.Options{Token: token, BotLevel: sandbox.Guest})
	c, project := connected(t, lab)
	ref, err := lab.Open("ann", project, sandbox.IssueOptions{Title: "t"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateNote(t.Context(), ref, true, "secret"); gitlab.ClassOf(err) != gitlab.Permanent {
		t.Errorf("got %v, want it given up", err)
	}
	if left := lab.Issue(ref).Comments(); len(left) > 0 {
		t.Errorf("left %+v", left)
	}
}
