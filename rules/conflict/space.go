package conflict

import (
	"slices"
	"time"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

// searchTime is when everything in a search happens: a Monday.
var searchTime = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// space is the issues of a search.
type space struct {
	states      []string // workflow labels; the first is "", none
	weights     []*int   // the first is nil, none
	team        []string // labels of every issue of the team
	weightScope string   // of the weight labels that it knows
	particulars []particular
	known       map[string]bool // labels that are in the space
	limit       int             // of labels among the particulars
	leftOut     []string
}

// particular is what sets an issue apart: a label or a circumstance.
type particular struct {
	label   string      // "" for a circumstance
	words   string      // of a circumstance
	event   triage.Kind // happened instead of the opening; 0 leaves that
	sets    func(*triage.Issue, *triage.Memory)
	free    bool // only where the weight field is empty
	foreign bool // the team's labels are not on it
}

// newSpace has the labels that the team and the rules' options name.
func newSpace(p engine.Policy, b Bound) space {
	s := space{
		states: []string{""}, weights: []*int{nil}, team: slices.Clone(p.Team.TeamConfig.Labels), weightScope: p.Team.WeightScope(p.Team.Side),
		known: map[string]bool{}, limit: b.Labels,
	}
	if group := p.Team.GroupLabel; group != "" && !slices.Contains(s.team, group) {
		s.team = append(s.team, group)
	}
	for _, l := range s.team {
		s.known[l] = true
	}
	for _, state := range p.Team.Workflow.States() {
		label := p.Team.State(state.Name)
		s.states = append(s.states, label)
		s.known[label] = true
	}
	for _, w := range weights(p.Team.Scale, b) {
		s.weights = append(s.weights, triage.Int(w))
	}
	s.particulars = nonLabelParticulars(p.Team)
	if slices.ContainsFunc(p.Settings, func(s engine.Setting) bool { return s.Looks != nil }) {
		s.particulars = append(s.particulars, particular{words: "looked at after years", event: triage.Swept, sets: untouched})
	}
	s.addLabels(initialLabels(p, b))
	return s
}

// weights are 0 to the bound's, or the scale of a team that has another one, with the weight beyond its top. A team without weights has none.
func weights(scale *triage.Scale, b Bound) []int {
	if handbook := triage.HandbookScale(); !slices.Equal(scale.Values, handbook.Values) {
		if scale.Off() {
			return nil
		}
		return append(slices.Clone(scale.Values), scale.Top()+1)
	}
	var all []int
	for w := range b.Weight + 1 {
		all = append(all, w)
	}
	return all
}

// initialLabels are the labels to begin with. Of a role's names the one that is written comes before all aliases, which are the first to be
// left out.
func initialLabels(p engine.Policy, b Bound) []string {
	team := p.Team
	var labels []string
	if scope := triage.Scope(team.GroupLabel); scope != "" {
		labels = append(labels, triage.Scoped(scope, "another team"))
	}
	for _, s := range p.Settings {
		for _, o := range s.Meta.Options {
			if label, ok := s.Options[o.Name].(string); ok && label != "" {
				labels = append(labels, label)
			}
		}
	}
	var aliases []string
	for _, d := range triage.LabelDefaults() {
		if !d.Scope {
			labels = append(labels, team.Label(d.Role))
			aliases = append(aliases, team.LabelNames(d.Role)[1:]...)
		}
	}
	labels = append(labels, team.TriageLabels()...)
	for _, w := range weights(team.Scale, b) {
		labels = append(labels, team.WeightLabel(team.Side, w))
	}
	return slices.Concat(labels, policyLabels(p), aliases)
}

// policyLabels are the labels that policies look at. They come behind those of the catalogue's rules, for which there has to be room.
func policyLabels(p engine.Policy) []string {
	var labels []string
	for _, s := range p.Settings {
		if s.Looks != nil {
			labels = append(labels, s.Looks.Labels...)
		}
	}
	return slices.DeleteFunc(labels, func(l string) bool { return l == policy.None || l == policy.Any })
}

// addLabels takes labels into the space, as long as there is room.
func (s *space) addLabels(labels []string) {
	for _, l := range labels {
		if s.known[l] {
			continue
		}
		s.known[l] = true
		if s.limit <= 0 {
			s.leftOut = append(s.leftOut, l)
			continue
		}
		s.limit--
		weighs := triage.Scope(l) == s.weightScope
		s.particulars = append(s.particulars, particular{label: l, free: weighs})
	}
}

// nonLabelParticulars are the particulars that are not labels.
func nonLabelParticulars(team *triage.Team) []particular {
	return []particular{
		{words: "changed", event: triage.Updated | triage.AllChanges},
		{words: "closed", event: triage.Closed | triage.Updated},
		{words: "reopened", event: triage.Reopened | triage.Updated},
		{words: "looked at in a sweep", event: triage.Swept},
		{words: "commented", event: triage.Noted | triage.Awarded},
		{words: "assigned", sets: func(i *triage.Issue, _ *triage.Memory) { i.Assignees = []triage.Person{{ID: 3, Username: "carl"}} }},
		{words: "with a milestone", sets: func(i *triage.Issue, _ *triage.Memory) { i.Milestone = 1 }},
		{words: "past its SLO", sets: func(_ *triage.Issue, m *triage.Memory) { m.SeverityAt = searchTime.AddDate(-1, 0, 0) }},
		{words: "in a milestone that has ended", sets: func(i *triage.Issue, m *triage.Memory) {
			i.Milestone = 2
			m.Context.Milestone = triage.MilestoneFacts{ID: 2, Title: "18.9", Start: "2026-01-10", Due: "2026-02-13", Next: "18.10"}
		}},
		{words: "linked and agreed on", sets: func(_ *triage.Issue, m *triage.Memory) { m.Context = fullContext(team) }},
		{words: "where there is no weight field", free: true, sets: func(i *triage.Issue, _ *triage.Memory) { i.NoWeights = true }},
		{words: "without the team's labels", foreign: true},
	}
}

// untouched is an issue with which nobody did anything for ten years.
func untouched(i *triage.Issue, m *triage.Memory) {
	i.CreatedAt, i.UpdatedAt = searchTime.AddDate(-10, 0, 0), searchTime.AddDate(-10, 0, 0)
	m.ActiveAt = i.UpdatedAt
}

// fullContext has a link of every kind and the agreement of everybody who counts.
func fullContext(team *triage.Team) triage.Context {
	a := triage.Context{Known: everything, LoadedAt: searchTime, Agreements: map[string]triage.Agreement{}, AccessLevels: map[string]int{}}
	for _, kind := range []string{triage.RelatesTo, triage.Blocks, triage.BlockedBy} {
		a.Links = append(a.Links, triage.Link{Kind: kind, Created: searchTime})
	}
	for n, name := range append([]string{"dora", "emil"}, team.People(triage.Roles()...)...) {
		a.Agreements[name] = triage.Agreement{ID: int64(10 + n), Thumb: true}
		a.AccessLevels[name] = triage.Developer
	}
	return a
}

// everything is all that could be loaded about an issue.
const everything = ^triage.Need(0)

// labels are the particulars that are labels.
func (s *space) labels() []string {
	var labels []string
	for _, p := range s.particulars {
		if p.label != "" {
			labels = append(labels, p.label)
		}
	}
	return labels
}

// circumstances are the others, in words.
func (s *space) circumstances() []string {
	var words []string
	for _, p := range s.particulars {
		if p.label == "" {
			words = append(words, p.words)
		}
	}
	return words
}

// sets are all sets of up to size particulars with at least one from the given place on, small ones first. The empty set belongs to
// place 0.
func (s *space) sets(size, from int) [][]particular {
	var all [][]particular
	if from == 0 {
		all = append(all, nil)
	}
	smaller := [][]int{nil}
	for range size {
		var larger [][]int
		for _, set := range smaller {
			for n := lastOf(set) + 1; n < len(s.particulars); n++ {
				larger = append(larger, append(slices.Clone(set), n))
			}
		}
		for _, set := range larger {
			if lastOf(set) >= from {
				all = append(all, s.pick(set))
			}
		}
		smaller = larger
	}
	return all
}

func lastOf(set []int) int {
	if len(set) == 0 {
		return -1
	}
	return set[len(set)-1]
}

func (s *space) pick(set []int) []particular {
	picked := make([]particular, len(set))
	for i, n := range set {
		picked[i] = s.particulars[n]
	}
	return picked
}

// teamLabels are the team's labels on an issue with these particulars.
func (s *space) teamLabels(set []particular) []string {
	if slices.ContainsFunc(set, func(p particular) bool { return p.foreign }) {
		return nil
	}
	return s.team
}
