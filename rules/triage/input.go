package triage

import (
	"slices"
	"time"
)

// Input is everything that a decision depends on. Rules ask it instead of reading the labels themselves: it knows the team's names and reads a
// misspelt label as the one that is meant.
type Input struct {
	Events []Event
	Kinds  Kind // of the events and of the changes already planned in this decision
	Issue  Issue
	Memory *Memory
	Team   *Team
	Now    time.Time
	// Planned is the label of a workflow state that the decision itself put on the issue last, "" for none.
	Planned string

	// RuleIsOn reports whether another rule is on, for one that leaves something to it. nil: none is.
	RuleIsOn func(rule string) bool

	labels []string     // the issue's, in their known spelling
	scopes []scopeLabel // one entry for each scope on the issue
	roles  uint64       // bit set of the label roles present
	state  string       // the workflow state, "" for none

	stateLabel string    // the label, or that of a status, from which it is
	chosenOf   [2]string // the label and the status of which it was chosen
	is         Meaning   // of the state
}

// scopeLabel is what counts of a scope on the issue.
type scopeLabel struct {
	scope  string
	winner string
	shared bool // there are several different labels
}

// NewInput prepares the facts that rules ask for. Memory may be nil for an issue never seen.
func NewInput(team *Team, events []Event, issue Issue, memory *Memory, now time.Time) Input {
	if memory == nil {
		memory = &Memory{}
	}
	in := Input{Events: events, Kinds: KindsOf(events).Effective(), Memory: memory, Team: team, Now: now}
	return in.With(issue)
}

// With is the same input for another state of the issue.
func (in Input) With(issue Issue) Input {
	in.Issue, in.labels, in.scopes, in.roles = issue, issue.Labels, nil, 0
	for n, l := range issue.Labels {
		known := in.Team.Canonical(l)
		if known != l {
			if &in.labels[0] == &issue.Labels[0] {
				in.labels = slices.Clone(issue.Labels)
			}
			in.labels[n] = known
		}
		in.roles |= in.Team.meaning[known]
		if scope := in.Team.ScopeOf(known); scope != "" {
			in.addToScope(scope, known)
		}
	}
	in.chooseStateLabel()
	in.state, _ = in.Team.StateOf(in.stateLabel)
	in.is = in.Team.Workflow.State(in.state).Is
	return in
}

// addToScope enters a label for its scope: of several, the one added last counts, else the one further along in the workflow, else
// the last in GitLab's list.
func (in *Input) addToScope(scope, label string) {
	for n := range in.scopes {
		s := &in.scopes[n]
		if s.scope != scope {
			continue
		}
		if s.winner == label {
			return
		}
		s.shared = true
		at, best := in.addedAt(label), in.addedAt(s.winner)
		if at.After(best) || at.Equal(best) && in.rank(label) >= in.rank(s.winner) {
			s.winner = label
		}
		return
	}
	if in.scopes == nil {
		in.scopes = make([]scopeLabel, 0, len(in.labels))
	}
	in.scopes = append(in.scopes, scopeLabel{scope: scope, winner: label})
}

// Labels are the issue's labels in their known spelling, one for each of Issue.Labels and in its order. They may repeat.
func (in *Input) Labels() []string { return in.labels }

// Has reports whether the issue carries a label of the role.
func (in *Input) Has(r LabelRole) bool { return in.roles&(1<<r) != 0 }

// HasLabel reports whether the issue carries the label, in whatever spelling.
func (in *Input) HasLabel(label string) bool { return slices.Contains(in.labels, label) }

// StateLabel is the label that counts of the workflow's, or that of a status; "" if the issue has none.
func (in *Input) StateLabel() string { return in.stateLabel }

// chooseStateLabel finds out which label counts for the workflow state. While label and status stay as they are, so does the choice: what it rests on
// is brought up to date by the decision itself.
func (in *Input) chooseStateLabel() {
	label, status := in.StateLabels()
	switch {
	case status == "":
		in.stateLabel = label
	case label == "" || in.Team.Store == StoreStatus:
		in.stateLabel = status
	case in.chosenOf != [2]string{label, status}:
		in.stateLabel = in.lastTouched(label, status)
	}
	in.chosenOf = [2]string{label, status}
}

// StateLabels are the issue's label of the workflow and the label of its status, each "" for none, whichever of them counts.
func (in *Input) StateLabels() (label, status string) {
	if in.Team.KeepsStatus() {
		status = in.Winner(statusScope)
	}
	return in.Winner(in.Team.StateScope()), status
}

// lastTouched is which of the issue's label of the workflow and its status somebody touched last, where the two are to be in step: by the bot's plan, by
// the events or, where these do not tell, the status if it alone is not as it was remembered, or if the issue got it by being closed. Of what nobody knows,
// the label counts: GitLab gives every issue some status.
func (in *Input) lastTouched(label, status string) string {
	ofLabel, ofStatus := in.Team.states[label], in.Team.states[status]
	switch {
	case ofLabel == ofStatus || ofStatus == "":
		return label
	case in.Planned == label || in.Planned == status:
		return in.Planned
	}
	switch byLabel, byStatus := in.addedAt(label), in.addedAt(status); {
	case byStatus.After(byLabel):
		return status
	case byLabel.After(byStatus):
		return label
	case in.Memory.StateEntry.State == ofLabel && in.isAnotherStatus(status):
		return status
	case in.Issue.Closed && in.Team.ends(ofStatus) && !in.Team.ends(ofLabel):
		return status
	}
	return label
}

// ends reports whether issues in a state are closed.
func (t *Team) ends(state string) bool {
	is := t.Workflow.State(state).Is
	return is == Done || is == Dropped
}

// isAnotherStatus reports whether the issue had another status when it was seen last. Label events, from which a lost memory is restored, tell nothing
// of that.
func (in *Input) isAnotherStatus(status string) bool {
	before := in.Memory.Issue
	if before == nil {
		return false
	}
	name := before.ShownStatus()
	return name != "" && in.Team.statusLabel(name) != status
}

// LabelMoved reports whether the workflow label was set just now, by somebody or by the decision itself, or the issue opened with it, and its status was
// not set after it.
func (in *Input) LabelMoved() bool {
	label, status := in.StateLabels()
	if label == "" {
		return false
	}
	return in.Planned == label || in.Kinds&Opened != 0 && in.addedAt(status).IsZero() || in.addedAt(label).After(in.addedAt(status))
}

// Winner is the label that counts of a scope, which is one of Team.ScopeOf, in its known spelling; "" if the issue has none of it.
func (in *Input) Winner(scope string) string {
	for n := range in.scopes {
		if in.scopes[n].scope == scope {
			return in.scopes[n].winner
		}
	}
	return ""
}

// SharedScopes lists the scopes of which the issue carries several labels.
func (in *Input) SharedScopes() []string {
	var shared []string
	for n := range in.scopes {
		if in.scopes[n].shared {
			shared = append(shared, in.scopes[n].scope)
		}
	}
	return shared
}

// rank orders workflow labels along the path; all others are equal.
func (in *Input) rank(label string) int {
	if state, ok := in.Team.StateOf(label); ok {
		return in.Team.Workflow.Rank(state)
	}
	return -1
}

// addedAt is when the events say a label was last added; zero if they do not.
func (in *Input) addedAt(label string) time.Time {
	var last time.Time
	for _, e := range in.Events {
		for _, l := range e.Changes.Added {
			if in.Team.Canonical(l) == label && e.At.After(last) {
				last = e.At
			}
		}
	}
	return last
}

// State is the name of the issue's workflow state, "" if it has none. It may be one that people made up.
func (in *Input) State() string { return in.state }

// Is reports whether the issue's workflow state means one of these.
func (in *Input) Is(meanings ...Meaning) bool { return slices.Contains(meanings, in.is) }

// Where says in a sentence in which workflow state the issue is: "in development".
func (in *Input) Where() string { return in.Team.Workflow.State(in.state).Where }

// NotIn is the verdict for an issue that is in no state with one of these meanings, from a rule about such states. It says so of this issue or, if
// the team has no such state, of all issues.
func (in *Input) NotIn(meanings ...Meaning) Verdict {
	w := in.Team.Workflow
	if n := slices.IndexFunc(meanings, w.Has); n > 0 {
		return Nothing(w.elsewhere[meanings[n]])
	}
	return Nothing(w.elsewhere[meanings[0]])
}

// ScopedValue is the value of a scope role: in.ScopedValue(TypeScope) is "bug" for an issue with "type::bug"; "" if there is none.
func (in *Input) ScopedValue(r LabelRole) string {
	if (r == SeverityScope || r == PriorityScope) && in.Team.Levels(r).Off() {
		return ""
	}
	if l := in.Winner(in.Team.Label(r)); l != "" {
		return Value(l)
	}
	return ""
}

// TwoSided reports whether both backend and frontend work on the issue, each with a weight of its own.
func (in *Input) TwoSided() bool {
	return in.Has(Backend) && in.Has(Frontend) && in.Team.Scale.HasSides()
}

// IsSecurity reports whether the issue is a security issue: it carries the label, whatever its type.
func (in *Input) IsSecurity() bool { return in.Has(Security) }

// Weight is the effective weight of the team: its side's label, else the weight field of a one-sided issue; nil is none, as for all issues of a
// team without weights.
func (in *Input) Weight() *int {
	if in.Team.Scale.Off() {
		return nil
	}
	if w := in.sideWeight(); w != nil {
		return w
	}
	if in.TwoSided() || in.hasNoWeightField() {
		return nil
	}
	return in.Issue.Weight
}

// WeightAction is the action that gives the issue an effective weight, where such a weight lives.
func (in *Input) WeightAction(weight int) SetWeight {
	if in.sideWeight() != nil || in.TwoSided() || in.hasNoWeightField() {
		return in.Team.SideWeight(in.Team.Side, weight)
	}
	return SetWeight{Value: weight}
}

// BaseWeight is the estimate before the extra level for security issues; nil is none.
func (in *Input) BaseWeight() *int {
	w := in.Weight()
	if b := in.Memory.Bump; b != nil && w != nil && *w == b.To {
		return Int(b.From)
	}
	return w
}

// hasNoWeightField reports whether this GitLab keeps no weights.
func (in *Input) hasNoWeightField() bool { return in.Issue.NoWeights || in.Memory.WeightDropped }

// sideWeight is the weight that the side's scoped label carries, nil without a readable one.
func (in *Input) sideWeight() *int {
	if n, ok := in.Team.WeightOf(in.Winner(in.Team.sideScope), in.Team.Side); ok {
		return Int(n)
	}
	return nil
}

// MilestoneFacts are what GitLab tells of the issue's milestone; ok is false if that has to be looked up, for NeedMilestone.
func (in *Input) MilestoneFacts() (facts MilestoneFacts, ok bool) {
	facts = in.Memory.Context.Milestone
	return facts, in.Knows(NeedMilestone) && facts.ID == in.Issue.Milestone
}

// WeightSet reports whether the events gave the issue a weight: at its opening, in the weight field or by the side's label.
func (in *Input) WeightSet() bool {
	return slices.ContainsFunc(in.Events, func(e Event) bool { return e.Kind&Opened != 0 || in.Team.SetsWeight(e) })
}

// LabelAdded reports whether the events put a label of the role on the issue.
func (in *Input) LabelAdded(r LabelRole) bool {
	for _, e := range in.Events {
		for _, l := range e.Changes.Added {
			if in.Team.meaning[in.Team.Canonical(l)]&(1<<r) != 0 {
				return true
			}
		}
	}
	return false
}
