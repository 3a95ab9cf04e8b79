package policy

import (
	"testing"

	"flowkeeper/rules/triage"
)

// TestConditionsInWords has each condition end a sentence that begins with "only if".
func TestConditionsInWords(t *testing.T) {
	for want, c := range map[string]Condition{
		"it is opened": InState{Opened},
		"it has ~a and ~\"b c\" or ~a and ~\"b d\"": HasLabels{[][]string{{"a", "b c"}, {"a", "b d"}}},
		"it has no label": HasLabels{[][]string{{None}}},
		"it has a label":  HasLabels{[][]string{{Any}}},
		"it has no ~\"priority::1\" or ~\"priority::2\"": LacksLabels{[]string{"priority::1", "priority::2"}},
		"it has no ~\"priority::*\"":                     LacksLabels{[]string{"priority::1", "priority::2", "priority::3"}},
		"it has no other label":                          OnlyLabels{[][]string{{"a"}}},
		"it has no milestone":                            InMilestone{MilestoneNone},
		"it has a milestone":                             InMilestone{MilestoneAny},
		"its milestone is started":                       InMilestone{MilestoneStarted},
		"its milestone is %\"18.9\"":                     InMilestone{"18.9"},
		"it has no iteration":                            InIteration{None},
		"its iteration is “Week 3”":                      InIteration{"Week 3"},
		"it has no weight":                               Weighs{},
		"its weight is 3":                                Weighs{Weight: triage.Int(3)},
		"its health status is “at risk”":                 HasHealth{"at_risk"},
		"its type is test case":                          IsType{"test_case"},
		"@ann has opened it":                             IsBy{"ann"},
		"its author is no member of the group gnome":     IsMember{Group: true, Source: "gnome", Not: true},
		"every assignee is a member of the project 7":    IsMember{Assignee: true, Source: "7"},
		"it has more than 3 upvotes":                     Counts{What: Upvotes, Above: true, Threshold: 3},
		"it has fewer than 2 comments":                   Counts{What: Notes, Threshold: 2},
		"it was last changed more than 1 month ago":      Age{UpdatedAt, true, 1, Months},
		"it was opened less than 7 days ago":             Age{CreatedAt, false, 7, Days},
		"it is no draft":                                 IsDraft{},
		"its source branch is main":                      FromBranch{"main"},
		"either it has no weight, or its weight is 1 and it was merged less than 1 day ago": AnyOf{[][]Condition{{Weighs{}}, {Weighs{Weight: triage.Int(1)}, Age{MergedAt, false, 1, Days}}}},
	} {
		if got := c.String(); got != want {
			t.Errorf("%#v says %q, want %q", c, got, want)
		}
	}
}
