package planning

import "flowkeeper/rules/triage"

// Document is a report as data. How it looks in Markdown, on a terminal and as JSON is up to whoever renders it; everything in it that may hold
// people's words is marked as such, and whoever renders it makes them inert.
type Document struct {
	Kind      Kind     `json:"kind"`
	Key       string   `json:"key"`              // names it among those of its kind: the date, or the milestone's title
	Title     string   `json:"title"`            // of the issue; "" where the report has none of its own
	Labels    []string `json:"labels,omitempty"` // of the issue
	Assignees []string `json:"assignees,omitempty"`
	Due       Date     `json:"due,omitzero"` // of the issue
	Milestone string   `json:"milestone,omitempty"`

	// Confidential opens the issue confidentially. People make it public when they like.
	Confidential bool `json:"confidential,omitempty"`

	// Frame is what stands around the block when the issue is opened: the text of people's template, with BlockHere where the block
	// belongs. "" is the block alone. It is never written again.
	Frame string `json:"-"`

	Intro    []triage.Prose `json:"-"` // paragraphs
	Sections []Section      `json:"sections"`
	Asks     []string       `json:"asks,omitempty"`  // usernames to be mentioned, each once in the document's life
	Letters  []Letter       `json:"-"`               // of the kickoff: one to each person, if it goes by mail
	State    State          `json:"state"`           // kept with the block, for the next composition
	Empty    bool           `json:"empty,omitempty"` // there is nothing to say: not opened, and an open one says so
}

// BlockHere stands in a Frame where the block belongs.
const BlockHere = "{{block}}"

// CapacityHere stands in the Frame of a planning issue where the block of its capacity belongs, if people's template has a place for it.
const CapacityHere = "{{capacity}}"

// Section is a part of a document: a sentence, a list, a table, or several of them in this order.
type Section struct {
	Name   string         `json:"name"`  // names it for good: "past-slo"
	Title  string         `json:"title"` // Markdown of our own
	Text   []triage.Prose `json:"-"`     // paragraphs
	Count  int            `json:"count"` // of all issues that belong here, listed or not
	Filter *Filter        `json:"filter,omitempty"`
	Rows   []Row          `json:"rows,omitempty"`
	More   int            `json:"more,omitempty"` // issues that are not listed
	Table  *Table         `json:"table,omitempty"`
	Folded bool           `json:"folded,omitempty"` // shown when somebody opens it

	Summary bool `json:"summary,omitempty"` // has a line with its count in the summary at the top
	Before  *int `json:"before,omitempty"`  // its count in the report before this one; nil if there was none
}

// Filter is a list of issues in GitLab, for a link. Milestone "None" is no milestone, "" any.
type Filter struct {
	Closed    bool     `json:"closed,omitempty"` // closed issues, not open ones
	Labels    []string `json:"labels,omitempty"`
	NotLabels []string `json:"not_labels,omitempty"`
	AnyLabels []string `json:"any_labels,omitempty"` // at least one of them
	Milestone string   `json:"milestone,omitempty"`
	Assignee  string   `json:"assignee,omitempty"`
}

// Mark is what stands in the box of a row.
type Mark string

// The marks. People may set any of them; the bot sets Ticked only, and takes none away.
const (
	NoBox         Mark = ""
	Unticked      Mark = " "
	Ticked        Mark = "x"
	NotApplicable Mark = "~"
	Dropped       Mark = "-"
)

// Row is a line of a list: an issue, or a text.
type Row struct {
	Box   Mark         `json:"box,omitempty"`
	Issue *IssueRow    `json:"issue,omitempty"`
	Text  triage.Prose `json:"-"` // behind the issue, or alone
	Rows  []Row        `json:"rows,omitempty"`
}

// IssueRow is an issue as a row names it. Of a confidential one in another project only Path is known.
type IssueRow struct {
	triage.Ref
	Path         string   `json:"path"`
	URL          string   `json:"url,omitempty"`
	Title        string   `json:"title,omitempty"`  // people's words
	Labels       []string `json:"labels,omitempty"` // those worth showing
	Status       string   `json:"status,omitempty"` // the name of the status, where its state is worth showing and kept there
	Confidential bool     `json:"confidential,omitempty"`
}

// Table is rows and columns. Head has the names of the columns, and each row as many cells.
type Table struct {
	Head    []triage.Prose `json:"-"`
	Rows    [][]Cell       `json:"-"`
	Numbers bool           `json:"-"` // all columns but the first hold numbers, to be aligned to the right
}

// Cell is a place of a table. A Filter makes its text a link.
type Cell struct {
	Text   triage.Prose
	Filter *Filter
}

// Letter is what one person gets of a kickoff.
type Letter struct {
	To      string // username
	Subject string
	Text    []triage.Prose
}

// State is what a published document carries, hidden, so that the next composition knows it. It holds nothing confidential.
type State struct {
	Key    string                 `json:"key,omitempty"`  // of the document
	Counts map[string]int         `json:"n,omitempty"`    // of each section, for what changed since
	Before map[string]int         `json:"b,omitempty"`    // those of the report before this one
	Away   map[string][]DateRange `json:"away,omitempty"` // by username, as said by commands on the planning issue
	Takes  map[string][]string    `json:"take,omitempty"` // who would like an issue ("7#12"): usernames
	Dealt  map[string]string      `json:"deal,omitempty"` // who is to weigh an issue ("7#12"): a username, "" is nobody
	Mailed []string               `json:"mail,omitempty"` // usernames to whom the bot set out to send mail
}
