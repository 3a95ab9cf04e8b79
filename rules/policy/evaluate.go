package policy

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"flowkeeper/rules/triage"
)

// truth is whether something holds, as far as is known.
type truth uint8

const (
	no truth = iota
	unknown
	yes
)

// answer is what a condition says of an issue.
type answer struct {
	truth       truth
	changes     time.Time // when it will say something else though nothing happens, zero for never
	needs       triage.Need
	memberships []triage.Membership
}

func is(holds bool) answer {
	if holds {
		return answer{truth: yes}
	}
	return answer{}
}

func ask(needs triage.Need) answer { return answer{truth: unknown, needs: needs} }

// check is a condition made ready: its sentences are put together once, not for every issue.
type check struct {
	condition    Condition
	cost         int
	holds, fails string
	alternatives [][]check // of AnyOf
}

// What a condition costs to ask: it only looks at the issue, at the clock, or at what GitLab has to be asked for.
const (
	free = iota
	dated
	asked
)

// compile makes conditions ready, the cheap ones first: GitLab is asked only when everything else holds.
func compile(conditions []Condition) []check {
	checks := make([]check, len(conditions))
	for n, c := range conditions {
		checks[n] = check{condition: c, cost: costOf(c), holds: c.String(), fails: c.not()}
		if any, ok := c.(AnyOf); ok {
			for _, list := range any.Lists {
				checks[n].alternatives = append(checks[n].alternatives, compile(list))
			}
		}
	}
	slices.SortStableFunc(checks, func(a, b check) int { return cmp.Compare(a.cost, b.cost) })
	return checks
}

func costOf(c Condition) int {
	switch c := c.(type) {
	case Age:
		return dated
	case InMilestone:
		if c.Title == MilestoneNone || c.Title == MilestoneAny {
			return free
		}
		return asked
	case InIteration, IsBy, IsMember, Counts:
		return asked
	case AnyOf:
		cost := free
		for _, list := range c.Lists {
			for _, one := range list {
				cost = max(cost, costOf(one))
			}
		}
		return cost
	}
	return free
}

// all is what conditions say together. Where they do not hold, failed is the first that does not. Times are looked at only when all that needs no
// clock holds, so an issue is woken only for a policy that may then hold.
func all(checks []check, in *triage.Input) (whole answer, failed *check) {
	whole.truth = yes
	for n := range checks {
		a := checks[n].ask(in)
		if a.truth == no {
			return answer{changes: a.changes}, &checks[n]
		}
		whole.truth = min(whole.truth, a.truth)
		whole.changes = triage.Earlier(whole.changes, a.changes)
		whole.needs |= a.needs
		whole.memberships = append(whole.memberships, a.memberships...)
	}
	return whole, nil
}

// oneOf is what lists of conditions say of which one has to hold.
func oneOf(lists [][]check, in *triage.Input) (whole answer) {
	for _, list := range lists {
		a, _ := all(list, in)
		if a.truth == yes {
			return a
		}
		whole.truth = max(whole.truth, a.truth)
		whole.changes = triage.Earlier(whole.changes, a.changes)
		whole.needs |= a.needs
		whole.memberships = append(whole.memberships, a.memberships...)
	}
	return whole
}

// ask asks one condition.
func (c *check) ask(in *triage.Input) answer {
	i := &in.Issue
	switch c := c.condition.(type) {
	case InState:
		return is(inState(i, c.State))
	case HasLabels:
		return is(slices.ContainsFunc(c.AnyOf, func(labels []string) bool { return hasAll(i, labels) }))
	case LacksLabels:
		return is(!slices.ContainsFunc(c.Labels, i.Has))
	case OnlyLabels:
		return is(slices.ContainsFunc(c.AnyOf, func(labels []string) bool { return hasAll(i, labels) && hasOnly(i, labels) }))
	case InMilestone:
		return inMilestone(in, c.Title)
	case InIteration:
		return inIteration(in, c.Title)
	case Weighs:
		return is(c.Any && i.Weight != nil || !c.Any && triage.SameWeight(i.Weight, c.Weight))
	case HasHealth:
		return is(i.HealthStatus == c.Status || c.Status == None && i.HealthStatus == "" || c.Status == Any && i.HealthStatus != "")
	case IsType:
		return is(typeName(i.Type) == c.Type)
	case IsBy:
		return isBy(in, c.Username)
	case IsMember:
		return isMember(in, c)
	case Counts:
		return counts(in, c)
	case Age:
		return age(in, c)
	}
	return c.askMore(in)
}

// askMore asks the conditions on merge requests, and those of which one has to hold.
func (c *check) askMore(in *triage.Input) answer {
	if _, any := c.condition.(AnyOf); any {
		return oneOf(c.alternatives, in)
	}
	m := in.Issue.MergeRequest
	if m == nil {
		return answer{}
	}
	switch c := c.condition.(type) {
	case IsDraft:
		return is(m.Draft == c.Draft)
	case FromBranch:
		return is(m.SourceBranch == c.Name)
	case ToBranch:
		return is(m.TargetBranch == c.Name)
	case HasReviewer:
		return is(slices.ContainsFunc(m.Reviewers, func(p triage.Person) bool { return p.ID == c.ID }))
	}
	return answer{}
}

func inState(i *triage.Issue, s State) bool {
	switch {
	case i.MergeRequest != nil && i.MergeRequest.State != "":
		return string(i.MergeRequest.State) == string(s)
	case s == Opened:
		return !i.Closed
	case s == Closed:
		return i.Closed
	}
	return false
}

// hasAll reports whether the labels are there, exactly as they are written.
func hasAll(i *triage.Issue, labels []string) bool {
	for _, l := range labels {
		switch {
		case l == None && len(i.Labels) > 0, l == Any && len(i.Labels) == 0:
			return false
		case l != None && l != Any && !i.Has(l):
			return false
		}
	}
	return true
}

func hasOnly(i *triage.Issue, labels []string) bool {
	return !slices.ContainsFunc(i.Labels, func(l string) bool { return !slices.Contains(labels, l) })
}

// inMilestone asks for a milestone. One that the decision itself sets is known by its title alone.
func inMilestone(in *triage.Input, title string) answer {
	switch {
	case title == MilestoneNone:
		return is(in.Issue.Milestone == 0)
	case title == MilestoneAny:
		return is(in.Issue.Milestone != 0)
	case in.Issue.Milestone == triage.NewMilestone:
		return is(in.Issue.MilestoneTitle == title)
	case in.Issue.Milestone == 0:
		return answer{}
	case title == MilestoneUpcoming && !in.Knows(triage.NeedMilestoneUpcoming):
		return ask(triage.NeedMilestoneUpcoming)
	case title == MilestoneStarted && !in.Knows(triage.NeedMilestoneStarted):
		return ask(triage.NeedMilestoneStarted)
	case title == MilestoneUpcoming || title == MilestoneStarted:
		return milestoneAsGitLabSays(in, title)
	}
	facts, known := in.MilestoneFacts()
	if !known {
		return ask(triage.NeedMilestone)
	}
	return is(facts.Title == title)
}

// milestoneAsGitLabSays is what GitLab answered. That changes when a milestone starts, and may change every day.
func milestoneAsGitLabSays(in *triage.Input, title string) answer {
	a := is(in.Memory.Context.Milestone.Upcoming)
	if title == MilestoneStarted {
		a = is(in.Memory.Context.Milestone.Started)
	}
	start, err := time.Parse(time.DateOnly, in.Memory.Context.Milestone.Start)
	if err == nil && start.After(in.Now) {
		a.changes = start
	}
	return a
}

func inIteration(in *triage.Input, title string) answer {
	if !in.Knows(triage.NeedIteration) {
		return ask(triage.NeedIteration)
	}
	there := in.Memory.Context.Iteration
	switch title {
	case None:
		return is(there == "")
	case Any:
		return is(there != "")
	}
	return is(there == title)
}

// typeName is a type of issue as policies name it: "test_case". Old GitLabs have no types.
func typeName(name string) string {
	if name == "" {
		return "issue"
	}
	return strings.ReplaceAll(strings.ToLower(name), " ", "_")
}

func isBy(in *triage.Input, username string) answer {
	if in.Issue.Author.Username == "" && !in.Knows(triage.NeedAuthorName) {
		return ask(triage.NeedAuthorName)
	}
	return is(triage.SameUsername(in.Issue.Author.Username, username))
}

// isMember asks for the author or every assignee. With no assignee, nobody is a member. Of a project or a group that GitLab does not show, nobody
// knows, and the condition does not hold.
func isMember(in *triage.Input, c IsMember) answer {
	people := []triage.Person{in.Issue.Author}
	if c.Assignee {
		people = in.Issue.Assignees
	}
	if len(people) == 0 {
		return is(c.Not)
	}
	whole := answer{truth: yes}
	for _, p := range people {
		m := triage.Membership{Group: c.Group, Source: c.Source, Person: p}
		member, known, hidden := in.Memory.Context.Answer(m)
		switch {
		case hidden, known && member == c.Not:
			return answer{}
		case !known:
			whole.truth, whole.needs = unknown, triage.NeedMemberships
			whole.memberships = append(whole.memberships, m)
		}
	}
	return whole
}

func counts(in *triage.Input, c Counts) answer {
	need := triage.NeedVotes
	if c.What == Threads || c.What == Notes {
		need = triage.NeedDiscussions
	}
	if !in.Knows(need) {
		return ask(need)
	}
	n := counted(&in.Memory.Context, c.What)
	if c.Above {
		return is(n > c.Threshold)
	}
	return is(n < c.Threshold)
}

func counted(c *triage.Context, what Countable) int {
	switch what {
	case Upvotes:
		return c.Votes.Up
	case Downvotes:
		return c.Votes.Down
	case Threads:
		return c.Discussions.Threads
	default:
		return c.Discussions.Notes
	}
}
