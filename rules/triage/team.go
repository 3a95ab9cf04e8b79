package triage

import (
	"slices"
	"strconv"
	"strings"
)

// Role is what a person does for the team, as far as the handbook speaks of it.
type Role string

// The roles of the roster, by their configuration keys.
const (
	ProductManager     Role = "product_manager"
	EngineeringManager Role = "engineering_manager"
	ProductDesigner    Role = "product_designer"
	Engineers          Role = "engineers"
	AppSec             Role = "appsec"
	Quality            Role = "quality"
)

// Roles lists all roles in the order of the reference.
func Roles() []Role {
	return []Role{ProductManager, EngineeringManager, ProductDesigner, Engineers, AppSec, Quality}
}

// Title is how a sentence names the role when nobody is known to fill it.
func (r Role) Title() string {
	switch r {
	case Engineers:
		return "the engineers"
	case AppSec:
		return "the application security counterpart"
	case Quality:
		return "the quality counterpart"
	default:
		return "the " + strings.ReplaceAll(string(r), "_", " ")
	}
}

// LabelRole is what a label means to the rules, whatever it is called.
type LabelRole uint8

// The label roles. The last four are scopes: their names stand before the "::". Those of severity and priority are told by the team's levels.
const (
	Research LabelRole = iota
	Spike
	UX
	Security
	Backend
	Frontend
	Deliverable
	Duplicate
	Contributions
	QuickWin
	Regression
	FollowUp
	Customer
	Infradev
	UXDebt
	SLOMissed
	SLONear
	MissedDeliverable
	Skip
	WorkflowScope
	TypeScope
	SeverityScope
	PriorityScope
	labelRoles // their number
)

// LabelDefault is one label role with its configuration key and the handbook's names. The first name is the one that is written,
// all are recognised.
type LabelDefault struct {
	Role  LabelRole
	Key   string
	Names []string
	Scope bool // a scope, not a whole label
}

// LabelDefaults lists every label role in the order of the reference.
func LabelDefaults() []LabelDefault {
	return []LabelDefault{
		{Research, "research", []string{"needs research"}, false},
		{Spike, "spike", []string{"spike"}, false},
		{UX, "ux", []string{"UX"}, false},
		{Security, "security", []string{"security", "bug::vulnerability"}, false},
		{Backend, "backend", []string{"backend"}, false},
		{Frontend, "frontend", []string{"frontend"}, false},
		{Deliverable, "deliverable", []string{"Deliverable"}, false},
		{Duplicate, "duplicate", []string{"Duplicate"}, false},
		{Contributions, "contributions", []string{"Seeking community contributions"}, false},
		{QuickWin, "quick_win", []string{"quick win"}, false},
		{Regression, "regression", []string{"regression"}, false},
		{FollowUp, "follow_up", []string{"follow-up"}, false},
		{Customer, "customer", []string{"customer"}, false},
		{Infradev, "infradev", []string{"infradev"}, false},
		{UXDebt, "ux_debt", []string{"UX debt", "Deferred UX"}, false},
		{SLOMissed, "slo_missed", []string{"SLO::Missed", "missed-SLO"}, false},
		{SLONear, "slo_near", []string{"SLO::Near Miss", "approaching-SLO"}, false},
		{MissedDeliverable, "missed_deliverable", []string{"missed-deliverable"}, false},
		{Skip, "skip", []string{"triage report", "Planning Issue", "type::ignore", "retrospective"}, false},
		{WorkflowScope, "workflow", []string{"workflow"}, true},
		{TypeScope, "type", []string{"type"}, true},
	}
}

// TeamConfig is a team as configured: names, not yet indexed. Labels maps a role to its names; roles left out keep their defaults.
type TeamConfig struct {
	Name         string
	GroupLabel   string
	Labels       []string // every issue of the team carries these
	LabelledOnly bool     // only issues with GroupLabel are ours; otherwise all that carry no other group's label
	Side         string   // "backend" or "frontend": whose estimate a plain weight is
	Roster       map[Role][]string
	Names        map[LabelRole][]string
	Prefix       string    // of commands in comments, without slash; "" is DefaultPrefix
	Workflow     *Workflow // nil is the handbook's
	Scale        *Scale    // nil is the handbook's
	Severity     *Levels   // nil is the handbook's
	Priority     *Levels   // nil is the handbook's
	Store        Store     // where issues keep their workflow state; "" is in labels
	Docs         string    // address of the page with the rules, an anchor for each; "" for none
	Admin        string    // address of the bot's own pages, without a slash at its end; "" for none
}

// DefaultPrefix is the word with which commands in comments begin, behind a slash.
const DefaultPrefix = "flow"

// Team is a team with its labels indexed for fast look-up. It is not changed after NewTeam and may be shared.
type Team struct {
	TeamConfig
	names   [labelRoles][]string
	meaning map[string]uint64    // label → bit set of the roles it has
	exact   map[string]bool      // known labels
	known   map[string]string    // folded spelling → label
	sets    map[string]*LabelSet // of labels that exclude each other without a scope in common, by label

	sideScope string // of the side's weight labels

	states     map[string]string // names by label
	stateScope string            // of the workflow's labels, also of those for states that people make up; "" if they have none in common
	stateSet   *LabelSet         // the workflow's labels if GitLab does not know that they exclude each other; nil if their scope says it
}

// NewTeam indexes a team's labels.
func NewTeam(c TeamConfig) *Team {
	t := &Team{
		TeamConfig: c, meaning: map[string]uint64{}, exact: map[string]bool{}, known: map[string]string{}, sets: map[string]*LabelSet{},
	}
	t.setScales()
	for _, d := range LabelDefaults() {
		t.names[d.Role] = d.Names
		if own := c.Names[d.Role]; len(own) > 0 {
			t.names[d.Role] = own
		}
		if d.Scope {
			continue
		}
		for _, l := range t.names[d.Role] {
			t.meaning[l] |= 1 << d.Role
			t.addKnown(l)
		}
	}
	t.indexStates()
	t.indexLevels()
	for _, l := range slices.Concat(t.TriageLabels(), c.Labels) {
		t.addKnown(l)
	}
	if c.GroupLabel != "" {
		t.addKnown(c.GroupLabel)
	}
	return t
}

// setScales takes the handbook's for what the team does not say, and makes the weight labels known.
func (t *Team) setScales() {
	if t.Workflow == nil {
		t.Workflow = HandbookWorkflow()
	}
	if t.Scale == nil {
		t.Scale = HandbookScale()
	}
	if t.Severity == nil {
		t.Severity = HandbookSeverity()
	}
	if t.Priority == nil {
		t.Priority = HandbookPriority()
	}
	t.sideScope = t.WeightScope(t.Side)
}

// indexLevels makes the scopes of severities and priorities known, and of levels without a scope what stands for it.
func (t *Team) indexLevels() {
	for _, r := range []LabelRole{SeverityScope, PriorityScope} {
		levels := t.Levels(r)
		t.names[r] = []string{levels.Scope}
		if levels.Scope == "" {
			set := &LabelSet{scope: anyState + strconv.Itoa(int(r)), labels: levels.Values}
			t.names[r] = []string{set.scope}
			t.addSet(set)
		}
	}
}

// Levels are the team's severities or priorities, by SeverityScope or PriorityScope.
func (t *Team) Levels(r LabelRole) *Levels {
	if r == SeverityScope {
		return t.Severity
	}
	return t.Priority
}

// WeightScope is the scope of the labels that carry a side's weight: "backend-weight".
func (t *Team) WeightScope(side string) string { return t.Scale.scope(side) }

// WeightLabel is the label that carries a weight of a side: "backend-weight::3".
func (t *Team) WeightLabel(side string, weight int) string {
	return t.SideWeight(side, weight).label()
}

// WeightOf reads the weight that a label carries for a side; ok is false for all other labels.
func (t *Team) WeightOf(label, side string) (weight int, ok bool) {
	if Scope(label) != t.WeightScope(side) {
		return 0, false
	}
	n, err := strconv.Atoi(Value(label))
	return n, err == nil && n >= 0
}

// SideWeight is the action that gives a side a weight by its label.
func (t *Team) SideWeight(side string, weight int) SetWeight {
	set := SetWeight{Value: weight, Side: side}
	if scope := t.WeightScope(side); scope != handbookScale.scope(side) {
		set.Scope = scope
	}
	return set
}

// IssueTypes are the values of the type scope. A label scoped by one, such as bug::vulnerability, is a subtype of it.
func IssueTypes() []string { return []string{"bug", "feature", "maintenance"} }

// TriageLabels are the labels of the types, severities and priorities that rules speak of.
func (t *Team) TriageLabels() []string {
	var labels []string
	for _, kind := range IssueTypes() {
		labels = append(labels, Scoped(t.Label(TypeScope), kind))
	}
	severities, priorities := t.Severity.Labels(), t.Priority.Labels()
	for n := range max(len(severities), len(priorities)) {
		if n < len(severities) {
			labels = append(labels, severities[n])
		}
		if n < len(priorities) {
			labels = append(labels, priorities[n])
		}
	}
	return labels
}

// addKnown adds a label to those whose spelling is repaired. Of two known labels that differ in spelling only, each stands for itself, and any
// third spelling means the first.
func (t *Team) addKnown(label string) {
	t.exact[label] = true
	if _, taken := t.known[fold(label)]; !taken {
		t.known[fold(label)] = label
	}
}

// Label is the name to write for a role.
func (t *Team) Label(r LabelRole) string { return t.names[r][0] }

// LabelNames are all names by which a role is recognised, the one to write first.
func (t *Team) LabelNames(r LabelRole) []string { return t.names[r] }

// Canonical is the known label that differs from this one only in case or blanks, or else the label itself.
func (t *Team) Canonical(label string) string {
	if t.exact[label] {
		return label
	}
	var buffer [64]byte
	if known, ok := t.known[string(appendFolded(buffer[:0], label))]; ok {
		return known
	}
	return label
}

// SetsWeight reports whether an event gives the issue a weight that counts for the team: in the weight field or by a label of the team's side.
func (t *Team) SetsWeight(e Event) bool {
	if w := e.Changes.Weight; w != nil && w.To != nil {
		return true
	}
	return slices.ContainsFunc(e.Changes.Added, func(l string) bool { return Scope(l) == t.sideScope })
}

// CommandCode is a command as people write it, as a code span: `/flow weight 3`.
func (t *Team) CommandCode(command string) string {
	return Code("/" + t.CommandPrefix() + " " + command)
}

// CommandPrefix is the word with which commands begin, behind a slash.
func (t *Team) CommandPrefix() string {
	if t == nil || t.Prefix == "" {
		return DefaultPrefix
	}
	return t.Prefix
}

// People are the usernames that fill one of the roles.
func (t *Team) People(roles ...Role) []string {
	var people []string
	for _, r := range roles {
		people = append(people, t.Roster[r]...)
	}
	return people
}
