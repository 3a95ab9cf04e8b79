package webhook

import (
	"cmp"
	"crypto/sha256"
	"slices"
	"strings"

	"flowkeeper/rules/triage"
)

// changes is the list of changes in an issue event. Its UnmarshalJSON gives no error: what counts is the issue, not the difference. Unreadable
// changes count as absent, and then anything may have changed.
type changes struct {
	known bool // there are changes and they are readable; they may be empty
	sum   [sha256.Size]byte
	diff  changedKeys
}

// changedKeys are the changes that rules look at. nil is "not changed".
type changedKeys struct {
	Labels    *change[[]label]  `json:"labels"`
	Weight    *change[number]   `json:"weight"`
	Milestone *change[number]   `json:"milestone_id"`
	Assignees *change[[]person] `json:"assignees"`
	State     *change[number]   `json:"state_id"`
	ClosedAt  *change[moment]   `json:"closed_at"`
	Status    *change[status]   `json:"status"`
}

// change is a value before and after. Either half may be null.
type change[T any] struct {
	Previous T `json:"previous"`
	Current  T `json:"current"`
}

// UnmarshalJSON implements json.Unmarshaler. It also hashes the whole text, which is the same in two deliveries about one change.
func (c *changes) UnmarshalJSON(b []byte) error {
	*c = changes{}
	if string(b) == "null" {
		return nil
	}
	c.sum = sha256.Sum256(b)
	if diff, err := unmarshal[changedKeys](b); err == nil && diff.isBounded() {
		c.known, c.diff = true, *diff
	}
	return nil
}

// isEmpty reports whether the changes say that nothing was changed.
func (c *changes) isEmpty() bool { return c.known && c.sum == sha256.Sum256([]byte("{}")) }

// isBounded reports whether the lists are as long as real ones can be.
func (k changedKeys) isBounded() bool {
	l, a := k.Labels, k.Assignees
	return (l == nil || max(len(l.Previous), len(l.Current)) <= maxList) && (a == nil || max(len(a.Previous), len(a.Current)) <= maxList)
}

// UnmarshalJSON implements json.Unmarshaler. GitLab's versions write a change of people as an object or as a list of the two lists.
func (c *change[T]) UnmarshalJSON(b []byte) error {
	type object change[T]
	if !strings.HasPrefix(string(b), "[") {
		o, err := unmarshal[object](b)
		*c = change[T](*o)
		return err
	}
	pair, err := unmarshal[[2]T](b)
	c.Previous, c.Current = pair[0], pair[1]
	return err
}

// kinds are the change bits of an issue event with these facts.
func (c *changes) kinds(facts triage.Changes) triage.Kind {
	if !c.known {
		return triage.AllChanges
	}
	var k triage.Kind
	if len(facts.Added)+len(facts.Removed) > 0 {
		k |= triage.LabelsChanged
	}
	if w := c.diff.Weight; w != nil && numbersDiffer(w.Previous, w.Current) {
		k |= triage.WeightChanged
	}
	if m := c.diff.Milestone; m != nil && numbersDiffer(m.Previous, m.Current) {
		k |= triage.MilestoneChanged
	}
	if a := c.diff.Assignees; a != nil && !samePeople(a.Previous, a.Current) {
		k |= triage.AssigneesChanged
	}
	return k
}

// stateChange is Closed or Reopened if the changes say so, else 0. For work items that are closed by their status, GitLab sends the action "update"
// only.
func (c *changes) stateChange() triage.Kind {
	s := c.diff.State
	if !c.known || s == nil || s.Previous.pointer() == nil || s.Current.pointer() == nil {
		return 0
	}
	switch from, to := *s.Previous.pointer(), *s.Current.pointer(); {
	case from != stateClosed && to == stateClosed:
		return triage.Closed
	case from == stateClosed && to == stateOpened:
		return triage.Reopened
	}
	return 0
}

// facts are the changes in the form that rules compare.
func (c *changes) facts() triage.Changes {
	var facts triage.Changes
	facts.Added, facts.Removed = c.labels()
	if at := c.diff.ClosedAt; at != nil {
		facts.ClosedAt = firstMoment(at.Current, at.Previous)
	}
	if s := c.diff.Status; s != nil && s.Previous.name != s.Current.name {
		facts.Status = &triage.StatusChange{From: s.Previous.name, To: s.Current.name}
	}
	// A weight that cannot be read is a change all the same, but not one to tell from and to.
	if w := c.diff.Weight; w != nil && w.Previous.state != numberWrong && w.Current.state != numberWrong && numbersDiffer(w.Previous, w.Current) {
		facts.Weight = &triage.WeightChange{From: w.Previous.pointer(), To: w.Current.pointer()}
	}
	return facts
}

// labels is the difference of the label lists, by title: GitLab repeats labels after races and gives them new ids when they move.
func (c *changes) labels() (added, removed []string) {
	l := c.diff.Labels
	if l == nil {
		return nil, nil
	}
	before, after := titles(l.Previous), titles(l.Current)
	return without(after, before), without(before, after)
}

// titles are the different titles of the labels in GitLab's order.
func titles(labels []label) []string {
	var all []string
	seen := make(map[string]struct{}, len(labels))
	for _, l := range labels {
		title := cleanText(l.Title, maxName)
		if _, again := seen[title]; again || title == "" {
			continue
		}
		seen[title] = struct{}{}
		all = append(all, title)
	}
	return all
}

// without are the titles that are not among others.
func without(titles, others []string) []string {
	gone := make(map[string]struct{}, len(others))
	for _, o := range others {
		gone[o] = struct{}{}
	}
	var left []string
	for _, t := range titles {
		if _, found := gone[t]; !found {
			left = append(left, t)
		}
	}
	return left
}

// numbersDiffer compares two numbers; an absent one is like null.
func numbersDiffer(a, b number) bool {
	if a.state == numberWrong || b.state == numberWrong {
		return true
	}
	return !triage.SameWeight(a.pointer(), b.pointer())
}

// samePeople compares two lists whatever their order: by id, or by name in versions that send no ids.
func samePeople(a, b []person) bool {
	return slices.Equal(keysOf(a), keysOf(b))
}

// keysOf are people in a fixed order, each with what tells them apart.
func keysOf(people []person) []person {
	keys := make([]person, len(people))
	for i, p := range people {
		if p.ID.value != 0 {
			keys[i] = person{ID: p.ID}
		} else {
			keys[i] = person{Username: p.Username}
		}
	}
	slices.SortFunc(keys, func(a, b person) int {
		return cmp.Or(cmp.Compare(a.ID.value, b.ID.value), cmp.Compare(a.Username, b.Username))
	})
	return slices.Compact(keys)
}
