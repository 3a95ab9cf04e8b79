package engine

import (
	"errors"
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

	// Needs are facts that rules ask for. If any are set, load them into the memory's Context and decide again with it; the rules
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
	Would      []string    `json:"would,omitempty"`  // in mode shadow: what the rule would do in its own mode, in words
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
	unwatch(p, &m)
	r.concerned = concerned(&m)
	r.awaken()
	r.giveBack()
	err := r.settle()
	d := Decision{Ours: true, Findings: r.findings, Plan: r.plan, Result: r.in.Issue, Memory: m, Needs: r.needs()}
	if err != nil {
		return d, err
	}
	r.watch()
	d.SayIt = r.speaks()
	if d.SayIt {
		d.Sticky, d.WakeAt = r.write()
	}
	if r.unknown {
		d.Needs |= triage.NeedAuthorLevel
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
	unknown   bool // what the author may do is asked for and not known
	// watchAgain is when a rule in shadow would ask for something that waits now; zero if none would.
	watchAgain time.Time
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
		for _, a := range r.ask(n) {
			if s.Mode == triage.Act {
				wants = append(wants, Planned{s.ID, a})
			}
		}
	}
	return wants
}

// ask asks one rule, notes what it says, and returns what it wants that is not so yet and that people have not undone.
func (r *run) ask(n int) []triage.Action {
	s, f := &r.policy.Settings[n], &r.findings[n]
	v := s.Decide(r.in, s.Options)
	open := r.notDone(v.Actions)
	f.Overridden = r.overridden(s, open)
	if f.Overridden {
		open = nil
	}
	if !f.Looked || len(f.Wants) == 0 || len(open) > 0 {
		f.Reason = v.Reason // what it wanted in an earlier round needs the reason of then
	}
	f.Looked = true
	for _, a := range open {
		if want := a.String(); !slices.Contains(f.Wants, want) {
			f.Wants = append(f.Wants, want)
		}
	}
	if len(open) > 0 && v.Bump != nil && s.Mode >= triage.Remind {
		bump := *v.Bump
		bump.Suggested = s.Mode == triage.Remind
		r.memory.Bump = &bump
	}
	r.verdicts[n] = nil
	f.Speaks = f.Speaks || len(f.Wants)+len(v.Items)+len(v.Lines) > 0 || f.Overridden
	if !v.Silent() {
		spoken := v // a copy of its own, so that the many silent verdicts stay off the heap
		r.verdicts[n] = &spoken
	}
	return open
}

// lines are what a rule that is not run on a closed issue goes on saying there, nil if nothing.
func (r *run) lines(s *Setting) *triage.Verdict {
	if !r.in.Issue.Closed || !r.memory.HasLine[s.ID] || s.Mode < triage.Remind {
		return nil
	}
	v := s.Decide(r.in, s.Options)
	return &triage.Verdict{Reason: v.Reason, Lines: v.Lines}
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
	if _, rests := r.memory.Suspensions[s.ID]; rests {
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

// needs are the facts that rules asked for in the last round and that are not known.
func (r *run) needs() triage.Need {
	var n triage.Need
	for i, v := range r.verdicts {
		if v != nil && !r.findings[i].Overridden {
			n |= v.Needs
		}
	}
	return n &^ r.memory.Context.Known
}
