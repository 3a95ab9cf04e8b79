package gather

import (
	"context"
	"slices"
	"strings"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// collector collects issues, each once. Strings that many of them share are kept once.
type collector struct {
	g      *Gatherer
	o      Options
	issues []planning.Issue
	seen   map[triage.Ref]bool
	words  map[string]string
	listed int // issues that GitLab listed, of the team or not
}

func newCollector(g *Gatherer, o Options) *collector {
	return &collector{g: g, o: o, seen: map[triage.Ref]bool{}, words: map[string]string{}}
}

// open collects all open issues of the team.
func (c *collector) open(ctx context.Context) error {
	return c.lists(ctx, gitlab.IssueList{Open: true})
}

// missedScope begins the label of a milestone that an issue was meant for and missed: "missed:19.7".
const missedScope = "missed:"

// milestone collects the team's issues of a milestone, open and closed, of the one before it, and of those that may have been taken off these two:
// what slipped is in the next one, or carries a label that says so.
func (c *collector) milestone(ctx context.Context, m planning.Version) error {
	for _, v := range []planning.Version{m.Previous(), m, m.Next()} {
		if err := c.lists(ctx, gitlab.IssueList{Milestone: v.String()}); err != nil {
			return err
		}
	}
	for _, v := range []planning.Version{m.Previous(), m} {
		if err := c.lists(ctx, gitlab.IssueList{Labels: []string{missedScope + v.String()}}); err != nil {
			return err
		}
	}
	return nil
}

// lists collects what the lists of the group, or of all projects, have.
func (c *collector) lists(ctx context.Context, l gitlab.IssueList) error {
	if c.o.Team.LabelledOnly {
		l.Labels = append(slices.Clone(l.Labels), c.o.Team.GroupLabel)
	}
	if c.o.Group != "" {
		l.Group = c.o.Group
		return invisible(c.list(ctx, l), "group", c.o.Group, "reports.group")
	}
	for _, project := range c.o.Projects {
		l.Project = project
		if err := c.list(ctx, l); err != nil {
			return invisible(err, "project", project, "gitlab.projects")
		}
	}
	return nil
}

// list collects what a list has. After a failure it goes on where the list broke off; as long as it gets on it does not give up.
func (c *collector) list(ctx context.Context, l gitlab.IssueList) error {
	var b backoff
	for {
		before := c.listed
		l.Page = func(total int) {
			if total > 0 {
				total += before
			}
			c.g.progress(Progress{Step: Listing, Done: c.listed, All: total})
		}
		err := c.g.gitlab.EachIssue(ctx, l, func(i gitlab.ListedIssue) error {
			l.Since = i.CreatedAt
			c.add(i)
			return nil
		})
		if c.listed > before {
			b = backoff{}
		}
		if !b.retry(ctx, err) {
			return err
		}
	}
}

// add keeps an issue that is the team's, unless it is there already.
func (c *collector) add(i gitlab.ListedIssue) {
	if c.seen[i.Ref] {
		return
	}
	c.seen[i.Ref] = true
	c.listed++
	if engine.OutOfScope(c.o.Team, i.Issue) == "" {
		c.keep(i)
	}
}

// keep keeps an issue.
func (c *collector) keep(i gitlab.ListedIssue) {
	kept := planning.Issue{
		Ref:          i.Ref,
		Path:         c.word(i.Path),
		URL:          i.URL,
		Title:        i.Title,
		Weight:       i.Weight,
		Milestone:    c.word(i.MilestoneTitle),
		Author:       c.word(i.Author.Username),
		Confidential: i.Confidential,
		Closed:       i.Closed,
		CreatedAt:    i.CreatedAt,
		UpdatedAt:    i.UpdatedAt,
		ClosedAt:     i.ClosedAt,
	}
	if !i.Closed {
		kept.ClosedAt = time.Time{} // of one that was reopened
	}
	for _, l := range i.Labels {
		kept.Labels = append(kept.Labels, c.word(l))
	}
	for _, a := range i.Assignees {
		kept.Assignees = append(kept.Assignees, c.word(a.Username))
	}
	kept.Labels, kept.Assignees = slices.Clip(kept.Labels), slices.Clip(kept.Assignees)
	c.issues = append(c.issues, kept)
}

// word is the one copy of a string.
func (c *collector) word(s string) string {
	if known, ok := c.words[s]; ok {
		return known
	}
	s = strings.Clone(s)
	c.words[s] = s
	return s
}
