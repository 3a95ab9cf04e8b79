package triage

import "slices"

// Levels are the severities or the priorities of a team. They are not changed after they were made and may be shared.
type Levels struct {
	Scope  string   // of their labels; "" where each value is a whole label: P1
	Values []string // from the worst, or the most urgent, to the least; none for a team that has no such levels
	Urgent []string // those of them that cannot wait, the one to give first
}

// HandbookSeverity and HandbookPriority are the levels of the handbook's "Triage Process".
func HandbookSeverity() *Levels { return handbookSeverity }

// HandbookPriority are the handbook's priorities: of the first two, what is of severity 1 gets one.
func HandbookPriority() *Levels { return handbookPriority }

var (
	handbookSeverity = &Levels{Scope: "severity", Values: []string{"1", "2", "3", "4"}, Urgent: []string{"1"}}
	handbookPriority = &Levels{Scope: "priority", Values: []string{"1", "2", "3", "4"}, Urgent: []string{"1", "2"}}
)

// Off reports whether the team has no such levels.
func (l *Levels) Off() bool { return len(l.Values) == 0 }

// Rank is the place of a value, 0 for the worst; -1 for one that the team does not have.
func (l *Levels) Rank(value string) int { return slices.Index(l.Values, value) }

// IsUrgent reports whether a value cannot wait.
func (l *Levels) IsUrgent(value string) bool { return slices.Contains(l.Urgent, value) }

// Worst is the value that the handbook calls 1, the first that cannot wait; "" for a team that has no such levels.
func (l *Levels) Worst() string {
	if l.Off() {
		return ""
	}
	return l.Urgent[0]
}

// Minor is the value that the handbook calls 3, that of a bug with a workaround: the one before the last, of two the last; "" for none.
func (l *Levels) Minor() string {
	switch last := len(l.Values) - 1; {
	case last < 0:
		return ""
	case last < 2:
		return l.Values[last]
	default:
		return l.Values[last-1]
	}
}

// Least is the value that the handbook calls 4, the last; "" for none.
func (l *Levels) Least() string {
	if l.Off() {
		return ""
	}
	return l.Values[len(l.Values)-1]
}

// Label is the label of a value.
func (l *Levels) Label(value string) string {
	if l.Scope == "" {
		return value
	}
	return Scoped(l.Scope, value)
}

// Labels are the labels of all values, in their order.
func (l *Levels) Labels() []string {
	all := make([]string, len(l.Values))
	for n, v := range l.Values {
		all[n] = l.Label(v)
	}
	return all
}

// ValueOf is the value for which a label in its known spelling stands; ok is false for other labels. In a scope it may be one that people made up.
func (l *Levels) ValueOf(label string) (value string, ok bool) {
	switch {
	case l.Off():
		return "", false
	case l.Scope == "":
		return label, slices.Contains(l.Values, label)
	}
	return Value(label), Scope(label) == l.Scope
}
