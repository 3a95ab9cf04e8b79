package page

import "time"

// Decisions is a page of the feed.
type Decisions struct {
	Frame

	Project, Rule, Outcome string // the filter
	Undone                 bool
	Narrowed               bool // the filter leaves something out

	Projects, Rules, Outcomes []string // to choose from
	Rows                      []Row
	First, Last, Total        int    // from 1
	Newer, Older              string // addresses, "" if there is nothing more
}

// Row is one decision of the feed.
type Row struct {
	At           time.Time
	Name         string // "team/project#12"
	Href         string
	Outcome      string
	What         string // in words
	Rules        []string
	Confidential bool
	Undone       bool
}

// Issue tells why all that was done on an issue was done.
type Issue struct {
	Frame

	Name         string // "team/project#12"
	Subject      string // its title, "" if it is not known or not to be shown
	GitLab       string // where it is, "" if that is not known
	Confidential bool
	Suspended    []Suspended
	Ask          string // the address that tells what would be decided now
	Now          *Now   // nil if nobody asked
	Decisions    []Decision
}

// Suspended is a rule that leaves the issue alone because of a person.
type Suspended struct{ Rule, By, What string }

// Now is what would be decided now.
type Now struct {
	Findings

	Error  string // why that is not known
	Reason string // why the issue would be left alone
	Plan   []Planned
	Hidden bool // the issue is confidential
}

// Planned is a change that would be made.
type Planned struct{ What, Rule string }

// Decision is a kept decision in full.
type Decision struct {
	Findings

	At         time.Time
	Outcome    string
	Events     []string
	Attempt    int
	Reason     string // why the issue was left alone
	Error      string
	Done       []string
	Commands   []string
	Deliveries []string
	Hidden     bool // the issue is confidential
}

// Findings are what the rules said: those that wanted something, and the others.
type Findings struct{ Spoke, Silent []Finding }

// Finding is what one rule said.
type Finding struct {
	Rule, Mode, Reason string
	Wants, Would       []string
	Undone             bool
}

// Rules is the list of the rules.
type Rules struct {
	Frame

	Rules  []Rule
	Since  time.Time // the decisions that count are not older; zero if that is 30 days
	Prefix string    // of commands
}

// Rule is one of them.
type Rule struct {
	ID, Summary, Mode string
	Fired, Undone     int    // issues
	Last              []Link // issues on which it was undone
	Quiet             string // the line of the configuration that quiets it, "" if it is off
}

// Dead is the list of the dead letters.
type Dead struct {
	Frame

	Letters []Letter
}

// Letter is one of them.
type Letter struct {
	Name       string
	Href       string
	Since      time.Time
	Cause      string
	Attempts   int
	Deliveries int
}

// DeadLetter is one dead letter in full.
type DeadLetter struct {
	Frame

	Letter   Letter
	GitLab   string
	Why      string // the address of its decisions
	Mail     []Mail
	Decision *Decision // nil if nothing was decided
}

// Mail is a delivery of a dead letter.
type Mail struct {
	At       time.Time
	What, ID string
}

// Reports is what is told of the reports.
type Reports struct {
	Frame

	Reports []Report
	Open    []OpenReport
}

// Report is a report that is due by itself.
type Report struct {
	Name, Mode string
	Next       time.Time // zero if it is never
	Key        string
	Last       string
	Document   string // the address of what was composed last, "" if nothing is kept
}

// OpenReport is a report on an issue.
type OpenReport struct {
	Name, Issue, Href string
	Opened            time.Time
	Broken            string // why nothing is written to it
}

// Text is a page with a text as it is.
type Text struct {
	Frame

	Back    Link // the zero value is none
	Heading string
	About   string
	Text    string
}

// Commands is the reference of the commands.
type Commands struct {
	Frame

	Commands []Command
}

// Command is one of them.
type Command struct {
	Usage, Summary, Who, Example string
	Closed                       bool // runs on closed issues, too
}

// SignIn asks for the token.
type SignIn struct {
	Frame

	To string // the path to go on to
}

// Message is a page with a sentence.
type Message struct {
	Frame

	Heading, Text string
}

func (*Overview) template() string   { return "overview" }
func (*Decisions) template() string  { return "decisions" }
func (*Issue) template() string      { return "issue" }
func (*Rules) template() string      { return "rules" }
func (*Dead) template() string       { return "dead" }
func (*DeadLetter) template() string { return "letter" }
func (*Reports) template() string    { return "reports" }
func (*Text) template() string       { return "text" }
func (*Commands) template() string   { return "commands" }
func (*SignIn) template() string     { return "signin" }
func (*Message) template() string    { return "message" }
