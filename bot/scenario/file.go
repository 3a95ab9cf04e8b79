// Package scenario reads, writes and plays scenarios: what an issue looks like, what people do to it, and what the rules decide after each
// of their steps. The files are txtar archives that policy authors can write by hand; strict reading finds their typos.
//
// The first lines say what is shown. Then come the parts, in this order:
//
//	-- team --      optional: group_label, labels, scope, side, roles, as in the configuration
//	-- rules --     optional: id: mode, or id: {mode: …, option: …}
//	-- issue --     optional: type, title, labels, weight, weights (false: this GitLab has none), closed, moved, confidential, author, assignee,
//	                milestone, age
//	-- memory --    optional: what the bot remembers: own, suspended, snoozed, bump, undone
//	-- around --    optional: what GitLab tells when it is asked: links, agreements (by comment or thumb), levels (30 for the author if not
//	                given), commented, closed_as (duplicate or moved); issues: the numbers of other issues that comments may name;
//	                report: "planning 19.6", if the issue is a report's, away: the days "2026-12-21..2027-01-02" and takes: the people by
//	                issue that it tells; severity_age: how long ago the first severity was set; milestone: its title, start, due and next
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

// File is what stands in the file of a scenario. Parts that are nil are not in it.
type File struct {
	About  string
	Team   *Team
	Rules  map[string]any // a mode, or options and maybe a mode, by the rule's id
	Issue  Issue
	Memory *Memory
	Around *Around
	Steps  []Step
}

// Team is the part "team": what differs from the team of the policy. Labels are the policy's if they are nil.
type Team struct {
	GroupLabel string                   `yaml:"group_label"`
	Labels     []string                 `yaml:"labels"`
	Scope      string                   `yaml:"scope"` // "labelled" or ""
	Side       string                   `yaml:"side"`
	Roles      map[triage.Role][]string `yaml:"roles"`
}

// Issue is the part "issue": the issue before the first event.
type Issue struct {
	Type    string   `yaml:"type"`
	Title   string   `yaml:"title"`
	Labels  []string `yaml:"labels"`
	Weight  *int     `yaml:"weight"`
	Weights *bool    `yaml:"weights"` // false: this GitLab has none
	Closed  bool     `yaml:"closed"`
	Moved   bool     `yaml:"moved"`
	Author  string   `yaml:"author"`

	Confidential bool `yaml:"confidential"`

	Assignee  string        `yaml:"assignee"`
	Milestone bool          `yaml:"milestone"`
	Age       time.Duration `yaml:"age"`
}

// Memory is the part "memory": what the bot remembers of the issue.
type Memory struct {
	Own           map[string]BotChange     `yaml:"own"`       // by the key of the action
	Suspended     map[string]string        `yaml:"suspended"` // what was undone, by the rule's id
	Snoozed       map[string]time.Duration `yaml:"snoozed"`   // for how long from the beginning
	Undone        map[string]string        `yaml:"undone"`
	Bump          *Bump                    `yaml:"bump"`
	WeightDropped bool                     `yaml:"weight_dropped"`
}

// BotChange is a change that the bot made.
type BotChange struct {
	Rule    string `yaml:"rule"`
	Value   int    `yaml:"value"`
	Removed bool   `yaml:"removed"`
}

// Bump is a weight that the bot raised.
type Bump struct {
	From int `yaml:"from"`
	To   int `yaml:"to"`
}

// Around is the part "around": what GitLab tells when it is asked.
type Around struct {
	Links      []string          `yaml:"links"`
	Agreements map[string]string `yaml:"agreements"` // "thumb" or "comment", by username
	Levels     map[string]int    `yaml:"levels"`
	Commented  time.Duration     `yaml:"commented"` // from the beginning
	ClosedAs   string            `yaml:"closed_as"` // "duplicate", "moved" or ""
	Issues     []int64           `yaml:"issues"`
	FollowUps  []int64           `yaml:"follow_ups"` // linked and open, by number

	Reactions map[string][]string `yaml:"reactions"` // usernames, by emoji

	Report string              `yaml:"report"` // kind and key: "planning 19.6"
	Away   map[string][]string `yaml:"away"`   // days, by username
	Takes  map[string][]string `yaml:"takes"`  // usernames, by issue: "1#12"

	SeverityAge time.Duration `yaml:"severity_age"` // before the beginning; 0: as old as the issue
	Milestone   Milestone     `yaml:"milestone"`
}

// Milestone is what GitLab tells of the issue's milestone. Days are written as 2026-11-30.
type Milestone struct {
	Title string `yaml:"title"`
	Start string `yaml:"start"`
	Due   string `yaml:"due"`
	Next  string `yaml:"next"`
}

// Step is one thing that happens and the decision that is expected of it, as text.
type Step struct {
	Event    Event
	Expected string
}

// Event is one change by one person. Weight is a number, or "none" for a weight taken away.
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

// kindNames are the kinds of events that have a name, the one that says most first.
var kindNames = []string{"opened", "closed", "reopened", "commented", "awarded", "revoked", "woken", "swept"}

// KindName is the name of what happened, for an event; "" for an update.
func KindName(k triage.Kind) string {
	for _, name := range kindNames {
		if k&kinds[name]&^triage.Updated != 0 {
			return name
		}
	}
	return ""
}

// Read reads a file. The error names the part and, for YAML, line and column within it.
func Read(data []byte) (File, error) {
	archive := txtar.Parse(data)
	f := File{About: strings.TrimSpace(string(archive.Comment)), Issue: Issue{Type: "Issue", Author: "ann"}}
	for _, part := range archive.Files {
		if err := f.read(part.Name, part.Data); err != nil {
			return f, fmt.Errorf("reading part %q: %w", part.Name, err)
		}
	}
	if len(f.Steps) == 0 {
		return f, errors.New("the scenario has no event: add a part -- event --")
	}
	return f, nil
}

func (f *File) read(name string, data []byte) error {
	switch name {
	case "team":
		f.Team = &Team{}
		return errors.Join(decodeStrict(data, f.Team), f.Team.check())
	case "rules":
		return errors.Join(decodeStrict(data, &f.Rules), checkRules(f.Rules))
	case "issue":
		return decodeStrict(data, &f.Issue)
	case "memory":
		f.Memory = &Memory{}
		return decodeStrict(data, f.Memory)
	case "around":
		f.Around = &Around{}
		return errors.Join(decodeStrict(data, f.Around), f.Around.check())
	case "event":
		var s Step
		err := errors.Join(decodeStrict(data, &s.Event), s.Event.check())
		f.Steps = append(f.Steps, s)
		return err
	case "decision":
		if len(f.Steps) == 0 {
			return errors.New("a decision comes after its event")
		}
		f.Steps[len(f.Steps)-1].Expected = string(data)
		return nil
	}
	return errors.New("unknown part, allowed: team, rules, issue, memory, around, event, decision")
}

func decodeStrict(data []byte, into any) error {
	if strings.TrimSpace(string(data)) == "" {
		return nil
	}
	if err := yaml.UnmarshalWithOptions(data, into, yaml.Strict()); err != nil {
		return errors.New(yaml.FormatError(err, false, true))
	}
	return nil
}

func (t Team) check() error {
	for role := range t.Roles {
		if !slices.Contains(triage.Roles(), role) {
			return fmt.Errorf("unknown role %q", role)
		}
	}
	return nil
}

func checkRules(rules map[string]any) error {
	for id, v := range rules {
		_, mode := v.(string)
		_, options := v.(map[string]any)
		if !mode && !options {
			return fmt.Errorf("rule %s: a mode or {mode: …, option: …} is wanted", id)
		}
	}
	return nil
}

func (a Around) check() error {
	for name, how := range a.Agreements {
		if how != "thumb" && how != "comment" {
			return fmt.Errorf("agreement %q of %s: thumb or comment is wanted", how, name)
		}
	}
	if a.ClosedAs != "" && a.ClosedAs != "duplicate" && a.ClosedAs != "moved" {
		return fmt.Errorf("closed_as %q: duplicate or moved is wanted", a.ClosedAs)
	}
	_, err := a.report()
	return err
}

func (e Event) check() error {
	if _, ok := kinds[e.Kind]; !ok {
		return fmt.Errorf("unknown kind %q, allowed: %s, or none for an update", e.Kind, strings.Join(kindNames, ", "))
	}
	return nil
}
