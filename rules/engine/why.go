package engine

import (
	"slices"
	"strings"
	"time"

	"flowkeeper/rules/triage"
)

// Probe is what the rules say of the issue when all of them look at it. Needs are facts that have to be loaded first.
func Probe(p Policy, issue triage.Issue, memory *triage.Memory, now time.Time) (Decision, error) {
	return Decide(p, []triage.Event{{Kind: triage.Swept, At: now}}, issue, memory, now)
}

// Sight is a decision of the past at which a rule looked at the issue.
type Sight struct {
	At     time.Time
	Events []string
	Reason string
}

// Explain answers what the rules say of an issue, from a decision of Probe. Past are the kept decisions at which the one rule that is asked
// for looked at it, the newest first.
func Explain(p Policy, d Decision, rule string, past []Sight) triage.Reply {
	if !d.Ours {
		return triage.Reply{Text: []triage.Prose{triage.Say("The rules leave this issue alone: ").Words(d.Reason).Say(".")}}
	}
	if rule != "" {
		return whyOne(p, d, rule, past)
	}
	r := triage.Reply{Fold: "The rules with nothing to say"}
	for n, f := range d.Findings {
		s := p.Settings[n]
		row := whyRow(s, f, d)
		if f.Speaks || said(d, f) {
			r.Rows = append(r.Rows, row)
		} else {
			r.FoldRows = append(r.FoldRows, row)
		}
	}
	text := "What the rules say of this issue; " + p.Team.Flow("why <rule>") + " tells more about one:"
	if len(r.Rows) == 0 {
		text = "No rule wants anything of this issue."
	}
	r.Text = []triage.Prose{triage.Say(text)}
	return r
}

// said reports whether people made the rule be quiet here.
func said(d Decision, f Finding) bool {
	_, rests := d.Memory.Suspended[f.Rule]
	_, silent := d.Memory.Silenced[f.Rule]
	return rests || silent
}

// whyRow is one rule's line: its name, its section and its reason.
func whyRow(s Setting, f Finding, d Decision) triage.Prose {
	row := triage.Say(triage.Code(s.ID) + " · " + s.Section + " · ").Words(f.Reason)
	if len(f.Wants) > 0 {
		row = row.Say(" · wants: ").Words(strings.Join(f.Wants, ", "))
	}
	if s.Mode == triage.Shadow {
		row = row.Say(" · only watched, mode `shadow`")
	}
	if u, rests := d.Memory.Suspended[s.ID]; rests {
		row = row.Say(" · rests here, undone: ").Words(u.What)
	}
	return row
}

// maxSights bounds how many past decisions are told.
const maxSights = 5

// whyOne tells all about one rule.
func whyOne(p Policy, d Decision, rule string, past []Sight) triage.Reply {
	n := slices.IndexFunc(p.Settings, func(s Setting) bool { return s.ID == rule })
	s, f := p.Settings[n], d.Findings[n]
	r := triage.Reply{Text: []triage.Prose{
		triage.Say(triage.Code(s.ID) + ": " + s.Summary),
		triage.Say("Here: ").Words(f.Reason).Say("."),
	}}
	r.Rows = append(r.Rows, triage.Say("From the handbook's section “"+s.Section+"”, mode "+triage.Code(s.Mode.String())))
	if len(f.Wants) > 0 {
		r.Rows = append(r.Rows, triage.Say("It wants: ").Words(strings.Join(f.Wants, ", ")))
	}
	if u, rests := d.Memory.Suspended[rule]; rests {
		r.Rows = append(r.Rows, triage.Say("It rests here since somebody undid ").Words(u.What).Say("; "+p.Team.Flow("resume "+rule)+" ends that"))
	}
	if quiet, silent := silence(&d.Memory, rule); silent {
		r.Rows = append(r.Rows, triage.Say("It is quiet here because of ").Words("@"+quiet.By).Say(": ").Quote(quiet.Why).Say("; "+p.Team.Flow("resume "+rule)+" ends that"))
	}
	r.Rows = append(r.Rows, triage.Say("It looks when an issue is: "+s.On.String()))
	for i, sight := range past {
		if i == maxSights {
			break
		}
		row := triage.Say(sight.At.UTC().Format("2 January 15:04 MST") + ", " + strings.Join(sight.Events, "; ") + ": ").Words(sight.Reason)
		r.Rows = append(r.Rows, row)
	}
	return r
}
