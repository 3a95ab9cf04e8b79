// Package scenario reads, writes and plays scenarios: what an issue looks like, what people do to it, and what the rules decide after each
// of their steps. The files are txtar archives that policy authors can write by hand; strict reading finds their typos.
//
// The first lines say what is shown. Then come the parts, in this order:
//
//	-- team --      optional: group_label, labels, scope, side, roles, as in the configuration; store: where states are kept
//	-- rules --     optional: id: mode, or id: {mode: …, option: …}
//	-- policies --  optional: a policy file; only for scenarios that are played without a configuration, which has its own
//	-- issue --     optional: type, title, labels, status_name, weight, weights (false: this GitLab has none), closed, moved, confidential, author, assignee,
//	                milestone, due, health, age, untouched: how long ago it was last changed;
//	                merge_request: {draft, state, closes, mentions}, if it is one
//	-- memory --    optional: what the bot remembers: own, suspended, snoozed, bump, undone
//	-- around --    optional: what GitLab tells when it is asked: links, agreements (by comment or thumb), levels (30 for the author if not
//	                given), commented, closed_as (duplicate or moved, or default if its status is the one that GitLab gives to what is closed), opened_as (default); issues: the numbers of
//	                other issues that comments may name;
//	                report: "planning 19.6", if the issue is a report's, away: the days "2026-12-21..2027-01-02" and takes: the people by
//	                issue that it tells; severity_age: how long ago the first severity was set; milestone: its title, start, due and next,
//	                upcoming, started; votes: [up, down], discussions: [threads, comments], iteration, members: [group/gnome:ann];
//	                merge_requests: those that close the issue; auto_close: false, if GitLab does not close it then;
//	                closed_labels: those of the issue that a merge request closes
//	-- event --     what one person does: by, kind, after, add, remove, weight, assign, milestone, text, internal, level, emoji, status,
//	                status_name.
//	                Of kind merge request it tells of one: number, elsewhere, state, draft, assignee, target, by_hand, by_text, dropped, ago.
//	                Of kind later nobody does anything: time passes, and the bot is woken whenever it wanted to be
//	-- decision --  what the rules make of it; as many pairs of event and decision as the story needs
//
// Times are written as in the configuration: 5m, 2h, 31d, 1d12h. Every scenario begins on the same Monday, 2026-03-02 at 9:00 UTC.
package scenario

import (
	"time"

	"flowkeeper/rules/triage"
)

// File is what stands in the file of a scenario. Parts that are nil are not in it.
type File struct {
	About string
	Team  *Team
	Rules map[string]any // a mode, or options and maybe a mode, by the rule's id

	Policies string // a policy file

	Issue  Issue
	Memory *Memory
	Around *Around
	Steps  []Step

	RulesLine, PoliciesLine int // where these parts begin; 0 if there are none
}

// Team is the part "team": what differs from the team of the policy. What is nil or "" is the policy's.
type Team struct {
	GroupLabel string                   `yaml:"group_label"`
	Labels     []string                 `yaml:"labels"`
	Scope      string                   `yaml:"scope"` // "labelled", "all" or ""
	Side       string                   `yaml:"side"`
	Roles      map[triage.Role][]string `yaml:"roles"`
	Store      triage.Store             `yaml:"store"`
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

	Confidential bool   `yaml:"confidential"`
	StatusName   string `yaml:"status_name"`

	Assignee  string        `yaml:"assignee"`
	Milestone bool          `yaml:"milestone"`
	Age       time.Duration `yaml:"age"`
	Due       string        `yaml:"due"`
	Health    string        `yaml:"health"`
	Untouched time.Duration `yaml:"untouched"` // since the last change, at the beginning

	MergeRequest *MergeRequestSubject `yaml:"merge_request"` // it is a merge request itself
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
	OpenedAs   string            `yaml:"opened_as"` // "default" or ""
	ClosedAs   string            `yaml:"closed_as"` // "duplicate", "moved", "default" or ""
	Issues     []int64           `yaml:"issues"`
	Epics      bool              `yaml:"epics"`
	FollowUps  []int64           `yaml:"follow_ups"` // linked and open, by number

	Reactions map[string][]string `yaml:"reactions"` // usernames, by emoji

	Report string              `yaml:"report"` // kind and key: "planning 19.6"
	Away   map[string][]string `yaml:"away"`   // days, by username
	Takes  map[string][]string `yaml:"takes"`  // usernames, by issue: "1#12"

	SeverityAge time.Duration `yaml:"severity_age"` // before the beginning; 0: as old as the issue
	Milestone   Milestone     `yaml:"milestone"`

	Votes       []int    `yaml:"votes"`       // up and down
	Discussions []int    `yaml:"discussions"` // threads and comments
	Iteration   string   `yaml:"iteration"`
	Members     []string `yaml:"members"` // who is a member where: "group/gnome:ann"

	MergeRequests []MergeRequest `yaml:"merge_requests"` // those that close the issue
	AutoClose     *bool          `yaml:"auto_close"`     // false: GitLab does not close the issue when they are merged
	ClosedLabels  []string       `yaml:"closed_labels"`  // of the issue that a merge request closes
}

// Milestone is what GitLab tells of the issue's milestone. Days are written as 2026-11-30.
type Milestone struct {
	Title string `yaml:"title"`
	Start string `yaml:"start"`
	Due   string `yaml:"due"`
	Next  string `yaml:"next"`

	Upcoming bool `yaml:"upcoming"`
	Started  bool `yaml:"started"`
}

// Step is one thing that happens and the decision that is expected of it, as text. The lines are those of the file in which the two parts begin;
// DecisionLine is 0 if no decision is written.
type Step struct {
	Event    Event
	Expected string

	Line, DecisionLine int
}

// Event is one change by one person. Weight is a number, or "none" for a weight taken away.
type Event struct {
	By     string        `yaml:"by"`
	Kind   string        `yaml:"kind"`  // opened, closed, reopened, commented, awarded, revoked, woken, swept, policies due, merge request, later; empty is updated
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
	Status     string `yaml:"status"`
	StatusName string `yaml:"status_name"`

	Assign    string `yaml:"assign"`    // a name, or "nobody"
	Milestone string `yaml:"milestone"` // "set" or "none"

	MergeRequest *MergeRequest `yaml:"merge_request"` // of kind merge request
}

// kindNames are the kinds of events that have a name, the one that says most first.
var kindNames = []string{"opened", "closed", "reopened", "commented", "awarded", "revoked", "woken", "swept", policiesDue, mergeRequestEvent, later}

// later is the kind of an event that is only time that passes.
const later = "later"

// KindName is the name of what happened, for an event; "" for an update.
func KindName(k triage.Kind) string {
	for _, name := range kindNames {
		if k&kinds[name]&^triage.Updated != 0 {
			return name
		}
	}
	return ""
}
