package engine

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"flowkeeper/rules/triage"
)

// MaxRounds bounds how often the rules are run on the outcome of their own wishes.
const MaxRounds = 8

// ErrContradiction says that the policy wants two things of an issue that exclude each other, or never settles.
var ErrContradiction = errors.New("the rules contradict each other")

// Decision is what the engine makes of an issue.
type Decision struct {
	Ours     bool // false: the issue is none of the team's business, Reason says why, nothing else is set
	Reason   string
	Findings []Finding // of every rule, in the order of the catalogue
	Plan     []Planned // what to change, in the order it was found
	Result   triage.Issue
	Sticky   Sticky
	SayIt    bool          // Sticky is to be compared with the note; false leaves the note alone
	Memory   triage.Memory // to be kept once the plan is carried out
	WakeAt   time.Time     // decide again then, even if nothing happens; zero is never

	// Needs are facts that rules ask for. If any are set, load them into the memory's Around and decide again with it; the rules
	// that asked have not spoken yet.
	Needs triage.Need
}

// Planned is an action with the rule that wants it.
type Planned struct {
	Rule   string
	Action triage.Action
}

// Finding is what one rule said and what became of it.
type Finding struct {
	Rule       string      `json:"rule"`
	Mode       triage.Mode `json:"mode"`
	Reason     string      `json:"reason"`
	Wants      []string    `json:"wants,omitempty"` // actions in words, wanted and not yet so
	Looked     bool        `json:"looked"`          // false: the rule was not run, Reason says why
	Overridden bool        `json:"overridden,omitempty"`
	Speaks     bool        `json:"speaks,omitempty"` // it wants something that is not so yet, asks people or tells them
}

// Decide runs the policy's rules on the issue. Events are those not yet handled, without the bot's own. The issue is the newest state
// known, memory what is remembered of it (nil if it was never seen). The only error is ErrContradiction, wrapped with the names
// of the rules; the decision then holds the findings so far.
func Decide(p Policy, events []triage.Event, issue triage.Issue, memory *triage.Memory, now time.Time) (Decision, error) {
	var m triage.Memory
	if memory != nil {
		m = memory.Clone()
	}
	if !slices.IsSortedFunc(events, byTime) {
		events = slices.SortedStableFunc(slices.Values(events), byTime)
	}
	touch(&m, events)
	m.Issue = &issue
	in := triage.NewInput(p.Team, events, issue, &m, now)
	if reason := notOurs(in); reason != "" {
		return Decision{Reason: reason, Result: issue, Memory: m}, nil
	}
	observe(in)
	look(&in)

	r := run{policy: p, in: in, memory: &m, findings: make([]Finding, len(p.Settings)), verdicts: make([]*triage.Verdict, len(p.Settings))}
	r.concerned = concerned(&m)
	r.awaken()
	r.giveBack()
	err := r.settle()
	d := Decision{Ours: true, Findings: r.findings, Plan: r.plan, Result: r.in.Issue, Memory: m, Needs: r.needs()}
	if err != nil {
		return d, err
	}
	d.SayIt = r.speaks()
	if d.SayIt {
		d.Sticky, d.WakeAt = r.write()
	}
	result := r.in.Issue
	m.Issue = &result
	d.Memory = m
	return d, nil
}

func byTime(a, b triage.Event) int { return a.At.Compare(b.At) }

// run is one decision being made.
type run struct {
	policy    Policy
	in        triage.Input // holds the issue as it would be after the plan so far
	memory    *triage.Memory
	concerned map[string]bool
	findings  []Finding
	verdicts  []*triage.Verdict // of the last round, by setting; nil for a rule that gave its reason and nothing else
	plan      []Planned
}

// settle repeats the rules until nothing more is wanted.
func (r *run) settle() error {
	var last []Planned
	for round := range MaxRounds {
		wants := r.round(round == 0)
		if len(wants) == 0 {
			return nil
		}
		if err := r.apply(wants); err != nil {
			return err
		}
		last = wants
	}
	return contradiction(last[0], r.plan, r.in.Issue)
}

// round asks every rule once and returns what those in mode act want and is not so yet.
func (r *run) round(first bool) []Planned {
	var wants []Planned
	for n := range r.policy.Settings {
		s := &r.policy.Settings[n]
		f := &r.findings[n]
		if first {
			*f = Finding{Rule: s.ID, Mode: s.Mode}
		}
		if reason := r.skip(s); reason != "" {
			if !f.Looked {
				f.Reason = reason
			}
			r.verdicts[n] = r.lines(s)
			continue
		}
		v := s.Decide(r.in, s.Options)
		open := r.notDone(v.Actions)
		f.Overridden = r.overridden(s, open)
		if f.Overridden {
			open = nil
		}
		if !f.Looked || len(f.Wants) == 0 || len(open) > 0 {
			f.Reason = v.Reason
		}
		f.Looked = true
		for _, a := range open {
			if want := a.String(); !slices.Contains(f.Wants, want) {
				f.Wants = append(f.Wants, want)
			}
			if s.Mode == triage.Act {
				wants = append(wants, Planned{s.ID, a})
			}
		}
		if len(open) > 0 && v.Bump != nil && s.Mode >= triage.Remind {
			bump := *v.Bump
			bump.Offered = s.Mode == triage.Remind
			r.memory.Bump = &bump
		}
		r.verdicts[n] = nil
		f.Speaks = f.Speaks || len(f.Wants)+len(v.Items)+len(v.Lines) > 0 || f.Overridden
		if !v.Silent() {
			spoken := v // a copy of its own, so that the many silent verdicts stay off the heap
			r.verdicts[n] = &spoken
		}
	}
	return wants
}

// awaken ends the snoozes whose time has come. Their rules are run, whatever happened.
func (r *run) awaken() {
	for rule, s := range r.memory.Silenced {
		if s.Until.IsZero() || r.in.Now.Before(s.Until) {
			continue
		}
		delete(r.memory.Silenced, rule)
		if rule == triage.AllRules {
			r.in.Kinds |= triage.Swept.Effective()
			continue
		}
		if r.concerned == nil {
			r.concerned = map[string]bool{}
		}
		r.concerned[rule] = true
	}
}

// silence is what people said who silenced the rule on this issue.
func silence(m *triage.Memory, rule string) (triage.Silence, bool) {
	if s, ok := m.Silenced[rule]; ok {
		return s, true
	}
	s, ok := m.Silenced[triage.AllRules]
	return s, ok
}

// quiet says until when a silenced rule is.
func quiet(s triage.Silence) string {
	if s.Until.IsZero() {
		return "the rule is ignored on this issue"
	}
	return "the rule is snoozed on this issue until " + clock(s.Until)
}

// lines are what a rule that is not run on a closed issue goes on saying there, nil if nothing.
func (r *run) lines(s *Setting) *triage.Verdict {
	if !r.in.Issue.Closed || !r.memory.Said[s.ID] || s.Mode < triage.Remind {
		return nil
	}
	v := s.Decide(r.in, s.Options)
	return &triage.Verdict{Reason: v.Reason, Lines: v.Lines}
}

// skip says why a rule is not run, or "".
func (r *run) skip(s *Setting) string {
	switch {
	case s.Mode == triage.Off:
		return "the rule is off"
	case r.in.Issue.Closed && !s.Closed:
		return "the issue is closed"
	case len(r.memory.Silenced) > 0:
		if s, silent := silence(r.memory, s.ID); silent {
			return quiet(s)
		}
	}
	if s.On&r.in.Kinds == 0 && !r.concerned[s.ID] {
		return "nothing that this rule looks at has changed"
	}
	return ""
}

func (r *run) notDone(actions []triage.Action) []triage.Action {
	var open []triage.Action
	for _, a := range actions {
		if !a.Done(r.in.Issue) {
			open = append(open, a)
		}
	}
	return open
}

// overridden reports whether people have undone what the rule does. A state undone by people that no rule answered for yet puts
// the rule that wants it again to rest; one that is only watched does not get so far that people would see it rest.
func (r *run) overridden(s *Setting, open []triage.Action) bool {
	if _, rests := r.memory.Suspended[s.ID]; rests {
		return true
	}
	for _, a := range open {
		u, undone := r.memory.Undone[a.Key()]
		if undone && s.Mode >= triage.Remind {
			suspend(r.memory, s.ID, u)
		}
		if undone {
			return true
		}
	}
	return false
}

// apply adds the wishes of a round to the plan. Wishes that exclude each other are a contradiction. One that undoes an earlier round's may
// be the next step of a chain; if the earlier rule insists, the rounds run out.
func (r *run) apply(wants []Planned) error {
	before := r.in.Issue
	after := before
	for _, w := range wants {
		after = w.Action.Apply(after)
		if !slices.Contains(r.plan, w) {
			r.plan = append(r.plan, w)
		}
		r.own(w, before)
	}
	for _, w := range wants {
		if !w.Action.Done(after) {
			return contradiction(w, wants, before)
		}
	}
	if !slices.Equal(before.Labels, after.Labels) {
		r.in.Kinds |= triage.LabelsChanged
	}
	if !triage.SameWeight(before.Weight, after.Weight) {
		r.in.Kinds |= triage.WeightChanged
	}
	r.in = r.in.With(after)
	since(&r.in)
	return nil
}

// contradiction names the wish that undoes w.
func contradiction(w Planned, plan []Planned, before triage.Issue) error {
	for _, other := range plan {
		if other.Action != w.Action && !w.Action.Done(other.Action.Apply(w.Action.Apply(before))) {
			return fmt.Errorf("%w: %s wants to %s, %s wants to %s", ErrContradiction, w.Rule, w.Action, other.Rule, other.Action)
		}
	}
	return fmt.Errorf("%w: %s wants to %s again and again", ErrContradiction, w.Rule, w.Action)
}

// own remembers what a planned action makes the bot's own doing.
func (r *run) own(p Planned, before triage.Issue) {
	key := p.Action.Key()
	own := triage.Own{Rule: p.Rule}
	switch a := p.Action.(type) {
	case triage.AddLabel:
		own.Replaced = a.Replaces(before)
	case triage.Close, triage.SetMilestone:
	case triage.SetWeight:
		own.Value = a.Value
	case triage.RemoveLabel:
		if _, ours := r.memory.Own[key]; ours || a.Sibling {
			delete(r.memory.Own, key)
			return
		}
		own.Removed = true
	}
	setOwn(r.memory, key, own)
}

// notOurs says why the team's rules leave an issue alone, or "".
func notOurs(in triage.Input) string {
	i := &in.Issue
	group := in.Team.GroupLabel
	switch {
	case i.Moved:
		return "the issue was moved away"
	case in.Has(triage.Skip):
		return "the issue is a report or a planning issue, not work"
	case notWork[i.Type]:
		return "the rules are for issues, incidents and tasks, not for items of this type"
	case in.Team.LabelledOnly && !in.HasLabel(group):
		return "the issue does not carry the team's group label"
	case !in.Team.LabelledOnly && otherGroup(in, group):
		return "the issue carries another team's group label"
	}
	return ""
}

// notWork are the built-in work item types that the rules leave alone; custom types are work.
var notWork = map[string]bool{"Epic": true, "Requirement": true, "Test Case": true, "Objective": true, "Key Result": true}

// otherGroup reports whether a group label of another team counts on the issue.
func otherGroup(in triage.Input, group string) bool {
	scope := triage.Scope(group)
	if scope == "" {
		return false
	}
	winner := in.Winner(scope)
	return winner != "" && winner != group && !in.HasLabel(group)
}
