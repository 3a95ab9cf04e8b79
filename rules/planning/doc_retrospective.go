package planning

import (
	"fmt"
	"slices"

	"flowkeeper/rules/triage"
)

// composeRetrospective follows "Retrospectives": an issue for each milestone, with what was shipped and what was not. It is opened while the milestone runs
// and brought up to date before the release. It is confidential until people make it public. What slipped is told by labels and by the milestones that an issue was taken off, not guessed.
func composeRetrospective(s Snapshot) (Document, error) {
	if err := s.needsMilestone(KindRetrospective); err != nil {
		return Document{}, err
	}
	d := Document{
		Kind: KindRetrospective, Key: s.Milestone.String(), Milestone: s.Milestone.String(), Title: "Retrospective " + s.Milestone.String(),
		Labels: s.planningLabels(), Assignees: s.assignable(s.Team.People(triage.EngineeringManager)), Due: s.dueOn(Release), State: s.carried(),
		Asks:  distinct(s.Team.People(triage.EngineeringManager, triage.ProductManager, triage.ProductDesigner, triage.Engineers)),
		Frame: retrospectiveFrame, Confidential: true,
	}
	shipped, missed, slipped := s.shipped(), s.missed(), s.slippedWithoutLabel()
	all := s.ofMilestone(s.Milestone, func(_ *Issue, in *triage.Input) bool { return !isOtherSide(in) })
	if d.Empty = len(all)+len(missed)+len(slipped) == 0; d.Empty {
		d.Intro = []triage.Prose{sayf("There is nothing to look back on: %s has no issues, and none has slipped from it.", s.Milestone)}
		return d, nil
	}
	d.Intro = []triage.Prose{sayf("What went well in %s, what did not, and what do we change? Please write it into the sections of this issue, or into a comment.", s.Milestone), s.score(shipped, missed, slipped)}
	d.Sections = append(d.Sections, s.pastSection("shipped", "Shipped", shipped))
	if len(missed) > 0 {
		d.Sections = append(d.Sections, s.pastSection("missed", "Missed, labelled "+triage.Code(missedScope+s.Milestone.String()), missed))
	}
	if len(slipped) > 0 {
		d.Sections = append(d.Sections, s.pastSection("slipped", "Slipped, without the label", slipped))
	}
	return d, nil
}

// retrospectiveFrame has room for what people say.
const retrospectiveFrame = BlockHere + `

## What went well

## What did not

## What we change, and who sees to it
`

// shipped are the issues of the milestone that were closed as done.
func (s Snapshot) shipped() []*Issue {
	issues := s.ofMilestone(s.Milestone, func(i *Issue, in *triage.Input) bool {
		return i.Closed && !isOtherSide(in) && !in.Has(triage.Duplicate) && (in.State() == "" || isReady(in))
	})
	s.sortByUrgency(issues)
	return issues
}

// missed are the issues that carry the label of the milestone that they missed, wherever they are now.
func (s Snapshot) missed() []*Issue {
	return s.past(func(_ *Issue, in *triage.Input) bool { return in.HasLabel(missedScope + s.Milestone.String()) })
}

// slippedWithoutLabel are the issues that were meant for the milestone and are not done in it, but for those that are labelled so. One that still stands in it
// has slipped once it has ended.
func (s Snapshot) slippedWithoutLabel() []*Issue {
	return s.past(func(i *Issue, in *triage.Input) bool {
		switch meant := in.Has(triage.Deliverable) || isStarted(in); {
		case !meant || in.HasLabel(missedScope+s.Milestone.String()):
			return false
		case i.Milestone == s.Milestone.String():
			return !i.Closed && s.hasEnded(s.Milestone)
		default:
			return slices.Contains(i.LeftMilestones, s.Milestone.String())
		}
	})
}

// past are the team's issues that are meant, in whatever milestone.
func (s Snapshot) past(meant func(*Issue, *triage.Input) bool) []*Issue {
	var issues []*Issue
	for n := range s.Issues {
		i := &s.Issues[n]
		if in := s.facts(i); !isReport(&in) && !isOtherSide(&in) && meant(i, &in) {
			issues = append(issues, i)
		}
	}
	s.sortByUrgency(issues)
	return issues
}

// score says how much of what was selected was done.
func (s Snapshot) score(shipped, missed, slipped []*Issue) triage.Prose {
	selected, done := map[*Issue]bool{}, 0
	for _, i := range slices.Concat(s.deliverables(s.Milestone), missed, slipped) {
		if in := s.facts(i); in.Has(triage.Deliverable) {
			selected[i] = true
		}
	}
	for _, i := range shipped {
		if selected[i] && !slices.Contains(missed, i) {
			done++
		}
	}
	weight, _ := s.weigh(shipped)
	end := s.Calendar.Milestone(s.Milestone).End.Date.inWords()
	text := fmt.Sprintf("%s ended on %s: ", s.Milestone, end)
	if !s.hasEnded(s.Milestone) {
		text = fmt.Sprintf("%s ends on %s. So far ", s.Milestone, end)
	}
	text += fmt.Sprintf("%s%s shipped", countOf(len(shipped), "issue"), s.weighing(weight))
	if len(selected) > 0 {
		text += fmt.Sprintf(", %d of %s done", done, countOf(len(selected), s.Team.Label(triage.Deliverable)))
	}
	return triage.Say(text + ".")
}

// pastSection lists issues with who did them and where those that were not done are now.
func (s Snapshot) pastSection(name, title string, issues []*Issue) Section {
	section := Section{Name: name, Title: title, Count: len(issues)}
	if len(issues) == 0 {
		section.Text = []triage.Prose{triage.Say("Nothing yet.")}
	}
	for _, i := range issues {
		in := s.facts(i)
		row, ok := s.issueRow(i, scopeLabels(&in, triage.TypeScope, triage.PriorityScope)...)
		if !ok {
			continue
		}
		var text triage.Prose
		if !i.Confidential {
			text = s.pastText(i, &in)
		}
		section.Rows = append(section.Rows, Row{Issue: &row, Text: text})
	}
	section.Text = append(section.Text, s.hidden(len(issues)-len(section.Rows))...)
	return section
}

// pastText is the weight of an issue, whether it was selected, who has it, and where it is now.
func (s Snapshot) pastText(i *Issue, in *triage.Input) triage.Prose {
	parts := []triage.Prose{s.weightText(i)}
	if in.Has(triage.Deliverable) {
		parts = append(parts, triage.Say("**"+s.Team.Label(triage.Deliverable)+"**"))
	}
	parts = append(parts, unmentionedAll(i.Assignees))
	switch {
	case i.Closed && i.Milestone == s.Milestone.String():
	case i.Closed:
		parts = append(parts, triage.Say("closed by now"))
	case i.Milestone == "":
		parts = append(parts, triage.Say("now without a milestone"))
	case i.Milestone == s.Milestone.String():
		parts = append(parts, triage.Say("still open"))
	default:
		parts = append(parts, triage.Say("now in ").Untrusted(i.Milestone))
	}
	return joinProse(parts)
}
