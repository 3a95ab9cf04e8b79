package gather

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// recalledAtOnce is how many memories are read together.
const recalledAtOnce = 200

// recall takes over what the bot remembers of open issues: when they got their severity and came into their state, and what people asked for.
func (g *Gatherer) recall(ctx context.Context, s planning.Snapshot) error {
	if g.memories == nil {
		return nil
	}
	for some := range slices.Chunk(s.Issues, recalledAtOnce) {
		var refs []triage.Ref
		for _, i := range some {
			refs = append(refs, i.Ref)
		}
		bodies, err := g.memories.Memories(ctx, refs)
		if err != nil {
			return err
		}
		for n, body := range bodies {
			remember(&some[n], body, s)
		}
	}
	return nil
}

// remember takes over what a memory tells. One that cannot be read tells nothing.
func remember(i *planning.Issue, body []byte, s planning.Snapshot) {
	var m triage.Memory
	if body == nil || json.Unmarshal(body, &m) != nil {
		return
	}
	i.SeverityAt = m.SeverityAt
	if in := facts(i, s); m.StateEntry.State == in.State() {
		i.StateAt = m.StateEntry.At
	}
	for _, r := range m.Requested {
		if !slices.Contains(i.Requested, r.Command) {
			i.Requested = append(i.Requested, r.Command)
		}
	}
	slices.Sort(i.Requested)
}

// lookUp looks up in GitLab what is not remembered and makes a difference: since when bugs near or past their limit have had a severity, since when
// issues are blocked, and which milestones issues were taken off. Each costs a call for an issue, so it asks only where the answer may matter. A GitLab
// that answers, but cannot tell the history of one issue or another, does not keep people from the rest: unread are those.
func (g *Gatherer) lookUp(ctx context.Context, s planning.Snapshot) (unread []triage.Ref, err error) {
	var labels, milestones []*planning.Issue
	for n := range s.Issues {
		i := &s.Issues[n]
		if s.Milestone == (planning.Version{}) && (g.needsSeverity(i, s) || needsState(i, s)) {
			labels = append(labels, i)
		}
		if mayHaveSlipped(i, s) {
			milestones = append(milestones, i)
		}
	}
	done, all := 0, len(labels)+len(milestones)
	read := func(i *planning.Issue, err error) error {
		done++
		g.progress(Progress{Step: Histories, Done: done, All: all})
		if err == nil || !isOfOne(err) || len(unread) == mostUnread {
			return err
		}
		unread = append(unread, i.Ref)
		return nil
	}
	for _, i := range labels {
		if err := read(i, g.readLabelEvents(ctx, i, s)); err != nil {
			return nil, err
		}
	}
	for _, i := range milestones {
		if err := read(i, g.readMilestoneEvents(ctx, i)); err != nil {
			return nil, err
		}
	}
	return unread, nil
}

// mostUnread is how many histories may be missing. If there are more, it is GitLab that is troubled, and not an issue.
const mostUnread = 3

// isOfOne reports whether an error may be one of an issue alone: GitLab answered, and did not refuse the token.
func isOfOne(err error) bool {
	e, ok := errors.AsType[*gitlab.Error](err)
	return ok && e.Status != 0 && e.Denied == ""
}

// needsSeverity reports whether an issue would be near its limit or past it if it had its severity since it was created, and that is not known.
func (g *Gatherer) needsSeverity(i *planning.Issue, s planning.Snapshot) bool {
	if !i.SeverityAt.IsZero() {
		return false
	}
	clock, _, runs := s.Options.SLO.ClockOf(i, s.Team)
	if !runs || clock.State(s.Now) == planning.InTime {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	i.SeverityAt = g.severity[i.Ref]
	return i.SeverityAt.IsZero()
}

// blockedDays is how long an issue is blocked before a report may say so.
const blockedDays = 14

// needsState reports whether it matters how long an issue has been blocked, and is not known.
func needsState(i *planning.Issue, s planning.Snapshot) bool {
	if i.Closed || !i.StateAt.IsZero() || s.Now.Sub(i.CreatedAt) < blockedDays*24*time.Hour || s.Team.Store == triage.StoreStatus && i.Status != "" {
		return false // of statuses no event tells
	}
	in := facts(i, s)
	return in.Is(triage.Blocked)
}

// rememberedSeverities bounds how many are kept.
const rememberedSeverities = 50_000

// readLabelEvents looks up since when an issue has had a severity and been in its state.
func (g *Gatherer) readLabelEvents(ctx context.Context, i *planning.Issue, s planning.Snapshot) error {
	var events []triage.ResourceEvent
	err := again(ctx, func() (err error) { events, err = g.gitlab.LabelEvents(ctx, i.Ref); return err })
	if gitlab.ClassOf(err) == gitlab.NotFound {
		return nil // it is gone since it was listed
	}
	if err != nil {
		return err
	}
	in := facts(i, s)
	for _, e := range events {
		label := s.Team.Canonical(e.Label)
		if _, severity := s.Team.Severity.ValueOf(label); severity && e.Added && i.SeverityAt.IsZero() {
			i.SeverityAt = e.At
		}
		if state, ok := s.Team.StateOf(label); ok && e.Added && state == in.State() {
			i.StateAt = e.At
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.severity) >= rememberedSeverities {
		clear(g.severity)
	}
	if !i.SeverityAt.IsZero() {
		g.severity[i.Ref] = i.SeverityAt
	}
	return nil
}

// mayHaveSlipped reports whether an issue may have been taken off the milestone before the one in which it stands, while that ran: it is open, in the
// report's milestone or the next one, and older than they are.
func mayHaveSlipped(i *planning.Issue, s planning.Snapshot) bool {
	if s.Milestone == (planning.Version{}) || i.Closed {
		return false
	}
	v, release := planning.ParseVersion(i.Milestone)
	if !release || v != s.Milestone && v != s.Milestone.Next() {
		return false
	}
	end := s.Calendar.Milestone(v.Previous()).End.Date
	return !planning.DateOf(i.CreatedAt).After(end)
}

// readMilestoneEvents looks up which milestones an issue was taken off.
func (g *Gatherer) readMilestoneEvents(ctx context.Context, i *planning.Issue) error {
	var events []gitlab.MilestoneEvent
	err := again(ctx, func() (err error) { events, err = g.gitlab.MilestoneEvents(ctx, i.Ref); return err })
	if gitlab.ClassOf(err) == gitlab.NotFound {
		return nil // it is gone since it was listed
	}
	if err != nil {
		return err
	}
	i.LeftMilestones = leftMilestones(events, i.Milestone)
	return nil
}

// leftMilestones are the titles of the milestones that an issue was taken off, each once, the last one last. An issue that goes from one milestone to
// another has an event of the new one, and maybe none of the old one.
func leftMilestones(events []gitlab.MilestoneEvent, now string) []string {
	var left []string
	leave := func(title string) {
		left = append(slices.DeleteFunc(left, func(t string) bool { return t == title }), title)
	}
	current := ""
	for _, e := range events {
		switch {
		case !e.Added:
			leave(e.Title)
			if current == e.Title {
				current = ""
			}
		case current != "" && current != e.Title:
			leave(current)
			current = e.Title
		default:
			current = e.Title
		}
	}
	if current != "" && current != now {
		leave(current)
	}
	return slices.DeleteFunc(left, func(t string) bool { return t == now })
}

// facts are what the rules see of an issue.
func facts(i *planning.Issue, s planning.Snapshot) triage.Input {
	return triage.NewInput(s.Team, nil, s.Team.SeeStatus(triage.Issue{Ref: i.Ref, Closed: i.Closed, Labels: i.Labels, StatusName: i.Status}), nil, s.Now)
}
