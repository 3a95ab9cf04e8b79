package faults_test

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// policies are one of each kind of subject. What they do does not end their conditions: so whoever comes when the store is lost finds what is left
// to do.
const policies = `
resource_rules:
  issues:
    rules:
      - name: A word about issues
        conditions: {labels: ["needs a word"]}
        actions: {labels: [worded], comment: "A word about the issue.", comment_as: own}
  merge_requests:
    rules:
      - name: A word about merge requests
        conditions: {labels: ["needs a word"]}
        actions: {labels: [worded], comment: "A word about the merge request.", comment_as: own}
`

// mergeStories are those with merge requests and policies.
func mergeStories() []story {
	const closes = "Closes #%d"
	return []story{
		{
			name: "two merge requests carry an issue",
			open: sandbox.IssueOptions{Labels: ours("type::maintenance", "workflow::ready for development"), Weight: triage.Int(2), Assignees: []string{"ann"}},
			steps: []step{
				merging("Draft: one", closes), label("workflow::in dev"),
				merging("two", closes), draft(0, false), label("workflow::in review"),
				draft(1, true), label("workflow::in dev"),
				draft(1, false), label("workflow::in review"),
				merge(1), merge(0), label("workflow::verification"),
			},
		},
		{
			name: "policies have a word", open: sandbox.IssueOptions{Labels: ours("type::maintenance", "workflow::start")},
			steps: []step{
				edit(sandbox.Change{AddLabels: []string{"needs a word"}}),
				merging("one", "", "needs a word"), merging("Draft: two", closes, "needs a word"),
				label("worded"), requestLabel(0, "worded"), requestLabel(1, "worded"),
			},
		},
	}
}

// merging opens a merge request. %d in its description stands for the issue's number.
func merging(title, description string, labels ...string) step {
	return func(_ context.Context, p *play) error {
		return p.act(func() error {
			description := strings.ReplaceAll(description, "%d", fmt.Sprint(p.ref.IID))
			ref, err := p.lab.OpenMergeRequest(p.who, p.project, sandbox.MergeRequestOptions{Title: title, Description: description, Labels: labels})
			p.requests = append(p.requests, ref)
			return err
		})
	}
}

// draft makes the n-th merge request a draft, or ready.
func draft(n int, draft bool) step {
	return func(_ context.Context, p *play) error {
		return p.act(func() error {
			return p.lab.EditMergeRequest(p.who, p.requests[n], sandbox.MergeRequestChange{Draft: &draft})
		})
	}
}

func merge(n int) step {
	return func(_ context.Context, p *play) error {
		return p.act(func() error { return p.lab.Merge(p.who, p.requests[n]) })
	}
}

// requestLabel waits until the n-th merge request has a label.
func requestLabel(n int, name string) step {
	return func(ctx context.Context, p *play) error {
		if err := p.lab.Await(ctx, func() bool { return p.lab.Issue(p.requests[n]).Has(name) }); err != nil {
			return fmt.Errorf("waiting for ~%q on %s: %w", name, p.requests[n], err)
		}
		return nil
	}
}

// request is how a merge request ended.
type request struct {
	State  string
	Labels []string
	Words  int
}

// requestsOf are the play's merge requests as they ended.
func (p *play) requestsOf() []request {
	var all []request
	for _, ref := range p.requests {
		m := p.lab.MergeRequest(ref)
		all = append(all, request{m.State, slices.Sorted(slices.Values(m.Labels)), words(p.lab.Issue(ref))})
	}
	return all
}

// words counts the comments that policies made.
func words(i sandbox.Issue) int {
	count := 0
	for _, n := range i.CommentsBy(botName) {
		if strings.Contains(n.Text, "A word about") {
			count++
		}
	}
	return count
}

// statuses are those of the group for the handbook's states. A new issue has the first.
func statuses() []sandbox.Status {
	var all []sandbox.Status
	for _, s := range triage.HandbookWorkflow().States() {
		category := "in_progress"
		if s.Is == triage.Done {
			category = "done"
		}
		all = append(all, sandbox.Status{Name: s.Name, Category: category})
	}
	return append(all, sandbox.Status{Name: "Duplicate", Category: "canceled"})
}
