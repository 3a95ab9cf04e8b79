package config

import (
	"time"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// Reports are the documents that the team has by date.
type Reports struct {
	Group   string // whose issues they are about, a full path or an id; empty: the issues of GitLab.Projects
	Project string // where they are opened, a full path or an id; empty: nowhere

	Triage        TriageReport
	Planning      PlanningReport
	NeedsWeight   NeedsWeightReport
	Build         BuildReport
	Kickoff       KickoffReport
	Retrospective RetrospectiveReport
}

// TriageReport is the weekly one.
type TriageReport struct {
	Mode       triage.Mode
	Day        time.Weekday
	At         time.Duration // after midnight in Calendar.Timezone
	Cap        int           // issues in a list
	CloseAfter time.Duration
}

// PlanningReport is the planning issue of a milestone.
type PlanningReport struct {
	Mode     triage.Mode
	Template Template
}

// NeedsWeightReport is the issue with which a milestone's issues get their weights.
type NeedsWeightReport struct {
	Mode        triage.Mode
	PerEngineer int // issues
}

// BuildReport is the proposal of what a milestone delivers.
type BuildReport struct{ Mode triage.Mode }

// KickoffReport is what each engineer gets before a milestone begins.
type KickoffReport struct {
	Mode  triage.Mode
	Email bool
}

// RetrospectiveReport is what a milestone shipped and what it did not.
type RetrospectiveReport struct{ Mode triage.Mode }

// Mode is how far a report goes that comes by date: triage.Off, Shadow or Act. The capacity comes with the planning issue, and the SLO report only
// when it is asked for.
func (r Reports) Mode(k planning.Kind) triage.Mode {
	switch k {
	case planning.KindTriage:
		return r.Triage.Mode
	case planning.KindPlanning, planning.KindCapacity:
		return r.Planning.Mode
	case planning.KindNeedsWeight:
		return r.NeedsWeight.Mode
	case planning.KindBuild:
		return r.Build.Mode
	case planning.KindKickoff:
		return r.Kickoff.Mode
	case planning.KindRetrospective:
		return r.Retrospective.Mode
	case planning.KindSLO:
	}
	return triage.Off
}

// modes are the modes of all reports by the path of their key, in the order of the reference.
func (r *Reports) modes() []reportMode {
	return []reportMode{
		{"reports.triage.mode", &r.Triage.Mode},
		{"reports.planning.mode", &r.Planning.Mode},
		{"reports.needs_weight.mode", &r.NeedsWeight.Mode},
		{"reports.build.mode", &r.Build.Mode},
		{"reports.kickoff.mode", &r.Kickoff.Mode},
		{"reports.retrospective.mode", &r.Retrospective.Mode},
	}
}

type reportMode struct {
	path string
	mode *triage.Mode
}

func (r *Reports) keys() []key {
	mode := func(field *triage.Mode) key { return key{name: modeKey, kind: reportModeValue(field)} }
	return []key{
		{name: "group", help: "Whose issues the reports are about, a group's full path or id; empty: the issues of gitlab.projects", kind: optionalValue(&r.Group, "a group such as my-group", parseGroup).withForm(either(shape{"const": ""}, idShape))},
		{name: "project", help: "Where reports are opened, a project's full path or id; a report in mode act needs it", kind: optionalValue(&r.Project, "a project such as group/project", parseProject).withForm(either(shape{"const": ""}, projectShape))},
		{name: "triage", help: "What waits for triage, each week", kind: section{keys: []key{
			mode(&r.Triage.Mode),
			{name: "day", kind: weekdayValue(&r.Triage.Day, time.Monday)},
			{name: "at", help: "The time of day in calendar.timezone; the other reports are due at this time, too", kind: timeOfDayValue(&r.Triage.At, 6*time.Hour)},
			{name: "cap", help: "Issues that a list shows at most; those past their SLO are all shown", kind: intValue(&r.Triage.Cap, 15, 1, 100)},
			{name: "close_after", help: "Older reports are closed", kind: durationValue(&r.Triage.CloseAfter, 14*day, day, 365*day)},
		}}},
		{name: "planning", help: "The milestone's planning issue, with candidates and capacity", kind: section{keys: []key{
			mode(&r.Planning.Mode),
			{name: "template", help: "A Markdown file with {{milestone}}, {{dates}}, {{capacity}} and {{candidates}}; empty: the built-in one", kind: templateValue(&r.Planning.Template)},
		}}},
		{name: "needs_weight", help: "The milestone's issues without a weight, dealt to engineers", kind: section{keys: []key{
			mode(&r.NeedsWeight.Mode),
			{name: "per_engineer", help: "Issues for one engineer at most", kind: intValue(&r.NeedsWeight.PerEngineer, 4, 1, 50)},
		}}},
		{name: "build", help: "What the milestone could deliver", kind: section{keys: []key{mode(&r.Build.Mode)}}},
		{name: "kickoff", help: "What each engineer should know before a milestone begins", kind: section{keys: []key{
			mode(&r.Kickoff.Mode),
			{name: "email", help: "By mail, too, to those whom team.emails names", kind: boolValue(&r.Kickoff.Email)},
		}}},
		{name: "retrospective", help: "What a milestone shipped and what slipped", kind: section{keys: []key{mode(&r.Retrospective.Mode)}}},
	}
}

// Capacity is how much work a milestone holds.
type Capacity struct {
	Budget   int // weight
	Rounding planning.Rounding
	Away     map[string][]planning.DateRange // by username, as team.roles spells it
	Share    map[string]int                  // percent, by username
}

func (c *Capacity) keys() []key {
	return []key{
		{name: "budget", help: "Weight that an engineer does in a milestone who is there all the time", kind: intValue(&c.Budget, 10, 1, 1000)},
		{name: "rounding", help: "How a budget becomes a whole number", kind: choiceValue(&c.Rounding, planning.RoundHalfUp, planning.RoundHalfUp, planning.RoundDown, planning.RoundNot)},
		{name: "away", help: `Who is away and when, first and last day: {eric: ["2026-12-21..2027-01-02", 2027-02-01]}`,
			kind: byPerson[[]planning.DateRange]{field: &c.Away, example: `eric: ["2026-12-21..2027-01-02"]`, value: func(v *[]planning.DateRange) schemaValue { return dateRangeList(v) }}},
		{name: "share", help: "Whose working time is only in part for the team: {erin: 80%}",
			kind: byPerson[int]{field: &c.Share, example: "erin: 80%", value: func(v *int) schemaValue { return percentValue(v, 100, 100) }}},
	}
}

// SLO is how long bugs may stay open.
type SLO struct {
	Bug      [4]time.Duration // by severity: the first is that of severity 1
	Infradev [4]time.Duration
	Near     [4]int // percent, 0 is never
}

func (s *SLO) keys() []key {
	near := section{noun: "severity"}
	for i, standard := range [4]int{75, 75, 50, 0} {
		share := percentValue(&s.Near[i], standard, 99)
		share.allowed = "" // four times the same would be too much
		near.keys = append(near.keys, key{name: string(rune('1' + i)), kind: share})
	}
	return []key{
		{name: "bug", help: "From the severity label to the close, for severity 1 to 4", kind: durationsBySeverity(&s.Bug, "30d", "60d", "90d", "120d")},
		{name: "infradev", help: "The same for issues that are labelled infradev", kind: durationsBySeverity(&s.Infradev, "7d", "30d", "60d", "90d")},
		{name: "near", help: "How much of that time has to pass before a bug of a severity is near its limit; 0% is never, 99% the most", kind: near},
	}
}

// SMTP is the server that takes mails.
type SMTP struct {
	Host     string // empty: no mail is sent
	Port     int
	From     string // an address, with or without a name
	Username string // empty: without signing in
	Password Secret
}

func (s *SMTP) keys() []key {
	return []key{
		{name: "host", help: "Checked by its certificate; SSL_CERT_FILE names authorities of your own", kind: optionalValue(&s.Host, "the name of a host", parseHostName)},
		{name: "port", help: "With STARTTLS, or 465 with TLS from the start; without either only to this machine itself", kind: intValue(&s.Port, 587, 1, 65535)},
		{name: "from", help: "Whose address mails carry: flowkeeper@example.com", kind: optionalValue(&s.From, "an address such as flowkeeper@example.com", parseSender)},
		{name: "username", help: "Empty: without signing in", kind: optionalValue(&s.Username, "a name", parseTextLine)},
		{variable: "FLOWKEEPER_SMTP_PASSWORD", orFile: true, help: "the password that goes with smtp.username",
			searchNames: "smtp_password mail_password email_password", whyNotInFile: notInFile, kind: secretValue(&s.Password, parseSecretText)},
	}
}
