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

// Decision is what the engine makes of a case.
type Decision struct {
	InScope    bool // false: the rules leave the issue alone, Reason says why, and only commands are answered
	Reason     string
	Pending    Pending   // what commands want, those of the case's comments included
	Findings   []Finding // of every rule, in the order of the catalogue
	Plan       []Planned // what to change, in the order it was found
	Result     triage.Issue
	Note       Note
	UpdateNote bool          // bring the note in line with Note; false leaves it alone
	Comments   []OwnComment  // of policies, to be made if they were not
	Memory     triage.Memory // to be kept once the plan is carried out
	WakeAt     time.Time     // decide again then, even if nothing happens; zero is never

	// Begins are the policies in mode act whose conditions begin to hold: they count for Meta.PerHour.
	Begins []string
	// Undertaken are spells, by policy, to be put into the memory's Spells and saved before the first write: what is to be written may end the
	// conditions, and after a crash nobody would know the rest. A decision on such a memory wants all of it again.
	Undertaken map[string]triage.Spell
}

// OwnComment is a comment that a policy makes once in a spell, beside the note. Whoever has made it sets Spell.Said in the memory; a comment of the
// same issue, rule and spell number is never made twice.
type OwnComment struct {
	Rule  string
	Spell int // its number
	triage.PolicyComment
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
	Evaluated  bool        `json:"looked"`          // false: the rule was not run, Reason says why
	Overridden bool        `json:"overridden,omitempty"`
	Would      []string    `json:"would,omitempty"`  // in mode shadow: what the rule would do in its own mode, in words
	Notable    bool        `json:"speaks,omitempty"` // it wants something that is not so yet, asks people or tells them
}

// Decide runs the commands of the case's comments and the policy's rules on what they make of the issue, and answers what was asked about
// the rules. If it needs to know more, the decision is of no use but for what it shows of the way: load that into the case and decide
// again. The only error is ErrContradiction, wrapped with the names of the rules; the decision then holds the findings so far.
func Decide(p Policy, c Case) (Decision, Needs, error) {
	commands := runCommands(p, c)
	if needs := commands.needs; !needs.Empty() {
		needs.Known = commands.surroundings(&commands.memory)
		commands.pending.Results = nil // the commands have not come to their end
		return Decision{Pending: commands.pending, Result: commands.issue, Memory: commands.memory}, needs, nil
	}
	events := c.Events
	if more := commands.pending.Events; len(more) > 0 {
		events = slices.Concat(events, more)
	}
	if commands.pending.RecheckAll {
		p.Grace, p.TriageDays = 0, 0
	}
	d, needs, err := runRules(p, events, commands.issue, commands.memory, c.Now)
	d.Pending = commands.pending
	if err == nil && len(d.Pending.Questions) > 0 {
		err = answer(p, c, &d, &needs)
	}
	if !needs.Empty() {
		needs.Known = commands.surroundings(&d.Memory)
	}
	return d, needs, err
}

// runRules has the rules decide on an issue. The memory is theirs to change.
func runRules(p Policy, events []triage.Event, issue triage.Issue, m triage.Memory, now time.Time) (Decision, Needs, error) {
	if !slices.IsSortedFunc(events, byTime) {
		events = slices.SortedStableFunc(slices.Values(events), byTime)
	}
	updateTouched(&m, events)
	m.Issue = &issue
	in := triage.NewInput(p.Team, events, issue, &m, now)
	if reason := outOfScope(in); reason != "" {
		return Decision{Reason: reason, Result: issue, Memory: m}, Needs{}, nil
	}
	detectUndone(in)
	updateContext(&in)

	r := run{policy: p, in: in, memory: &m, findings: make([]Finding, len(p.Settings)), verdicts: make([]*triage.Verdict, len(p.Settings))}
	dropUnshadowed(p, &m)
	r.involved = rulesInvolved(&m)
	r.endSnoozes()
	r.restoreRacedMove()
	err := r.settle()
	d := Decision{InScope: true, Findings: r.findings, Plan: r.plan, Result: r.in.Issue, Memory: m}
	needs := r.needs()
	if err != nil {
		return d, needs, err
	}
	r.recordShadow()
	d.UpdateNote = r.shouldUpdateNote()
	if d.UpdateNote {
		d.Note, d.WakeAt = r.writeNote()
	}
	if r.unknown {
		needs.Facts |= triage.NeedAuthorLevel
	}
	result := r.in.Issue
	m.Issue = &result
	d.Memory = m
	return d, needs, nil
}

func byTime(a, b triage.Event) int { return a.At.Compare(b.At) }

// run is one decision being made.
type run struct {
	policy   Policy
	in       triage.Input // holds the issue as it would be after the plan so far
	memory   *triage.Memory
	involved map[string]bool
	findings []Finding
	verdicts []*triage.Verdict // of the last round, by setting; nil for a rule that gave only a reason
	plan     []Planned
	unknown  bool // an item depends on what the author may do, and that is not known
	// watchAgain is when a rule in shadow would ask for something that waits now; zero if none would.
	watchAgain time.Time
}

// settle repeats the rules until nothing more is wanted.
func (r *run) settle() error {
	var last []Planned
	for round := range MaxRounds {
		wants := r.evaluateAll(round == 0)
		if len(wants) == 0 {
			return nil
		}
		if err := r.applyRound(wants); err != nil {
			return err
		}
		last = wants
	}
	return contradictionError(last[0], r.plan, r.in.Issue)
}

// evaluateAll asks every rule once and returns what those in mode act want and is not so yet.
func (r *run) evaluateAll(first bool) []Planned {
	var wants []Planned
	for n := range r.policy.Settings {
		s := &r.policy.Settings[n]
		f := &r.findings[n]
		if first {
			*f = Finding{Rule: s.ID, Mode: s.Mode}
		}
		if reason := r.skipReason(s); reason != "" {
			if !f.Evaluated {
				f.Reason = reason
			}
			r.verdicts[n] = r.linesWhenClosed(s)
			continue
		}
		for _, a := range r.evaluate(n) {
			if s.Mode == triage.Act {
				wants = append(wants, Planned{s.ID, a})
			}
		}
	}
	return wants
}

// evaluate runs one rule, records its verdict, and returns the actions that it wants, that are not done yet and that people have not undone.
func (r *run) evaluate(n int) []triage.Action {
	s, f := &r.policy.Settings[n], &r.findings[n]
	v := s.Decide(r.in, s.Options)
	open := r.notDone(v.Actions)
	f.Overridden = r.overridden(s, open)
	if f.Overridden {
		open = nil
	}
	if !f.Evaluated || len(f.Wants) == 0 || len(open) > 0 {
		f.Reason = v.Reason // what it wanted in an earlier round needs the reason of then
	}
	f.Evaluated = true
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
	f.Notable = f.Notable || len(f.Wants)+len(v.Items)+len(v.Lines) > 0 || f.Overridden
	if !v.Silent() {
		spoken := v // a copy of its own, so that the many silent verdicts stay off the heap
		r.verdicts[n] = &spoken
	}
	return open
}

// linesWhenClosed are the lines that a rule keeps on the note of a closed issue, where it is not run; nil for none.
func (r *run) linesWhenClosed(s *Setting) *triage.Verdict {
	if !r.in.Issue.Closed || !r.memory.HasLine[s.ID] || s.Mode < triage.Remind {
		return nil
	}
	v := s.Decide(r.in, s.Options)
	return &triage.Verdict{Reason: v.Reason, Lines: v.Lines}
}

func (r *run) notDone(actions []triage.Action) []triage.Action {
	var open []triage.Action
	for _, a := range actions {
		if a = r.in.Team.Exclusive(a); !a.Done(r.in.Issue) {
			open = append(open, a)
		}
	}
	return open
}

// overridden reports whether people have undone what the rule does. If they undid a state that belongs to no rule yet, the rule that wants it
// again is suspended. A rule in shadow is not: nobody has seen it do anything.
func (r *run) overridden(s *Setting, open []triage.Action) bool {
	if _, suspended := r.memory.Suspensions[s.ID]; suspended {
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

// needs are the facts that rules asked for in the last round and that are not known. Of memberships each is known or not by itself.
func (r *run) needs() Needs {
	var n Needs
	around := &r.memory.Context
	for i, v := range r.verdicts {
		if v == nil || r.findings[i].Overridden {
			continue
		}
		n.Facts |= v.Needs
		for _, m := range v.Memberships {
			if _, known, hidden := around.Answer(m); !known && !hidden && !slices.Contains(n.Memberships, m) {
				n.Memberships = append(n.Memberships, m)
			}
		}
	}
	n.Facts &^= around.Known | triage.NeedMemberships
	if len(n.Memberships) > 0 {
		n.Facts |= triage.NeedMemberships
	}
	return n
}
