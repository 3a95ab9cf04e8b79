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
	InScope    bool      // false: nothing looks at the issue, Reason says why, and only commands are answered
	Reason     string    // why the team's own rules leave the issue alone, "" if they do not; policies may look at it all the same
	Pending    Pending   // what commands want, those of the case's comments included
	Findings   []Finding // of every rule of the catalogue and every policy that was looked at, in the order of the settings
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
	c = seeStatuses(p.Team, c)
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
	d, needs, err := decideRules(p, events, commands.issue, commands.memory, c.Facts.LimitReached, c.Now)
	d.Pending = commands.pending
	if err == nil && len(d.Pending.Questions) > 0 {
		err = answer(p, c, &d, &needs)
	}
	if !needs.Empty() {
		needs.Known = commands.surroundings(&d.Memory)
	}
	return d, needs, err
}

// decideRules has the rules decide on an issue, and once more if policies that go on with what they undertook contradict others: then they say what
// they have to say, and leave the issue as it is.
func decideRules(p Policy, events []triage.Event, issue triage.Issue, m triage.Memory, limits map[string]time.Time, now time.Time) (Decision, Needs, error) {
	if !hasUndertaken(&m) {
		return runRules(p, events, issue, m, limits, now)
	}
	before := m.Clone()
	d, needs, err := runRules(p, events, issue, m, limits, now)
	if err == nil {
		return d, needs, nil
	}
	leaveUndertaken(&before)
	return runRules(p, events, issue, before, limits, now)
}

// runRules has the rules decide on an issue. The memory is theirs to change; limits are when policies may begin to act on issues again.
func runRules(p Policy, events []triage.Event, issue triage.Issue, m triage.Memory, limits map[string]time.Time, now time.Time) (Decision, Needs, error) {
	if !p.Index.isOf(p.Settings) {
		p.Index = NewIndex(p.Settings)
	}
	if !slices.IsSortedFunc(events, byTime) {
		events = slices.SortedStableFunc(slices.Values(events), byTime)
	}
	updateTouched(&m, events)
	updateActive(&m, events, &issue)
	updateOnlyPolicies(&m, events)
	in := triage.NewInput(p.Team, events, issue, &m, now) // by the issue as it is remembered, too
	m.Issue = &issue
	in.RuleIsOn = p.isOn
	updateMergeRequests(&in)
	outside := outOfScope(in)
	if outside != "" && !p.Index.everywhere() {
		return Decision{Reason: outside, Result: issue, Memory: m}, Needs{}, nil
	}
	detectUndone(in)
	updateContext(&in)

	r := newRun(p, in, &m)
	r.outside, r.limits = outside, limits
	dropUnshadowed(p, &m)
	r.involved = rulesInvolved(&m)
	r.endSnoozes()
	if outside == "" {
		r.restoreRaced()
	}
	err := r.settle()
	r.in.Issue.UpdatedAt = issue.UpdatedAt // when the bot writes, GitLab's clock counts
	d := Decision{
		InScope: true, Reason: outside, Findings: r.allFindings(), Plan: r.plan, Result: r.in.Issue, Memory: m, Begins: r.begins, Undertaken: r.undertaken,
	}
	needs := r.needs()
	if err != nil {
		return d, needs, err
	}
	r.recordShadow()
	d.UpdateNote = r.shouldUpdateNote()
	if d.UpdateNote {
		d.Note, d.WakeAt = r.writeNote()
	} else {
		d.WakeAt = r.policiesWakeAt()
	}
	d.Comments = r.comments
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
	outside  string // why the team's own rules leave the issue alone, "" if they do not
	involved map[string]bool
	findings []Finding   // of the rules of the catalogue
	looked   []looked    // the rules of the catalogue by their places, then the policies that were looked at
	places   map[int]int // of the latter in looked, by their places among the settings
	plan     []Planned
	unknown  bool // an item depends on what the author may do, and that is not known
	// watchAgain is when a rule in shadow would ask for something that waits now; zero if none would.
	watchAgain time.Time

	// Of policies:
	limits     map[string]time.Time // when they may begin to act on issues again
	todo       places               // those still to be looked at
	acted      map[int]policyAct    // what those have done that have acted, by place; none does the same twice in a decision
	comments   []OwnComment
	begins     []string
	resumed    map[string]triage.Spell // as they were saved
	undertaken map[string]triage.Spell
}

// looked is one rule that was looked at.
type looked struct {
	place   int
	setting *Setting
	finding *Finding
	verdict *triage.Verdict // of the last round; nil for a rule that gave only a reason
}

// newRun begins a decision.
func newRun(p Policy, in triage.Input, m *triage.Memory) run {
	r := run{policy: p, in: in, memory: m, looked: make([]looked, p.Index.catalogue), findings: make([]Finding, p.Index.catalogue)}
	for n := range r.looked {
		s := &p.Settings[n]
		r.findings[n] = Finding{Rule: s.ID, Mode: s.Mode}
		r.looked[n] = looked{place: n, setting: s, finding: &r.findings[n]}
	}
	if p.Index.policies != nil {
		r.todo = newPlaces(len(p.Settings))
	}
	return r
}

// at is what was looked at of a rule, nil if it was not. What it points to moves when another policy is looked at.
func (r *run) at(place int) *looked {
	if place >= 0 && place < r.policy.Index.catalogue {
		return &r.looked[place]
	}
	if n, ok := r.places[place]; ok {
		return &r.looked[n]
	}
	return nil
}

// allFindings are what the rules said.
func (r *run) allFindings() []Finding {
	all := r.findings
	for _, l := range r.looked[r.policy.Index.catalogue:] {
		all = append(all, *l.finding)
	}
	return all
}

// settle has the rules of the catalogue and the policies answer each other until nothing more is wanted.
func (r *run) settle() error {
	if err := r.settleCatalogue(); err != nil {
		return err
	}
	r.markPolicies()
	for {
		acted, err := r.runPolicies()
		if err != nil {
			return err
		}
		if !acted {
			return r.checkPolicies()
		}
		if err := r.settleCatalogue(); err != nil {
			return err
		}
	}
}

// settleCatalogue repeats the rules of the catalogue until they want nothing more.
func (r *run) settleCatalogue() error {
	var last []Planned
	for range MaxRounds {
		wants := r.evaluateAll()
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

// evaluateAll asks every rule of the catalogue once and returns what those in mode act want and is not so yet.
func (r *run) evaluateAll() []Planned {
	var wants []Planned
	for n := range r.policy.Index.catalogue {
		l := &r.looked[n]
		if reason := r.skipReason(l.setting); reason != "" {
			if !l.finding.Evaluated {
				l.finding.Reason = reason
			}
			l.verdict = r.linesWhenClosed(l.setting)
			continue
		}
		for _, a := range r.evaluate(l, l.setting.DecideFor(r.in, l.setting.Options)) {
			if l.setting.Mode == triage.Act {
				wants = append(wants, Planned{l.setting.ID, a})
			}
		}
	}
	return wants
}

// evaluate records a rule's verdict, and returns the actions that it wants, that are not done yet and that people have not undone.
func (r *run) evaluate(l *looked, v triage.Verdict) []triage.Action {
	s, f := l.setting, l.finding
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
	l.verdict = nil
	f.Notable = f.Notable || len(f.Wants)+len(v.Items)+len(v.Lines) > 0 || f.Overridden || v.Comment != nil
	if !v.Silent() {
		spoken := v // a copy of its own, so that the many silent verdicts stay off the heap
		l.verdict = &spoken
	}
	return open
}

// linesWhenClosed are the lines that a rule keeps on the note of a closed issue, where it is not run; nil for none.
func (r *run) linesWhenClosed(s *Setting) *triage.Verdict {
	if !r.in.Issue.Closed || !r.memory.HasLine[s.ID] || s.Mode < triage.Remind {
		return nil
	}
	v := s.DecideFor(r.in, s.Options)
	return &triage.Verdict{Reason: v.Reason, Lines: v.Lines}
}

func (r *run) notDone(actions []triage.Action) []triage.Action {
	var open []triage.Action
	for _, a := range actions {
		if a = r.in.Team.Exclusive(a, r.in.Issue); !a.Done(r.in.Issue) {
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
		if remove, ok := a.(triage.RemoveLabel); ok && remove.Spent {
			continue // who set it again asks again
		}
		u, undone := r.memory.Undone[a.Key()]
		if undone && s.Follows && u.By != triage.ByGitLab {
			continue // it goes with what people do
		}
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
	for i := range r.looked {
		v := r.looked[i].verdict
		if v == nil || r.looked[i].finding.Overridden {
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
