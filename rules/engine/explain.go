package engine

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"flowkeeper/rules/triage"
)

// answer completes the replies to comments that ask what the rules say of the issue.
func answer(p Policy, c Case, d *Decision, needs *Needs) error {
	all, more, err := dryRun(p, d.Result, d.Memory, c.Now)
	needs.Facts |= more.Facts
	for _, q := range d.Pending.Questions {
		if _, known := c.Facts.PastFindings[q.Rule]; q.Rule != "" && !known {
			needs.PastFindings = append(needs.PastFindings, q.Rule)
		}
	}
	if err != nil || !needs.Empty() {
		return err
	}
	for _, q := range d.Pending.Questions {
		reply := explain(p, all, q.Rule, c.Facts.PastFindings[q.Rule])
		for n := range d.Pending.Intent.Answers {
			if a := &d.Pending.Intent.Answers[n]; a.Note == q.Note {
				if a.Reply != nil {
					reply.Text = slices.Concat(a.Reply.Text, reply.Text)
					reply.Rows = slices.Concat(a.Reply.Rows, reply.Rows)
				}
				a.Reply = &reply
			}
		}
	}
	d.Pending.Questions = nil
	return nil
}

// dryRun is what the rules say of the issue when all of them are run. Most rules do not run on a closed issue; for these it is what they
// would say had it not been closed.
func dryRun(p Policy, issue triage.Issue, memory triage.Memory, now time.Time) (Decision, Needs, error) {
	look := []triage.Event{{Kind: triage.Swept, At: now}}
	d, needs, err := runRules(p, look, issue, memory.Clone(), nil, now)
	if err != nil || !d.InScope || !issue.Closed {
		return d, needs, err
	}
	m := d.Memory.Clone()
	delete(m.BotChanges, triage.Close{}.Key()) // nobody reopened it
	issue.Closed = false
	before, more, err := runRules(p, look, issue, m, nil, now)
	if err != nil {
		return d, needs, err
	}
	for n, f := range before.Findings {
		if s := p.setting(f.Rule); !s.Closed && d.Findings[n].Rule == f.Rule {
			d.Findings[n] = f
		}
	}
	needs.Facts |= more.Facts
	return d, needs, nil
}

// PastFinding is what a rule said of the issue in an earlier decision.
type PastFinding struct {
	At     time.Time
	Events []string
	Reason string
}

// explain answers what the rules say of an issue, from a dry run. The past findings are those of the one rule that is asked for, the newest
// first.
func explain(p Policy, d Decision, rule string, sights []PastFinding) triage.Reply {
	switch n := p.index(rule); {
	case !d.InScope:
		return triage.Reply{Text: []triage.Prose{triage.Say("The rules leave this issue alone: ").Untrusted(d.Reason).Say(".")}}
	case rule == "":
		return whyAll(p, d)
	case n < 0:
		return triage.Reply{Text: []triage.Prose{triage.Say("There is no rule " + triage.Code(rule) + " any more.")}}
	default:
		return whyOne(p, d, n, sights)
	}
}

// whyAll lists the rules. Those come first that want something, did something here, or were silenced or suspended.
func whyAll(p Policy, d Decision) triage.Reply {
	var r triage.Reply
	silent := 0
	for _, f := range d.Findings {
		speaks := len(botActionsOf(p.Team, d, f.Rule)) > 0 || f.Notable || silencedItself(&d.Memory, f.Rule)
		switch s := p.setting(f.Rule); {
		case speaks:
			r.Rows = append(r.Rows, whyRow(p, s, f, d))
		default:
			silent++
			if len(r.DetailsRows) < maxSilentRows {
				r.DetailsRows = append(r.DetailsRows, whyRow(p, s, f, d))
			}
		}
	}
	r.DetailsTitle = "The rules with nothing to say: " + strconv.Itoa(silent)
	if silent > len(r.DetailsRows) {
		r.DetailsTitle += ", the first " + strconv.Itoa(len(r.DetailsRows)) + " of them"
	}
	first, last := "What the rules say of this issue. ", ""
	switch {
	case d.Result.Closed && len(r.Rows) == 0:
		first = closed + " Before it closed, no rule wanted anything. "
	case d.Result.Closed:
		first, last = closed+" ", " Before it closed:"
	case len(r.Rows) == 0:
		first = "No rule wants anything of this issue. "
	}
	r.Text = []triage.Prose{triage.Say(first + p.Team.CommandCode("why <rule>") + " tells all about one." + last)}
	return r
}

// maxSilentRows bounds how many rules with nothing to say are listed: a team may have a thousand policies.
const maxSilentRows = 100

// closed says what becomes of the rules when an issue is closed.
const closed = "The issue is closed; rules are not run."

// silencedItself reports whether people suspended or silenced this rule here, by itself and not with all others.
func silencedItself(m *triage.Memory, rule string) bool {
	_, suspended := m.Suspensions[rule]
	_, silent := m.Silences[rule]
	return suspended || silent
}

// botActionsOf lists in words what the rule did to the issue and nobody changed since.
func botActionsOf(team *triage.Team, d Decision, rule string) []string {
	var deeds []string
	for _, key := range slices.Sorted(maps.Keys(d.Memory.BotChanges)) {
		own := d.Memory.BotChanges[key]
		if own.Rule != rule || slices.ContainsFunc(d.Plan, func(p Planned) bool { return p.Action.Key() == key }) {
			continue // another's, or only wanted
		}
		switch kind, of, _ := strings.Cut(key, ":"); kind {
		case "label":
			deeds = append(deeds, changeInWords(of, own.Removed))
		case "weight":
			deeds = append(deeds, weightSet(team, of, own.Value).String())
		case "milestone":
			deeds = append(deeds, "set the milestone")
		case "state":
			deeds = append(deeds, stateInWords(own))
		case "assignees":
			deeds = append(deeds, assigneesInWords(own))
		case "due date":
			deeds = append(deeds, triage.SetDueDate{Date: own.DueDate}.String())
		}
	}
	return deeds
}

// whyRow is one rule's line: its name, its section and its reason.
func whyRow(p Policy, s *Setting, f Finding, d Decision) triage.Prose {
	row := triage.Say(triage.Code(s.ID) + " · ")
	if section := p.sectionOf(s); section != "" {
		row = row.Say(section + " · ")
	}
	row = row.Untrusted(f.Reason)
	if len(f.Wants) > 0 {
		wants := " · wants: "
		if outdatedByClosing(d, s) {
			wants = " · wanted: "
		}
		row = row.Say(wants).Untrusted(strings.Join(f.Wants, ", "))
	}
	if deeds := botActionsOf(p.Team, d, f.Rule); len(deeds) > 0 {
		row = row.Say(" · did: ").Untrusted(strings.Join(deeds, ", "))
	}
	if s.Mode == triage.Shadow {
		row = row.Say(" · only watched, mode `shadow`")
	}
	if u, suspended := d.Memory.Suspensions[s.ID]; suspended {
		row = row.Say(" · suspended here, undone: ").Untrusted(u.What)
	}
	if at := ruleOpensAt(p, d, s.ID); !at.IsZero() {
		row = row.Say(" · goes on the note at " + formatTime(at))
	}
	return row
}

// ruleOpensAt is when the waiting items of a rule go on the note, zero if none waits.
func ruleOpensAt(p Policy, d Decision, rule string) time.Time {
	if outdatedByClosing(d, p.setting(rule)) {
		return time.Time{}
	}
	for key, item := range d.Memory.Items {
		if ruleOf(key) == rule && item.State == triage.ItemPending {
			return itemOpensAt(p, &d.Memory, d.Result, item)
		}
	}
	return time.Time{}
}

func formatTime(t time.Time) string { return t.UTC().Format("2 January 15:04 MST") }

// maxPastFindings bounds how many past findings an explanation lists.
const maxPastFindings = 5

// whyOne tells all about one rule.
func whyOne(p Policy, d Decision, n int, sights []PastFinding) triage.Reply {
	s := &p.Settings[n]
	f := findingOf(d, s.ID)
	r := triage.Reply{Text: []triage.Prose{
		summaryOf(p, s),
		beginFinding(d, s).Untrusted(f.Reason).Say("."),
	}}
	add := func(row triage.Prose) { r.Rows = append(r.Rows, row) }
	if len(f.Wants) > 0 {
		add(triage.Say("It wants: ").Untrusted(strings.Join(f.Wants, ", ")))
	}
	if deeds := botActionsOf(p.Team, d, s.ID); len(deeds) > 0 {
		add(triage.Say("It did: ").Untrusted(strings.Join(deeds, ", ")))
	}
	if at := ruleOpensAt(p, d, s.ID); !at.IsZero() {
		add(triage.Say("It goes on the note at " + formatTime(at) + ", if it is still so"))
	}
	if u, suspended := d.Memory.Suspensions[s.ID]; suspended {
		add(triage.Say("It is suspended here: ").Untrusted(personName(u.By)).Say(" undid ").Quote(u.What).Say("; " + p.Team.CommandCode("resume "+s.ID) + " ends that"))
	}
	if row := whyQuiet(p, &d.Memory, s.ID); row != nil {
		add(row)
	}
	add(triage.Say("Mode " + triage.Code(s.Mode.String()) + ": " + modeWords[s.Mode]))
	switch section := p.sectionOf(s); {
	case section == "":
	case s.Looks != nil:
		add(triage.Say("From the section “" + section + "”"))
	default:
		add(triage.Say("From the handbook's section “" + section + "”"))
	}
	add(triage.Say("It looks at: " + s.On.String()))
	for i, sight := range sights {
		if i == maxPastFindings {
			break
		}
		add(triage.Say("On " + formatTime(sight.At) + " (").Untrusted(strings.Join(sight.Events, "; ")).Say("): ").Untrusted(sight.Reason))
	}
	return r
}

// summaryOf says what a rule is. A policy is called as its file calls it, which is not meant as Markdown.
func summaryOf(p Policy, s *Setting) triage.Prose {
	if s.Looks != nil {
		return triage.Say(triage.Code(s.ID) + ": ").Untrusted(s.Summary)
	}
	return triage.Say(triage.Code(s.ID) + ": " + s.SummaryFor(p.Team))
}

// findingOf is what a rule said. A policy for something else than issues says nothing.
func findingOf(d Decision, rule string) Finding {
	n := slices.IndexFunc(d.Findings, func(f Finding) bool { return f.Rule == rule })
	if n < 0 {
		return Finding{Rule: rule, Reason: "the rule does not look at such things"}
	}
	return d.Findings[n]
}

// beginFinding begins what a rule says of the issue, or said before it was closed.
func beginFinding(d Decision, s *Setting) triage.Prose {
	if outdatedByClosing(d, s) {
		return triage.Say(closed + " Before it closed: ")
	}
	return triage.Say("Here: ")
}

// outdatedByClosing reports whether a rule does not run because the issue is closed, so that what it said dates from before.
func outdatedByClosing(d Decision, s *Setting) bool { return d.Result.Closed && !s.Closed }

// modeWords say what a rule may do in each mode.
var modeWords = map[triage.Mode]string{
	triage.Off: "it is switched off", triage.Shadow: "it decides, and nothing shows", triage.Remind: "it asks people on the note",
	triage.Act: "it does what it wants",
}

// whyQuiet says who silenced the rule, nil if nobody did.
func whyQuiet(p Policy, m *triage.Memory, rule string) triage.Prose {
	quiet, silent := silence(m, rule)
	if !silent {
		return nil
	}
	ends := rule
	if _, itself := m.Silences[rule]; !itself {
		ends = triage.AllRules
	}
	row := triage.Say("It is quiet here, ").Untrusted(personName(quiet.By)).Say(" silenced it")
	if ends == triage.AllRules {
		row = row.Say(" with all others")
	}
	if quiet.Why != "" {
		row = row.Say(": ").Quote(quiet.Why)
	}
	return row.Say("; " + p.Team.CommandCode("resume "+ends) + " ends that")
}

// personName is how an explanation names a person.
func personName(username string) string {
	if username == "" {
		return "someone"
	}
	return "@" + username
}
