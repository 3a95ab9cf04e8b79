package planning

import (
	"fmt"
	"slices"

	"flowkeeper/rules/triage"
)

// composeKickoff follows "Kickoff": before a milestone begins everybody is told their availability, their budget and how it was reckoned, what is likely
// theirs and why if it is more than that. Application security and quality hear at the same time of the security issues.
func composeKickoff(s Snapshot) (Document, error) {
	if err := s.needsMilestone(KindKickoff); err != nil {
		return Document{}, err
	}
	counterparts := distinct(s.Team.People(triage.AppSec, triage.Quality))
	d := Document{
		Kind: KindKickoff, Key: s.Milestone.String(), Milestone: s.Milestone.String(), State: s.carried(),
		Asks: distinct(slices.Concat(s.engineers(), counterparts)), Intro: []triage.Prose{s.kickoffIntro(), s.span()},
	}
	for _, k := range s.kickoffs() {
		d.Sections = append(d.Sections, s.kickoffSection(k))
		if k.engineer {
			d.Letters = append(d.Letters, s.letter(k))
		}
	}
	for _, section := range []Section{s.noteworthySection(), s.securitySection()} {
		if section.Count > 0 {
			d.Sections = append(d.Sections, section)
		}
	}
	for _, person := range counterparts {
		d.Letters = append(d.Letters, s.securityLetter(person))
	}
	if d.Empty = len(d.Sections) == 0; d.Empty {
		d.Intro = []triage.Prose{sayf("There is no kickoff of %s: the configuration names no engineers, and nobody is assigned.", s.Milestone)}
	}
	return d, nil
}

// kickoffIntro speaks to those who are mentioned.
func (s Snapshot) kickoffIntro() triage.Prose {
	start, begins := s.Calendar.Milestone(s.Milestone).Start.Date, "begins"
	if start.Before(s.today()) {
		begins = "began"
	}
	return sayf("%s %s on %s. This is what is likely yours. Please say here if you see it otherwise.", s.Milestone, begins, start.inWords())
}

// kickoffSection is what the planning issue says to one person.
func (s Snapshot) kickoffSection(k personKickoff) Section {
	section := Section{
		Name: "kickoff-" + k.person, Title: triage.Code(k.person), Count: len(k.likely) + len(k.slipped),
		Text: append([]triage.Prose{s.reckoning(k)}, s.load(k)...),
	}
	for _, i := range k.likely {
		if row, ok := s.plannedRow(i); ok {
			section.Rows = append(section.Rows, row)
		}
	}
	for _, i := range k.slipped {
		if row, ok := s.plannedRow(i, s.whence()); ok {
			section.Rows = append(section.Rows, row)
		}
	}
	section.Text = append(section.Text, s.hidden(section.Count-len(section.Rows))...)
	return section
}

func (s Snapshot) noteworthySection() Section {
	issues, why := s.noteworthy()
	section := Section{Name: "noteworthy", Title: "Worth knowing", Count: len(issues)}
	for _, i := range issues {
		if row, ok := s.plannedRow(i, triage.Say(why[i])); ok {
			section.Rows = append(section.Rows, row)
		}
	}
	section.Text = s.hidden(section.Count - len(section.Rows))
	return section
}

// securitySection is for application security and quality.
func (s Snapshot) securitySection() Section {
	issues := s.securityIssues()
	section := Section{Name: "security", Title: "For application security and quality", Count: len(issues), Rows: s.plannedRows(issues)}
	section.Text = append([]triage.Prose{sayf("%s planned for %s.", countOf(len(issues), "security issue"), s.Milestone)}, s.hidden(section.Count-len(section.Rows))...)
	return section
}

// letter is what an engineer gets by mail. A mail leaves GitLab, so that it names confidential issues by their numbers alone.
func (s Snapshot) letter(k personKickoff) Letter {
	l := Letter{To: k.person, Subject: fmt.Sprintf("Kickoff of %s: what is likely yours", s.Milestone)}
	l.Text = append(l.Text, triage.Say("Hello ").Untrusted(k.person).Say(","), s.span(), s.reckoning(k))
	l.Text = append(l.Text, s.load(k)...)
	for _, i := range k.likely {
		l.Text = append(l.Text, s.letterLine(i, ""))
	}
	for _, i := range k.slipped {
		l.Text = append(l.Text, s.letterLine(i, s.whence().Plain()))
	}
	if issues, why := s.noteworthy(); len(issues) > 0 {
		l.Text = append(l.Text, triage.Say("Worth knowing in the team:"))
		for _, i := range issues {
			l.Text = append(l.Text, s.letterLine(i, why[i]))
		}
	}
	l.Text = append(l.Text, triage.Say("If you see it otherwise, please say so on the planning issue or to your manager."))
	return l
}

// securityLetter is what application security and quality get by mail.
func (s Snapshot) securityLetter(person string) Letter {
	issues := s.securityIssues()
	l := Letter{To: person, Subject: fmt.Sprintf("Kickoff of %s: security issues", s.Milestone)}
	l.Text = append(l.Text, triage.Say("Hello ").Untrusted(person).Say(","), s.span())
	if len(issues) == 0 {
		l.Text = append(l.Text, sayf("No security issue is planned for %s.", s.Milestone))
	} else {
		l.Text = append(l.Text, sayf("%s planned for %s:", countOf(len(issues), "security issue"), s.Milestone))
	}
	for _, i := range issues {
		l.Text = append(l.Text, s.letterLine(i, ""))
	}
	return l
}

// letterLine names an issue in a letter, with its address and, of one that is not confidential, its title and weight.
func (s Snapshot) letterLine(i *Issue, why string) triage.Prose {
	line := triage.Say("- ").Untrusted(i.Path).Say(fmt.Sprintf("#%d ", i.IID))
	if i.Confidential {
		line = line.Say("(confidential)")
	} else {
		parts := []triage.Prose{triage.Say("").Quote(i.Title), s.weightText(i)}
		if why != "" {
			parts = append(parts, triage.Say(why))
		}
		line = append(line, joinProse(parts)...)
	}
	return line.Say(" ").Untrusted(i.URL)
}
