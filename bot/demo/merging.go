package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// merging is the third act: two merge requests carry an issue from development to verification. The one farthest from completion counts.
var merging = []scene{
	{
		who: "mia", does: "lets the rules on merge requests act; merging no longer closes issues here, which are verified first",
		do: func(ctx context.Context, s *stage) error {
			if err := s.gitlab.SetAutoClose(s.project, false); err != nil {
				return err
			}
			return s.act(ctx, "mr-in-dev", "mr-in-review", "mr-merged")
		},
		until: func(view) bool { return true },
	},
	{
		who: "omar", does: `takes "Clones of large repositories are slow" and opens a draft for the server's side of it`,
		do: func(_ context.Context, s *stage) error {
			err := s.openIssue("omar", sandbox.IssueOptions{
				Title: "Clones of large repositories are slow", Assignees: []string{"omar"}, Weight: triage.Int(2),
				Labels: []string{"workflow::ready for development", "type::maintenance", "backend"},
			})
			if err != nil {
				return err
			}
			return s.openRequest("Draft: Send packs in parallel")
		},
		until: func(v view) bool { return v.Has("workflow::in dev") },
	},
	{
		who: "omar", does: "opens a second merge request, ready for review, and marks the draft ready",
		do: func(_ context.Context, s *stage) error {
			if err := s.openRequest("Ask for packs in parallel"); err != nil {
				return err
			}
			ready := false
			return s.gitlab.EditMergeRequest("omar", s.request(1), sandbox.MergeRequestChange{Draft: &ready})
		},
		until: func(v view) bool { return v.Has("workflow::in review") },
	},
	{
		who: "mia", does: "merges one and then the other",
		do: func(_ context.Context, s *stage) error {
			return errors.Join(s.gitlab.Merge("mia", s.request(1)), s.gitlab.Merge("mia", s.request(2)))
		},
		until: func(v view) bool { return v.Has("workflow::verification") },
	},
}

// act starts the bot anew with some rules that act.
func (s *stage) act(ctx context.Context, rules ...string) error {
	settings := slices.Clone(s.options.Policy.Settings)
	for n := range settings {
		if slices.Contains(rules, settings[n].ID) {
			settings[n].Mode = triage.Act
		}
	}
	s.options.Policy.Settings = settings
	if err := s.app.Stop(); err != nil {
		return err
	}
	if err := s.startBot(ctx); err != nil {
		return err
	}
	return s.awaitReady(ctx)
}

// openRequest opens a merge request of omar's that closes the issue.
func (s *stage) openRequest(title string) error {
	_, err := s.gitlab.OpenMergeRequest("omar", s.project, sandbox.MergeRequestOptions{
		Title: title, Description: fmt.Sprintf("Closes #%d", s.ref.IID), Assignees: []string{"omar"}, Reviewers: []string{"mia"},
	})
	return err
}

// request names a merge request of the project.
func (s *stage) request(iid int64) triage.Ref {
	return triage.Ref{Project: s.project, Kind: triage.SubjectMergeRequest, IID: iid}
}

// endMerging looks whether the issue is where it belongs: merged, open, and in one state.
func (s *stage) endMerging() error {
	i := s.gitlab.Issue(s.ref)
	for _, m := range s.gitlab.ClosingMergeRequests(s.ref) {
		if m.State != "merged" {
			return fmt.Errorf("merge request %s should be merged, it is %s", m.Ref, m.State)
		}
	}
	if i.State != "opened" || len(ownNotes(i)) > 1 {
		return fmt.Errorf("the issue should be open with at most one comment of the bot's own, it is %s with %d", i.State, len(ownNotes(i)))
	}
	fmt.Fprintf(s.out, "\nTwo merge requests are merged, and %s is to be verified: nobody has set a label.\n", s.issueURL())
	return nil
}
