// Package conflict finds rules that contradict each other before an issue does: it has the engine decide many small issues and looks
// for those that come to no end. It decides nothing by itself; what it finds is what would happen.
package conflict

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// Bound is how far Search goes. Its time grows with the number of particulars to the power of Together.
type Bound struct {
	Weight    int // weights are none and 0 to this
	Together  int // particulars on one issue at a time
	Labels    int // different labels among the particulars, at most
	Conflicts int // reported at most
	Policies  int // searched at most, those first that name labels of the catalogue's rules; policy.Fights looks at all
}

// DefaultBound is what flowkeeper check searches: no weight and 0 to 6, two particulars at a time. With the handbook's policy that
// is some 230,000 issues and takes a few seconds.
func DefaultBound() Bound {
	return Bound{Weight: 6, Together: 2, Labels: 64, Conflicts: 5, Policies: 12}
}

// Search decides small issues, one after the other and without chance, to find two rules that want contradicting things or an issue
// that never settles: one for which the engine gives ErrContradiction, or wants something again when it is asked about its own result.
//
// The issues are those of the team in every workflow state or none × with no weight or 0 to Bound.Weight × with up to Bound.Together
// particulars at a time, just opened and new to the bot. Particulars are
//
//   - the labels, beside the team's own, that the configuration names for a role, in an option of an active rule or in a policy; the types, severities,
//     priorities and, where the weight field is empty, weight labels of the team's side that rules speak of; another team's group label;
//     and what plans add in the search;
//   - the circumstances: changed, closed, reopened, swept or commented instead of opened; assigned; with a milestone; linked and agreed on;
//     on a GitLab without a weight field; without the team's labels; with policies also untouched for years.
//
// Not searched are misspelt labels, other types of work, what the bot may remember of an issue, and time that passes. Facts that rules
// would have to load are known.
//
// The same policy gives the same report. The only error is the context's.
func Search(ctx context.Context, p engine.Policy, b Bound) (Report, error) {
	s := search{policy: withoutSilentRules(p), bound: b, found: map[string]ordinal{}}
	s.policy, s.policiesLeftOut = withFewPolicies(s.policy, b)
	s.space = newSpace(s.policy, b)
	for from := 0; from < len(s.space.particulars); {
		to := len(s.space.particulars)
		added, err := s.searchFrom(ctx, from)
		if err != nil {
			return Report{}, fmt.Errorf("searching for contradictions: %w", err)
		}
		s.space.addLabels(added)
		from = to
	}
	return s.report(), nil
}

// withoutSilentRules is the policy without the rules that change neither an issue nor what other rules are told.
func withoutSilentRules(p engine.Policy) engine.Policy {
	p.Settings = slices.DeleteFunc(slices.Clone(p.Settings), func(s engine.Setting) bool { return s.Mode < triage.Remind })
	p.Index = engine.NewIndex(p.Settings)
	return p
}

// withFewPolicies is the policy with as many policies as there is room for, and how many others there are. Every decision asks all of them, so that a
// search with hundreds would not end.
func withFewPolicies(p engine.Policy, b Bound) (few engine.Policy, others int) {
	var own, all []int
	known := knownLabels(p, b)
	for n := range p.Settings {
		if p.Settings[n].Looks == nil {
			continue
		}
		all = append(all, n)
		if slices.ContainsFunc(p.Settings[n].Names, func(l string) bool { return known[l] || known[triage.Scope(l)+"::"] }) {
			own = append(own, n)
		}
	}
	if others = len(all) - b.Policies; others <= 0 {
		return p, 0
	}
	kept := slices.Concat(own, slices.DeleteFunc(all, func(n int) bool { return slices.Contains(own, n) }))[:b.Policies]
	var settings []engine.Setting
	for n, s := range p.Settings {
		if s.Looks == nil || slices.Contains(kept, n) {
			settings = append(settings, s)
		}
	}
	p.Settings, p.Index = settings, engine.NewIndex(settings)
	return p, others
}

// knownLabels are the labels of the catalogue's rules and of the team's states, and with "::" behind them their scopes.
func knownLabels(p engine.Policy, b Bound) map[string]bool {
	p.Settings = slices.DeleteFunc(slices.Clone(p.Settings), func(s engine.Setting) bool { return s.Looks != nil })
	space := newSpace(p, b)
	for l := range maps.Clone(space.known) {
		if scope := triage.Scope(l); scope != "" {
			space.known[scope+"::"] = true
		}
	}
	return space.known
}

// search is one search being made.
type search struct {
	policy engine.Policy
	bound  Bound
	space  space

	policiesLeftOut int

	sets   int                // of particulars, in the passes so far
	issues int                // decided so far
	found  map[string]ordinal // the first issue of every clash, by the clash's key
}

// ordinal is an issue of the space and its place in the search.
type ordinal struct {
	at        int
	situation situation
}

// searchFrom decides all issues with a particular from the given one on, and returns the labels that plans added to them.
func (s *search) searchFrom(ctx context.Context, from int) ([]string, error) {
	sets := s.space.sets(s.bound.Together, from)
	var next atomic.Int64
	results := make([]share, runtime.GOMAXPROCS(0))
	var workers sync.WaitGroup
	for n := range results {
		results[n] = share{found: map[string]ordinal{}, added: map[string]bool{}}
		workers.Go(func() {
			for ctx.Err() == nil {
				set := int(next.Add(1)) - 1
				if set >= len(sets) {
					return
				}
				s.searchSet(&results[n], s.sets+set, sets[set])
			}
		})
	}
	workers.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.sets += len(sets)
	added := map[string]bool{}
	for _, r := range results {
		s.issues += r.issues
		maps.Copy(added, r.added)
		for key, o := range r.found {
			keepFirst(s.found, key, o)
		}
	}
	return slices.Sorted(maps.Keys(added)), nil
}

// share is what one worker found.
type share struct {
	issues int
	found  map[string]ordinal
	added  map[string]bool
}

// keepFirst makes the outcome independent of which worker was faster.
func keepFirst(found map[string]ordinal, key string, o ordinal) {
	if first, ok := found[key]; !ok || o.at < first.at {
		found[key] = o
	}
}

// searchSet looks at all issues with one set of particulars.
func (s *search) searchSet(r *share, number int, set []particular) {
	at := number * len(s.space.states) * len(s.space.weights)
	for _, state := range s.space.states {
		for _, weight := range s.space.weights {
			at++
			sit := situation{state: state, weight: weight, team: s.space.teamLabels(set), set: set}
			if !sit.possible() {
				continue
			}
			r.issues++
			c, outcome := s.decideTwice(sit)
			if c != nil {
				keepFirst(r.found, c.key(), ordinal{at, sit})
				continue
			}
			for _, l := range outcome {
				if !s.space.known[l] {
					r.added[l] = true
				}
			}
		}
	}
}

// clash is what the rules want of an issue and why that comes to no end.
type clash struct {
	wishes []engine.Planned
	why    string
}

// key names the rules that clash.
func (c *clash) key() string {
	rules := make([]string, len(c.wishes))
	for n, w := range c.wishes {
		rules[n] = w.Rule
	}
	slices.Sort(rules)
	return strings.Join(rules, " ")
}

// decideTwice decides an issue, and again on the outcome. It returns the labels that are then on it, or a clash.
func (s *search) decideTwice(sit situation) (*clash, []string) {
	events, issue, memory := sit.build()
	first, err := s.decide(events, issue, memory)
	if err != nil {
		return clashOf(first.Plan, issue), nil
	}
	if len(first.Plan) > 0 {
		first.Result.UpdatedAt = searchTime // the bot has just written
	}
	second, err := s.decide(events, first.Result, first.Memory)
	if err == nil && len(second.Plan) == 0 {
		return nil, first.Result.Labels
	}
	return clashOfTwo(first.Plan, second.Plan, first.Result), nil
}

// decide has the engine decide. Nothing else of the search calls it.
func (s *search) decide(events []triage.Event, issue triage.Issue, memory triage.Memory) (engine.Decision, error) {
	d, _, err := engine.Decide(s.policy, engine.Case{Issue: issue, Memory: memory, Events: events, Now: searchTime})
	return d, err
}

// clashOf finds the two wishes of a failed decision that exclude each other, the latest such; earlier ones may have been steps of a chain.
// If there are none, it went on and on.
func clashOf(plan []engine.Planned, issue triage.Issue) *clash {
	for n, w := range slices.Backward(plan) {
		for _, old := range slices.Backward(plan[:n]) {
			if undoes(w.Action, old.Action, issue) {
				return &clash{[]engine.Planned{old, w}, "both cannot be"}
			}
		}
	}
	last := plan[len(plan)-1]
	c := &clash{[]engine.Planned{last}, "it never settles"}
	for _, w := range slices.Backward(plan) {
		if w.Rule != last.Rule {
			c.wishes = []engine.Planned{w, last}
			break
		}
	}
	return c
}

// clashOfTwo is the clash of a decision with the one before.
func clashOfTwo(first, second []engine.Planned, result triage.Issue) *clash {
	for _, w := range second {
		for _, old := range first {
			if old.Action != w.Action && undoes(w.Action, old.Action, result) {
				return &clash{[]engine.Planned{old, w}, "the second comes when the first was done"}
			}
		}
	}
	return &clash{second[:1], "it comes when all that was wanted was done"}
}

// undoes reports whether a second action takes back a first.
func undoes(second, first triage.Action, issue triage.Issue) bool {
	return !first.Done(second.Apply(first.Apply(issue)))
}
