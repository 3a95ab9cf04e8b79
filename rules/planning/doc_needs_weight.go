package planning

import (
	"fmt"
	"strconv"

	"flowkeeper/rules/triage"
)

// dealSection begins the names of the sections with what one engineer is to weigh; the username follows.
const dealSection = "weigh-"

// composeNeedsWeight follows "Weighting issues": the issues of the milestone that have no weight are dealt to the engineers, a few for each.
func composeNeedsWeight(s Snapshot) (Document, error) {
	if err := s.needsMilestone(KindNeedsWeight); err != nil {
		return Document{}, err
	}
	d := Document{
		Kind: KindNeedsWeight, Key: s.Milestone.String(), Milestone: s.Milestone.String(), Title: "Needs weight " + s.Milestone.String(),
		Labels: s.planningLabels(), Due: s.weightsDue(), State: s.carried(),
	}
	named, unnamed := s.toWeigh()
	if len(named)+unnamed.Count == 0 {
		d.Empty = true
		d.Intro = []triage.Prose{sayf("Every issue of %s has a weight.", s.Milestone)}
		if s.Team.Scale.Off() {
			d.Intro = []triage.Prose{sayf("There is nothing to weigh: %s.", triage.WithoutWeights)}
		}
		return d, nil
	}
	dealt := s.deal(named)
	d.State.Dealt = map[string]string{}
	for _, i := range named {
		d.State.Dealt[i.Ref.String()] = dealt[i]
	}
	open := unnamed.Count
	for _, e := range append(s.engineers(), "") {
		section := s.weighSection(e, named, dealt)
		if e == "" {
			section.Rows, section.Count = append(section.Rows, unnamed.Rows...), section.Count+unnamed.Count
		}
		if section.Count > 0 {
			d.Sections = append(d.Sections, section)
		}
		if e != "" && section.Count > 0 {
			d.Asks = append(d.Asks, e)
		}
		open += openBoxes(section)
	}
	d.Intro = s.needsWeightIntro(open)
	d.Sections = append([]Section{s.instructions(d.Sections[0].Rows)}, d.Sections...)
	managers := s.Team.People(triage.EngineeringManager)
	d.Assignees = s.assignable(managers)
	if s.Home.Premium && len(d.Asks) > 0 {
		d.Assignees = d.Asks
	}
	if last := d.Sections[len(d.Sections)-1]; last.Name == notDealt {
		d.Asks = append(d.Asks, managers...)
	}
	d.Asks = distinct(d.Asks)
	return d, nil
}

// notDealt is the section with what nobody is to weigh.
const notDealt = "not-dealt"

// toWeigh are the issues that the document lists: those that need a weight, and those that were dealt before, whatever became of them. Those that
// the report may not name are apart: nobody can be asked to weigh what they are not told.
func (s Snapshot) toWeigh() (named []*Issue, unnamed Section) {
	for n := range s.Issues {
		i := &s.Issues[n]
		_, before := s.Previous.Dealt[i.Ref.String()]
		if !before && !s.needsWeight(i) {
			continue
		}
		row, ok := s.issueRow(i)
		switch {
		case ok && row.Names():
			named = append(named, i)
		case ok:
			unnamed.Rows = append(unnamed.Rows, Row{Issue: &row})
		}
		if !row.Names() {
			unnamed.Count++
		}
	}
	s.sortByPriority(named)
	return named, unnamed
}

// weighSection lists what a person is to weigh, or what nobody is if the person is "". Its count is that of what was dealt.
func (s Snapshot) weighSection(person string, named []*Issue, dealt map[*Issue]string) Section {
	section := Section{Name: dealSection + person, Title: triage.Code(person)}
	if person == "" {
		section.Name, section.Title = notDealt, "Not dealt"
		section.Text = []triage.Prose{s.whyNotDealt()}
	}
	for _, i := range named {
		if dealt[i] != person {
			continue
		}
		in := s.facts(i)
		row, _ := s.issueRow(i, scopeLabels(&in, triage.TypeScope, triage.PriorityScope, triage.WorkflowScope)...)
		box := Unticked
		if !s.needsWeight(i) {
			box = Ticked
		}
		section.Rows = append(section.Rows, Row{Box: box, Issue: &row, Text: s.takers(i)})
		section.Count++
	}
	return section
}

// whyNotDealt says what is to become of issues that no engineer is to weigh.
func (s Snapshot) whyNotDealt() triage.Prose {
	if len(s.engineers()) == 0 {
		return triage.Say("The configuration names no engineers (" + triage.Code("team.roles.engineers") + "), so nobody is asked to weigh these.")
	}
	return sayf("Nobody is asked to weigh more than %s. The engineering manager sees to these, or they wait.", countOf(s.perEngineer(), "issue"))
}

// openBoxes counts the boxes that are not ticked.
func openBoxes(section Section) int {
	n := 0
	for _, row := range section.Rows {
		if row.Box == Unticked {
			n++
		}
	}
	return n
}

func (s Snapshot) needsWeightIntro(open int) []triage.Prose {
	if open == 0 {
		return []triage.Prose{sayf("Every issue that was listed here for %s has been seen to. Thank you!", s.Milestone)}
	}
	have := "have"
	if open == 1 {
		have = "has"
	}
	return []triage.Prose{sayf("%s of %s %s no weight. Please weigh yours%s, so that the milestone can be planned.", countOf(open, "issue"), s.Milestone, have, by(s.weightsDue()))}
}

// guesses names the weights of a scale: "from 0 to 5", "one of 1, 2, 3, 5, 8 and 13".
func guesses(s *triage.Scale) string {
	if s.HasGaps() {
		return "one of " + s.String()
	}
	return s.String()
}

// article is the one before a number at the beginning of a sentence: "An 8".
func article(n int) string {
	if n == 8 || n == 11 || n == 18 || n >= 80 && n < 90 {
		return "An"
	}
	return "A"
}

// instructions are those of the handbook, in short: "Weighting issues", "If the issue SSOT is not clear" and "If the issue needs a spike".
func (s Snapshot) instructions(rows []Row) Section {
	flow, scale := s.Team.CommandCode, s.Team.Scale
	texts := []string{
		fmt.Sprintf("Read the issue and say your best guess, %s: comment %s on it. An hour for each is enough; a guess can be corrected.", guesses(scale), flow("weight "+strconv.Itoa(scale.Example()))),
	}
	if s.Team.Side != "" && scale.HasSides() {
		texts = append(texts, fmt.Sprintf("Where backend and frontend both have work to do, weigh the %s's part.", s.Team.Side))
	}
	texts = append(texts,
		fmt.Sprintf("Not clear what is wanted? Give it no weight; %s asks the managers.", flow("unclear <what>")),
		fmt.Sprintf("More to find out first? Give it no weight; %s asks for a spike.", flow("spike <what>")),
		fmt.Sprintf("%s %d, or more, is too large to be scheduled: say how it could be split.", article(scale.SplitFrom), scale.SplitFrom),
		fmt.Sprintf("Could somebody begin with it in %s? Then comment %s.", s.Milestone, flow("to "+s.Team.Workflow.Named(triage.Ready, triage.Development, triage.Intake))),
		fmt.Sprintf("Would you like to do one? Comment %s here. It is a wish, not yet an assignment.", s.exampleTake(rows)),
	)
	section := Section{Name: "instructions", Title: "How it goes", Text: []triage.Prose{triage.Say("A box ticks itself once its issue is weighed, is found unclear, or needs a spike.")}}
	for _, text := range texts {
		section.Rows = append(section.Rows, Row{Text: triage.Say(text)})
	}
	return section
}

// Reminder is what a needs-weight report says once, when its weights are due. Nobody is to be reminded if there are no people.
type Reminder struct {
	People []string // usernames, to be mentioned
	Text   triage.Prose
}

// RemindOf says whom a needs-weight report reminds: every engineer who is to weigh an issue that still needs it. The issues of the
// snapshot are those whose boxes are open on the report's issue, its previous state is the one that stands there.
func RemindOf(s Snapshot) Reminder {
	r := Reminder{Text: triage.Say("the weights are needed today. Please look at your issues above that are still open; a best guess will do. If you cannot, say so here.")}
	for n := range s.Issues {
		i := &s.Issues[n]
		who, ok := oneOf(s.engineers(), s.Previous.Dealt[i.Ref.String()])
		if ok && s.needsWeight(i) {
			r.People = append(r.People, who)
		}
	}
	r.People = distinct(r.People)
	return r
}
