package backtest

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"flowkeeper/rules/triage"
)

// Report is what a configuration would have done to the issues of a project, and what people did themselves.
type Report struct {
	Project string    `json:"project"`
	Since   time.Time `json:"since"` // acts from then on are counted
	Until   time.Time `json:"until"`
	Issues  int       `json:"issues"`         // that were played
	Left    int       `json:"left"`           // that were not, because the calls were used up
	Gone    int       `json:"gone,omitempty"` // that were deleted meanwhile, or whose past the token may not see
	Calls   int       `json:"calls"`          // of GitLab's API
	Rules   []Rule    `json:"rules"`          // those that would have done something, the most acts first

	Notes       int            `json:"notes"`       // that the bot would have written, one an issue
	NotesPerDay float64        `json:"notes_a_day"` // on average
	Mentions    map[string]int `json:"mentions"`    // by username
	Contradict  []Example      `json:"contradictions,omitempty"`
	Remarks     []Remark       `json:"remarks,omitempty"` // on policies that look at what GitLab keeps no record of
}

// Remark says how a policy is played whose conditions look at what GitLab keeps no record of.
type Remark struct {
	Rule string `json:"rule"`
	What string `json:"what"`
}

// Rule is what one rule would have done.
type Rule struct {
	Rule         string    `json:"rule"`
	Mode         string    `json:"mode"`
	Fired        int       `json:"fired"` // how often it would have wanted something that was not so, once an issue and state
	WouldLabel   int       `json:"would_label"`
	WouldWeigh   int       `json:"would_weigh"`
	WouldClose   int       `json:"would_close,omitempty"`
	WouldPlan    int       `json:"would_plan,omitempty"`    // milestones set
	WouldComment int       `json:"would_comment,omitempty"` // beside the note
	WouldOther   int       `json:"would_other,omitempty"`   // assignees, due dates, reopening and moving
	WouldRemind  int       `json:"would_remind"`
	WouldMention int       `json:"would_mention"`
	Agreed       int       `json:"agreed"`    // people did the same within a day; what a reminder asks, within seven
	Disagreed    int       `json:"disagreed"` // people did the opposite within seven days, or had before, or left the reminder
	Examples     []Example `json:"examples"`
}

// Example is one act. Issue and URL are empty for a confidential issue.
type Example struct {
	Issue  string    `json:"issue"`
	URL    string    `json:"url,omitempty"`
	At     time.Time `json:"at,omitzero"`
	What   string    `json:"what"`
	People string    `json:"people,omitempty"` // "agreed", "disagreed" or nothing
}

// maxExamples of each rule, those first with which people disagreed.
const maxExamples = 10

// tally collects the outcomes of issues. It is not safe for concurrent use.
type tally struct {
	report       Report
	rules        map[string]*Rule
	confidential bool // name confidential issues
}

func newTally(r Report, confidential bool) *tally {
	t := &tally{report: r, rules: map[string]*Rule{}, confidential: confidential}
	for n := range r.Rules {
		t.rules[r.Rules[n].Rule] = &r.Rules[n]
	}
	if t.report.Mentions == nil {
		t.report.Mentions = map[string]int{}
	}
	return t
}

// add counts what the bot would have done on an issue from the time on that the report begins with.
func (t *tally) add(i triage.Issue, h history, o outcome, modes map[string]triage.Mode, team *triage.Team) {
	t.report.Issues++
	if !o.noteAt.IsZero() && !o.noteAt.Before(t.report.Since) {
		t.report.Notes++
	}
	fired := map[firing]verdict{}
	for _, a := range o.acts {
		if a.at.Before(t.report.Since) {
			continue
		}
		r := t.rule(a.rule, modes[a.rule])
		r.WouldMention += len(a.mentions)
		for _, who := range a.mentions {
			t.report.Mentions[who]++
		}
		f := firing{rule: a.rule, state: a.state}
		was, before := fired[f]
		if !before {
			r.Fired++
		}
		thing := firing{a.rule, a.state, a.key + " " + a.words}
		if _, again := fired[thing]; again {
			continue
		}
		v := h.judge(a, t.report.Until, team)
		fired[thing], fired[f] = v, max(was, v)
		r.count(a)
		r.judged(was, -1)
		r.judged(fired[f], 1)
		r.addExample(t.example(i, a, v))
	}
	if o.contradiction != nil && len(t.report.Contradict) < maxExamples {
		e := t.example(i, act{words: o.contradiction.Error()}, untold)
		t.report.Contradict = append(t.report.Contradict, e)
	}
}

// firing is what is counted once an issue: that a rule wants something in a state, and each thing that it wants there.
type firing struct{ rule, state, what string }

// rule is the count of a rule.
func (t *tally) rule(id string, mode triage.Mode) *Rule {
	r := t.rules[id]
	if r == nil {
		r = &Rule{Rule: id, Mode: mode.String()}
		t.rules[id] = r
	}
	return r
}

// count counts what is done.
func (r *Rule) count(a act) {
	switch a.action.(type) {
	case triage.AddLabel, triage.RemoveLabel:
		r.WouldLabel++
	case triage.SetWeight:
		r.WouldWeigh++
	case triage.Close:
		r.WouldClose++
	case triage.SetMilestone, triage.MoveMilestone:
		r.WouldPlan++
	case nil:
		if a.comment {
			r.WouldComment++
		} else {
			r.WouldRemind++
		}
	default:
		r.WouldOther++
	}
}

// judged counts so many more cases in which people did the same, or the opposite.
func (r *Rule) judged(v verdict, more int) {
	switch v {
	case agreed:
		r.Agreed += more
	case disagreed:
		r.Disagreed += more
	case untold:
	}
}

// addExample keeps an example, if it is of more interest than those that are there.
func (r *Rule) addExample(e Example) {
	r.Examples = append(r.Examples, e)
	slices.SortStableFunc(r.Examples, byInterest)
	r.Examples = r.Examples[:min(len(r.Examples), maxExamples)]
}

// example names an act.
func (t *tally) example(i triage.Issue, a act, v verdict) Example {
	e := Example{At: a.at, What: a.words, People: [...]string{untold: "", agreed: "agreed", disagreed: "disagreed"}[v]}
	if i.Confidential && !t.confidential {
		e.Issue = "a confidential issue"
		return e
	}
	e.Issue, e.URL = i.Ref.String(), i.URL
	return e
}

// byInterest orders examples: those with which people disagreed first, then those with which they agreed; the issues as they were numbered.
func byInterest(a, b Example) int {
	rank := func(e Example) int { return slices.Index([]string{"disagreed", "agreed", ""}, e.People) }
	return cmp.Or(cmp.Compare(rank(a), rank(b)), a.At.Compare(b.At), cmp.Compare(a.Issue, b.Issue), cmp.Compare(a.What, b.What))
}

// result is the report of all that was added.
func (t *tally) result() Report {
	r := t.report
	r.Rules = []Rule{}
	for _, id := range slices.Sorted(maps.Keys(t.rules)) {
		r.Rules = append(r.Rules, *t.rules[id])
	}
	slices.SortStableFunc(r.Rules, func(a, b Rule) int { return cmp.Compare(b.Fired, a.Fired) })
	if days := r.Until.Sub(r.Since).Hours() / 24; days > 0 {
		r.NotesPerDay = float64(r.Notes) / max(days, 1)
	}
	return r
}

// Totals are the sums over all rules.
func (r Report) Totals() (fired, agreed, disagreed int) {
	for _, rule := range r.Rules {
		fired, agreed, disagreed = fired+rule.Fired, agreed+rule.Agreed, disagreed+rule.Disagreed
	}
	return fired, agreed, disagreed
}
