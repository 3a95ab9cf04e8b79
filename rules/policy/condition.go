package policy

// Condition is one condition of a rule: one of the types below.
type Condition interface {
	// String says the condition in words, as the end of "only if …": "it has no ~bug".
	String() string
	// not says in words that the condition does not hold: "it has ~bug".
	not() string
}

// InState holds for an issue or a merge request in this state.
type InState struct{ State State }

// HasLabels holds where all labels of one of the lists are there. A list may hold None, for no label at all, or Any. GitLab's gem makes a rule of each list: {a, b} and {1..4} in a label give one for every choice.
type HasLabels struct{ AnyOf [][]string }

// The words that stand for no label or milestone at all, and for any.
const (
	None = "None"
	Any  = "Any"
)

// LacksLabels holds where none of the labels is there.
type LacksLabels struct{ Labels []string }

// OnlyLabels holds where no label is there but those of the rule's HasLabels, which stand here again.
type OnlyLabels struct{ AnyOf [][]string }

// InMilestone holds for a milestone of this title, or for none, any, upcoming or started.
type InMilestone struct{ Title string }

// The milestones that the language has words for.
const (
	MilestoneNone     = "none"
	MilestoneAny      = "any"
	MilestoneUpcoming = "upcoming"
	MilestoneStarted  = "started"
)

// InIteration holds for an iteration of this title, or for None or Any.
type InIteration struct{ Title string }

// Weighs holds for this weight. Weight nil with Any false is no weight.
type Weighs struct {
	Weight *int
	Any    bool
}

// HasHealth holds for this health status ("on_track"), or for None or Any.
type HasHealth struct{ Status string }

// IsType holds for this type of issue: "issue", "incident", "task" or "test_case".
type IsType struct{ Type string }

// IsBy holds for what this person has opened.
type IsBy struct{ Username string }

// IsMember holds where the author, or every assignee where Assignee is set, is a member of a project or group, or is not where Not is set.
type IsMember struct {
	Assignee bool
	Group    bool
	Source   string // full path or numeric id
	Not      bool
}

// Counts holds where a number is above or below a threshold.
type Counts struct {
	What      Countable
	Above     bool // else below
	Threshold int
}

// Countable is what can be counted.
type Countable uint8

// What can be counted.
const (
	Upvotes Countable = iota
	Downvotes
	Threads
	Notes
)

// Age holds where a time is longer ago than an interval, or less long.
type Age struct {
	Of       DateField
	Older    bool // else newer
	Interval int
	Unit     Unit
}

// DateField is a date of an issue or a merge request.
type DateField string

// The dates.
const (
	CreatedAt DateField = "created_at"
	UpdatedAt DateField = "updated_at"
	MergedAt  DateField = "merged_at"
)

// Unit is the unit of an interval. Months and years are those of the calendar.
type Unit string

// The units.
const (
	Minutes Unit = "minutes"
	Hours   Unit = "hours"
	Days    Unit = "days"
	Weeks   Unit = "weeks"
	Months  Unit = "months"
	Years   Unit = "years"
)

// IsDraft holds for a merge request that is a draft, or for one that is none where Draft is false.
type IsDraft struct{ Draft bool }

// FromBranch holds for a merge request of this source branch.
type FromBranch struct{ Name string }

// ToBranch holds for a merge request into this target branch.
type ToBranch struct{ Name string }

// HasReviewer holds for a merge request that this person is to review.
type HasReviewer struct{ ID int64 }

// AnyOf holds where all conditions of one of the lists hold.
type AnyOf struct{ Lists [][]Condition }
