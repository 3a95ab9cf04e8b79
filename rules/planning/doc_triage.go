package planning

import (
	"fmt"
	"slices"

	"flowkeeper/rules/triage"
)

// triageDays is how long the managers have for a triage report.
const triageDays = 7

// composeTriage follows "Triage Process": once a week the managers go through what waits for a decision. The summary comes first, then the lists with
// a box for each issue, and folded at the end the heat map of all open bugs.
func composeTriage(s Snapshot) (Document, error) {
	day := s.reportDay()
	d := Document{
		Kind: KindTriage, Key: day.String(), Title: fmt.Sprintf("%s - Triage report for %q", day, s.groupName()),
		Labels: s.reportLabels("triage report"), Due: day.AddDays(triageDays),
	}
	managers := distinct(s.Team.People(triage.EngineeringManager, triage.ProductManager))
	d.Assignees, d.Asks = s.assignable(managers), managers
	all, before := s.triaged(), s.before(d.Key)
	d.State = State{Key: d.Key, Counts: map[string]int{}, Before: before}
	waiting := map[*Issue]bool{}
	for _, list := range triageLists {
		if s.Team.Lacks(list.uses) != "" {
			continue
		}
		chosen := s.chosen(list, all)
		for _, w := range chosen {
			waiting[w.i] = true
		}
		section := s.triageSection(list, chosen)
		if n, ok := before[section.Name]; ok {
			section.Before = &n
		}
		d.State.Counts[section.Name] = section.Count
		d.Sections = append(d.Sections, section)
	}
	if len(waiting) == 0 {
		d.Empty, d.Sections = true, nil
		d.Intro = []triage.Prose{triage.Say("There is nothing to triage. Thank you.")}
		return d, nil
	}
	d.Intro = s.triageIntro(len(waiting), d.Due, before != nil)
	if bugs := s.heatMap(all); bugs.Count > 0 {
		d.Sections = append(d.Sections, bugs)
	}
	return d, nil
}

// reportDay is the day of a report whose key it is: today, or the day on which the report was made that is composed again.
func (s Snapshot) reportDay() Date {
	if day := dayOf(s.Key); !day.IsZero() {
		return day
	}
	return s.today()
}

// groupName is what the title of the report calls the team.
func (s Snapshot) groupName() string {
	if s.Team.GroupLabel != "" {
		return s.Team.GroupLabel
	}
	return s.Team.Name
}

// triageIntro says what is to be done, and with what the counts are compared.
func (s Snapshot) triageIntro(waiting int, due Date, compared bool) []triage.Prose {
	wait := "wait"
	if waiting == 1 {
		wait = "waits"
	}
	text := fmt.Sprintf("%s %s for a decision, please by %s. Tick what you have seen to; a box ticks itself when the issue has what was missing.",
		countOf(waiting, "issue"), wait, due.inWords())
	if compared {
		text += " Changes are since the last report."
	}
	return []triage.Prose{triage.Say(text)}
}

// before are the counts of the report before this one, nil if there was none. A report that is composed afresh is compared with its predecessor again,
// not with itself.
func (s Snapshot) before(key string) map[string]int {
	if s.Previous.Key == key {
		return s.Previous.Before
	}
	return s.Previous.Counts
}

// work is an issue with what the rules see of it.
type work struct {
	i  *Issue
	in triage.Input

	like *Issue // it is likely a duplicate of this one; nil where that is not looked for
}

// triaged are the open issues of the team: no reports, and none that carry another team's group label.
func (s Snapshot) triaged() []*work {
	all := make([]*work, 0, len(s.Issues))
	for n := range s.Issues {
		if w := s.workOf(&s.Issues[n]); s.isWork(w) {
			all = append(all, w)
		}
	}
	slices.SortFunc(all, func(a, b *work) int { return byNumber(a.i, b.i) })
	return all
}

func (s Snapshot) workOf(i *Issue) *work { return &work{i: i, in: s.facts(i)} }

// isWork reports whether an issue is open and the team's.
func (s Snapshot) isWork(w *work) bool {
	group := s.Team.GroupLabel
	switch {
	case w.i.Closed || isReport(&w.in):
		return false
	case s.Team.LabelledOnly:
		return w.in.HasLabel(group)
	}
	other := ""
	if scope := triage.Scope(group); scope != "" {
		other = w.in.Winner(scope)
	}
	return other == "" || w.in.HasLabel(group)
}

// needsTriage reports whether an issue still belongs into a list of the triage report.
func needsTriage(section string, i *Issue, s Snapshot) bool {
	w := s.workOf(i)
	at := slices.IndexFunc(triageLists, func(l triageList) bool { return l.name == section })
	if at < 0 || !s.isWork(w) {
		return false
	}
	list := triageLists[at]
	return list.waits(s, w) || list.keeps != nil && list.keeps(w)
}

// triageSection is one of the lists with the issues that were chosen for it.
func (s Snapshot) triageSection(l triageList, chosen []*work) Section {
	section := Section{Name: l.name, Title: l.title, Count: len(chosen), Summary: true}
	if l.filter != nil && !(l.byState && s.Team.Store == triage.StoreStatus) {
		section.Filter = s.ofTeam(l.filter(s.Team))
	}
	if len(chosen) == 0 {
		return section
	}
	section.Text = []triage.Prose{triage.Say(l.ask(s.Team))}
	var secret []string
	for _, w := range chosen {
		row, ok := s.issueRow(w.i, s.shownLabels(l, w)...)
		if ok && row.Names() {
			section.Rows = append(section.Rows, s.triageRow(l, w, row))
		} else {
			secret = append(secret, w.i.Path)
		}
	}
	if most := s.Options.Cap; !l.uncapped && most > 0 && len(section.Rows) > most {
		section.More = len(section.Rows) - most
		section.Rows = section.Rows[:most]
	}
	if s.Home.Public {
		section.Text = append(section.Text, s.hidden(len(secret))...)
	} else {
		section.Rows = append(section.Rows, unnamed(secret)...)
	}
	return section
}

// triageRow is an issue's line.
func (s Snapshot) triageRow(l triageList, w *work, row IssueRow) Row {
	r := Row{Box: Unticked, Issue: &row}
	if l.text != nil && !row.Confidential {
		r.Text = l.text(s, w)
	}
	if w.like != nil {
		older, _ := s.issueRow(w.like)
		r.Rows = []Row{{Issue: &older}}
	}
	return r
}

// unnamed are the lines for issues that may not be named: one for each project.
func unnamed(paths []string) []Row {
	slices.Sort(paths)
	var rows []Row
	for len(paths) > 0 {
		path, n := paths[0], 1
		for n < len(paths) && paths[n] == path {
			n++
		}
		paths = paths[n:]
		if n == 1 {
			rows = append(rows, Row{Issue: &IssueRow{Path: path, Confidential: true}})
			continue
		}
		rows = append(rows, Row{Text: triage.Say(countOf(n, "confidential issue") + " of " + triage.Code(path))})
	}
	return rows
}

// chosen are the issues of a list in its order.
func (s Snapshot) chosen(l triageList, all []*work) []*work {
	var some []*work
	for _, w := range all {
		if l.waits(s, w) && (l.unlike == nil || !l.unlike(s, w)) {
			some = append(some, w)
		}
	}
	if l.pairs {
		some = newerOfPairs(some)
	}
	slices.SortStableFunc(some, func(a, b *work) int { return l.compare(s, a, b) })
	return some
}

// shownLabels are those labels of an issue that help to decide.
func (s Snapshot) shownLabels(l triageList, w *work) []string {
	labels := scopeLabels(&w.in, l.scopes...)
	for _, r := range []triage.LabelRole{triage.Infradev, triage.Customer} {
		if w.in.Has(r) {
			labels = append(labels, s.Team.Label(r))
		}
	}
	return labels
}

// ofTeam is a filter of the team's issues: where only labelled ones are the team's, these.
func (s Snapshot) ofTeam(f Filter) *Filter {
	if s.Team.LabelledOnly {
		f.Labels = append([]string{s.Team.GroupLabel}, f.Labels...)
	}
	return &f
}

// typeLabels are the labels of the types that the rules speak of.
func typeLabels(t *triage.Team) []string {
	kinds := triage.IssueTypes()
	labels := make([]string, len(kinds))
	for n, kind := range kinds {
		labels[n] = triage.Scoped(t.Label(triage.TypeScope), kind)
	}
	return labels
}

// lacksLevel reports whether an issue has no severity, or no priority, of those that the team has.
func lacksLevel(s Snapshot, w *work, scope triage.LabelRole) bool {
	return !s.Team.Levels(scope).Off() && rankOf(w.i.Labels, s.Team, scope) < 0
}
