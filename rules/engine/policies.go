package engine

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"flowkeeper/rules/triage"
)

// Policies run in the order of their files, each on what the ones before it made of the issue, as a run of the gitlab-triage gem has it: a later one
// sees the labels and the state that an earlier one wants, and updated_at as new as if that had been written.
//
// The gem comes again the next night, and an earlier rule then sees what a later one did. Here nothing comes again: GitLab's word of the bot's own
// write is dropped. So a policy is asked again in the same decision when something has changed that it looks at, until nothing changes any more. A
// policy that has acted does not act again in the decision, but for the labels that it takes off when its conditions hold no more. That is the end of every chain, and of two policies that would undo each other's work
// for ever: when all is quiet, one that has acted and would have to act again contradicts whatever took its work back.
//
// A pair of "mark as stale" and "take the mark off when there is activity" is quiet, because activity is what people do (see policy.age).

// markPolicies marks the policies that have to be asked: those that look at what happened, those that are due, and those that are involved. All of
// them are asked once about an issue that they have not been asked about, whatever happened: a date of the past makes a policy hold without an
// event, and one of the future has to be waited for.
func (r *run) markPolicies() {
	x, first := r.policy.Index.policies, r.policy.Index.catalogue
	if x == nil {
		r.memory.PoliciesAsked = ""
		return
	}
	r.markUnasked()
	for rule, at := range r.memory.Wakes {
		n := r.policy.index(rule)
		switch {
		case n < 0:
			delete(r.memory.Wakes, rule) // of a policy that is no more
		case n >= first && !r.in.Now.Before(at):
			r.todo.add(n)
		}
	}
	for rule := range r.involved {
		if n := r.policy.index(rule); n >= first {
			r.todo.add(n)
		}
	}
	x.markEvents(r.todo, r.in.Events)
	x.markKinds(r.todo, r.in.Kinds&triage.Swept) // also where a snooze of all rules has ended
	x.markChange(r.todo, r.memory.Issue, &r.in.Issue)
}

// markUnasked marks all policies if others were asked, or none.
func (r *run) markUnasked() {
	set := r.policy.Index.policies.subjects[r.in.Issue.Kind]
	if set == nil {
		r.memory.PoliciesAsked = ""
		return
	}
	if r.memory.PoliciesAsked == set.Digest {
		return
	}
	for _, n := range set.places {
		r.todo.add(n)
	}
	r.memory.PoliciesAsked = set.Digest
}

// runPolicies asks the policies that are marked, and those that the changes of others mark, until there are none. It reports whether one has acted.
func (r *run) runPolicies() (acted bool, err error) {
	if r.todo == nil {
		return false, nil
	}
	for n := r.todo.next(0); n >= 0; n = r.todo.next(0) {
		for ; n >= 0; n = r.todo.next(n + 1) {
			r.todo.remove(n)
			did, err := r.runPolicy(n)
			if err != nil {
				return acted, err
			}
			acted = acted || did
		}
	}
	slices.SortFunc(r.looked[r.policy.Index.catalogue:], func(a, b looked) int { return cmp.Compare(a.place, b.place) })
	for n := r.policy.Index.catalogue; n < len(r.looked); n++ {
		r.places[r.looked[n].place] = n
	}
	return acted, nil
}

// runPolicy asks one policy and does what it wants. It reports whether that changed the issue.
func (r *run) runPolicy(n int) (acted bool, err error) {
	s := &r.policy.Settings[n]
	if s.Subject != r.in.Issue.Kind {
		return false, nil
	}
	l := r.look(n)
	if reason := r.policySkipped(s); reason != "" {
		l.finding.Reason = reason
		return false, nil
	}
	v := r.askPolicy(s)
	act := actOf(v)
	if r.acted[n]&act != 0 {
		return false, nil
	}
	open := r.evaluate(l, v)
	if l.finding.Overridden || v.Needs != 0 {
		return false, nil
	}
	begins := r.keepSpell(s, v)
	if s.Mode != triage.Act {
		return false, nil
	}
	if begins {
		r.begins = append(r.begins, s.ID)
	}
	before := r.in.Issue
	if len(open) > 0 {
		wants := make([]Planned, len(open))
		for i, a := range open {
			wants[i] = Planned{s.ID, a}
		}
		if err := r.applyRound(wants); err != nil {
			return false, err
		}
		if r.acted == nil {
			r.acted = map[int]policyAct{}
		}
		r.acted[n] |= act
	}
	then := v
	if len(open) > 0 {
		if then = s.Decide(r.in, s.Options); l.verdict != nil {
			l.verdict.Wake = then.Wake
		}
	}
	switch {
	case v.Holds:
		r.speak(s, v, then, open, before)
	case !v.Itself:
		forgetUnassigned(r.memory, s.ID)
	}
	return len(open) > 0, nil
}

// policyAct is what a policy has done in a decision, as a set.
type policyAct uint8

const (
	didHolding    policyAct = 1 << iota // what it wants while its conditions hold
	didWithdrawal                       // what it wants when they hold no more
)

func actOf(v triage.Verdict) policyAct {
	if v.Holds {
		return didHolding
	}
	return didWithdrawal
}

// look begins to look at a policy, or goes on.
func (r *run) look(n int) *looked {
	if l := r.at(n); l != nil {
		return l
	}
	s := &r.policy.Settings[n]
	if r.places == nil {
		r.places = map[int]int{}
	}
	r.places[n] = len(r.looked)
	r.looked = append(r.looked, looked{place: n, setting: s, finding: &Finding{Rule: s.ID, Mode: s.Mode}})
	return &r.looked[len(r.looked)-1]
}

// policySkipped says why a policy is not asked, or "".
func (r *run) policySkipped(s *Setting) string {
	switch {
	case s.Mode == triage.Off:
		return "the rule is off"
	case r.outside != "" && !s.Everywhere:
		return r.outside
	}
	if silence, silent := silence(r.memory, s.ID); silent {
		return silenceReason(silence)
	}
	return ""
}

// askPolicy asks a policy. In mode act it does not act again because the bot's own changes ended its conditions, and it begins on no more issues
// in an hour than it may.
func (r *run) askPolicy(s *Setting) triage.Verdict {
	v := r.resume(s)
	v.Actions = r.withoutRefused(v.Actions)
	if s.Mode != triage.Act {
		return v
	}
	if v.Itself {
		v.Actions = nil
	}
	until, limited := r.limits[s.ID]
	if spell := r.memory.Spells[s.ID]; limited && v.Holds && isOver(spell) {
		return triage.Verdict{Reason: v.Reason + "; the rule has begun to act on as many issues as it may in an hour, again after " + formatTime(until), Wake: until}
	}
	return v
}

// withoutRefused are actions without those that GitLab did not do when it was told, as to assign somebody whom it does not know. They are not tried
// again, and keep nobody from the rest of a policy.
func (r *run) withoutRefused(actions []triage.Action) []triage.Action {
	refused := func(a triage.Action) bool {
		u, undone := r.memory.Undone[a.Key()]
		return undone && u.By == triage.ByGitLab && u.What == a.String()
	}
	if !slices.ContainsFunc(actions, refused) {
		return actions
	}
	return slices.DeleteFunc(slices.Clone(actions), refused)
}

// checkPolicies looks for policies whose work was taken back in this decision, so that they would have to act again.
func (r *run) checkPolicies() error {
	for _, n := range slices.Sorted(maps.Keys(r.acted)) {
		s := &r.policy.Settings[n]
		v := s.Decide(r.in, s.Options)
		if !v.Holds {
			continue
		}
		for _, a := range r.withoutRefused(v.Actions) {
			if !a.Done(r.in.Issue) {
				return r.policyContradiction(Planned{s.ID, a})
			}
		}
	}
	return nil
}

// policyContradiction names what took a policy's work back.
func (r *run) policyContradiction(w Planned) error {
	for _, other := range slices.Backward(r.plan) {
		if other.Action != w.Action && !w.Action.Done(other.Action.Apply(w.Action.Apply(r.in.Issue))) {
			return fmt.Errorf("%w: %s wants to %s, %s wants to %s", ErrContradiction, w.Rule, w.Action, other.Rule, other.Action)
		}
	}
	return fmt.Errorf("%w: %s wants to %s again and again", ErrContradiction, w.Rule, w.Action)
}

// forgetUnassigned forgets whom a policy took off an issue when its conditions hold no more: who is assigned from now on undoes nothing.
func forgetUnassigned(m *triage.Memory, rule string) {
	key := triage.Unassign{}.Key()
	if own := m.BotChanges[key]; own.Rule == rule && own.Unassigned != "" {
		delete(m.BotChanges, key)
	}
}
