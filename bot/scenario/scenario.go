// Package scenario reads and plays scenarios: what an issue looks like, what people do to it, and what the rules decide after each of
// their steps. The files are txtar archives that policy authors can write by hand; strict reading finds their typos.
//
// The first lines say what is shown. Then come the parts, in this order:
//
//	-- team --      optional: group_label, labels, scope, side, roles, as in the configuration
//	-- rules --     optional: id: mode, or id: {mode: …, option: …}
//	-- issue --     optional: type, title, labels, weight, weights (false: this GitLab has none), closed, moved, author, assignee, milestone, age
//	-- memory --    optional: what the bot remembers: own, suspended, snoozed, bump, undone
//	-- around --    optional: what GitLab tells when it is asked: links, agreements (by comment or thumb), levels (30 for the author if not
//	                given), commented, closed_as (duplicate or moved); issues: the numbers of other issues that comments may name
//	-- event --     what one person does: by, kind, after, add, remove, weight, assign, milestone, text, internal, level, emoji, status
//	-- decision --  what the rules make of it; as many pairs of event and decision as the story needs
package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"golang.org/x/tools/txtar"

	"flowkeeper/rules/triage"
)

// Scenario is a story about one issue.
type Scenario struct {
	About  string
	Team   triage.TeamConfig
	Issue  triage.Issue
	Memory *triage.Memory
	Around triage.Around
	Issues []int64 // other issues of the project
	// ClosedAs is why the issue was closed, as GitLab tells it when it has finished that: "duplicate", "moved" or "".
	ClosedAs string
	Rules    map[string]Rule // what differs from the rules' defaults, by id
	Steps    []Step

	level int // of who writes at the moment
}

// Rule is how a scenario configures a rule. An empty mode keeps the default.
type Rule struct {
	Mode    string
	Options map[string]any
}

// Step is one thing that happens and the decision that is expected of it, as text.
type Step struct {
	Event    Event
	Expected string
}

// Event is one change by one person, as written in a scenario. Weight is a number, or "none" for a weight taken away.
type Event struct {
	By     string        `yaml:"by"`
	Kind   string        `yaml:"kind"`  // opened, closed, reopened, commented, awarded, revoked, woken, swept; empty is updated
	After  time.Duration `yaml:"after"` // since the step before
	Add    []string      `yaml:"add"`
	Remove []string      `yaml:"remove"`
	Weight string        `yaml:"weight"`
	Text   string        `yaml:"text"`
	// Internal comments are seen by members only. Level is the writer's access level if they write commands, 30 if it is not given.
	Internal bool   `yaml:"internal"`
	Level    *int   `yaml:"level"`
	Emoji    string `yaml:"emoji"` // of kind awarded or revoked
	// Status is the category of the status that the issue gets: "canceled".
	Status string `yaml:"status"`

	Assign    string `yaml:"assign"`    // a name, or "nobody"
	Milestone string `yaml:"milestone"` // "set" or "none"
}

// start is when all scenarios begin: a Monday morning.
var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// Parse reads a scenario. The error names the part and, for YAML, line and column within it.
func Parse(data []byte, team triage.TeamConfig) (Scenario, error) {
	archive := txtar.Parse(data)
	s := Scenario{About: strings.TrimSpace(string(archive.Comment)), Team: team}
	s.Issue = triage.Issue{
		Ref: triage.Ref{Project: 1, IID: 1}, Type: "Issue", Author: triage.Person{ID: id("ann"), Username: "ann"},
		CreatedAt: start, UpdatedAt: start,
	}
	for _, f := range archive.Files {
		if err := s.part(f.Name, f.Data); err != nil {
			return s, fmt.Errorf("reading part %q: %w", f.Name, err)
		}
	}
	if len(s.Steps) == 0 {
		return s, errors.New("the scenario has no event: add a part -- event --")
	}
	return s, nil
}

func (s *Scenario) part(name string, data []byte) error {
	switch name {
	case "team":
		return s.team(data)
	case "rules":
		return s.rules(data)
	case "issue":
		return s.issue(data)
	case "memory":
		s.Memory = &triage.Memory{}
		return memory(data, s.Memory)
	case "around":
		return s.around(data)
	case "event":
		var e Event
		if err := strict(data, &e); err != nil {
			return err
		}
		if _, ok := kinds[e.Kind]; !ok {
			return fmt.Errorf("unknown kind %q, allowed: opened, closed, reopened, commented, awarded, revoked, woken, swept, or none for an update", e.Kind)
		}
		s.Steps = append(s.Steps, Step{Event: e})
	case "decision":
		if len(s.Steps) == 0 {
			return errors.New("a decision comes after its event")
		}
		s.Steps[len(s.Steps)-1].Expected = string(data)
	default:
		return errors.New("unknown part, allowed: team, rules, issue, memory, around, event, decision")
	}
	return nil
}

func (s *Scenario) team(data []byte) error {
	var t struct {
		GroupLabel string                   `yaml:"group_label"`
		Labels     []string                 `yaml:"labels"`
		Scope      string                   `yaml:"scope"`
		Side       string                   `yaml:"side"`
		Roles      map[triage.Role][]string `yaml:"roles"`
	}
	if err := strict(data, &t); err != nil {
		return err
	}
	for role := range t.Roles {
		if !slices.Contains(triage.Roles(), role) {
			return fmt.Errorf("unknown role %q", role)
		}
	}
	if t.GroupLabel != "" {
		s.Team.GroupLabel = t.GroupLabel
	}
	if t.Labels != nil {
		s.Team.Labels = t.Labels
	}
	if t.Side != "" {
		s.Team.Side = t.Side
	}
	s.Team.LabelledOnly = t.Scope == "labelled"
	s.Team.Roster = t.Roles
	return nil
}

func (s *Scenario) rules(data []byte) error {
	var y map[string]any
	if err := strict(data, &y); err != nil {
		return err
	}
	s.Rules = map[string]Rule{}
	for id, v := range y {
		switch v := v.(type) {
		case string:
			s.Rules[id] = Rule{Mode: v}
		case map[string]any:
			mode, _ := v["mode"].(string)
			delete(v, "mode")
			s.Rules[id] = Rule{Mode: mode, Options: v}
		default:
			return fmt.Errorf("rule %s: a mode or {mode: …, option: …} is wanted", id)
		}
	}
	return nil
}

func (s *Scenario) issue(data []byte) error {
	i := struct {
		Type    string   `yaml:"type"`
		Title   string   `yaml:"title"`
		Labels  []string `yaml:"labels"`
		Weight  *int     `yaml:"weight"`
		Weights *bool    `yaml:"weights"`
		Closed  bool     `yaml:"closed"`
		Moved   bool     `yaml:"moved"`
		Author  string   `yaml:"author"`

		Assignee  string        `yaml:"assignee"`
		Milestone bool          `yaml:"milestone"`
		Age       time.Duration `yaml:"age"`
	}{Type: "Issue", Author: "ann"}
	if err := strict(data, &i); err != nil {
		return err
	}
	s.Issue.Type, s.Issue.Title, s.Issue.Labels, s.Issue.Weight = i.Type, i.Title, i.Labels, i.Weight
	s.Issue.Closed, s.Issue.Moved = i.Closed, i.Moved
	s.Issue.NoWeights = i.Weights != nil && !*i.Weights
	s.Issue.Author = triage.Person{ID: id(i.Author), Username: i.Author}
	s.Issue.CreatedAt = start.Add(-i.Age)
	s.Issue.Assignees = people(i.Assignee)
	if i.Milestone {
		s.Issue.Milestone = someMilestone
	}
	return nil
}

func memory(data []byte, m *triage.Memory) error {
	var y struct {
		Own map[string]struct {
			Rule    string `yaml:"rule"`
			Value   int    `yaml:"value"`
			Removed bool   `yaml:"removed"`
		} `yaml:"own"`
		Suspended map[string]string        `yaml:"suspended"`
		Snoozed   map[string]time.Duration `yaml:"snoozed"` // for how long from the beginning
		Undone    map[string]string        `yaml:"undone"`
		Bump      *struct {
			From int `yaml:"from"`
			To   int `yaml:"to"`
		} `yaml:"bump"`
		WeightDropped bool `yaml:"weight_dropped"`
	}
	if err := strict(data, &y); err != nil {
		return err
	}
	m.Own, m.Suspended, m.Undone = map[string]triage.Own{}, map[string]triage.Undoing{}, map[string]triage.Undoing{}
	for key, o := range y.Own {
		m.Own[key] = triage.Own{Rule: o.Rule, Value: o.Value, Removed: o.Removed}
	}
	for rule, what := range y.Suspended {
		m.Suspended[rule] = triage.Undoing{What: what}
	}
	for key, what := range y.Undone {
		m.Undone[key] = triage.Undoing{What: what}
	}
	m.Silenced = map[string]triage.Silence{}
	for rule, d := range y.Snoozed {
		m.Silenced[rule] = triage.Silence{Until: start.Add(d)}
	}
	if y.Bump != nil {
		m.Bump = &triage.Bump{From: y.Bump.From, To: y.Bump.To}
	}
	m.WeightDropped = y.WeightDropped
	return nil
}

func (s *Scenario) around(data []byte) error {
	var y struct {
		Links      []string          `yaml:"links"`
		Agreements map[string]string `yaml:"agreements"`
		Levels     map[string]int    `yaml:"levels"`
		Commented  time.Duration     `yaml:"commented"`
		ClosedAs   string            `yaml:"closed_as"`
		Issues     []int64           `yaml:"issues"`
	}
	if err := strict(data, &y); err != nil {
		return err
	}
	for _, kind := range y.Links {
		s.Around.Links = append(s.Around.Links, triage.Link{Kind: kind})
	}
	s.Around.Agreements = map[string]triage.Agreement{}
	for name, how := range y.Agreements {
		if how != "thumb" && how != "comment" {
			return fmt.Errorf("agreement %q of %s: thumb or comment is wanted", how, name)
		}
		s.Around.Agreements[name] = triage.Agreement{ID: id(name), Thumb: how == "thumb", Comment: how == "comment"}
	}
	if y.ClosedAs != "" && y.ClosedAs != "duplicate" && y.ClosedAs != "moved" {
		return fmt.Errorf("closed_as %q: duplicate or moved is wanted", y.ClosedAs)
	}
	s.Around.Levels, s.Issues, s.ClosedAs = y.Levels, y.Issues, y.ClosedAs
	if y.Commented > 0 {
		s.Around.Commented = start.Add(y.Commented)
	}
	return nil
}

func strict(data []byte, into any) error {
	if strings.TrimSpace(string(data)) == "" {
		return nil
	}
	if err := yaml.UnmarshalWithOptions(data, into, yaml.Strict()); err != nil {
		return errors.New(yaml.FormatError(err, false, true))
	}
	return nil
}

// someMilestone is the id of the one milestone that scenarios have.
const someMilestone = 7

// people is a list of one, or empty for "" and "nobody".
func people(name string) []triage.Person {
	if name == "" || name == "nobody" {
		return nil
	}
	return []triage.Person{{ID: id(name), Username: name}}
}

// id gives every name of a scenario its own user id.
func id(name string) int64 {
	var n int64
	for _, r := range name {
		n = n*31 + int64(r)
	}
	return n
}
