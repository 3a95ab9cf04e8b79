package sandbox

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// condition says whether an issue belongs into a list.
type condition func(*issue) bool

// filterReader reads the conditions of a list of issues. It keeps the first thing that GitLab would refuse.
type filterReader struct {
	s    *Server
	p    params
	user *user
	all  []condition
	err  error
}

// issueFilter reads the conditions of a list. All of them have to hold. What is under "not" must not.
func (s *Server) issueFilter(c *apiCall) (condition, error) {
	f := &filterReader{s: s, p: c.params, user: c.by.user}
	f.state("all", "opened", "closed")
	f.scope()
	f.times()
	f.labels()
	f.milestone()
	f.people("", func(c condition) { f.all = append(f.all, c) })
	f.people("not", func(c condition) { f.all = append(f.all, func(i *issue) bool { return !c(i) }) })
	f.rest()
	return func(i *issue) bool {
		return i.visible(c.by.user) && !slices.ContainsFunc(f.all, func(holds condition) bool { return !holds(i) })
	}, f.err
}

func (f *filterReader) want(c condition) { f.all = append(f.all, c) }

func (f *filterReader) fail(err error) {
	if f.err == nil {
		f.err = err
	}
}

func (f *filterReader) oneOf(name string, words ...string) string {
	v, err := f.p.oneOf(name, words...)
	f.fail(err)
	return v
}

func (f *filterReader) list(name string) []string {
	v, err := f.p.list(name)
	f.fail(err)
	return v
}

func (f *filterReader) text(name string) string {
	v, err := f.p.text(name)
	f.fail(err)
	return v
}

// exclusive refuses two parameters at once.
func (f *filterReader) exclusive(a, b string) {
	if f.p.has(a) && f.p.has(b) {
		f.fail(exclusiveParams{a, b})
	}
}

// state reads the state, one of these words of which the first is any state.
func (f *filterReader) state(words ...string) {
	if state := f.oneOf("state", words...); state != "all" {
		f.want(func(i *issue) bool { return i.state() == state })
	}
}

func (f *filterReader) scope() {
	switch f.oneOf("scope", "all", "created_by_me", "created-by-me", "assigned_to_me", "assigned-to-me") {
	case "created_by_me", "created-by-me":
		f.want(func(i *issue) bool { return i.author == f.user })
	case "assigned_to_me", "assigned-to-me":
		f.want(func(i *issue) bool { return slices.Contains(i.assignees, f.user) })
	}
}

func (f *filterReader) times() {
	for name, of := range map[string]func(*issue) time.Time{
		"created": func(i *issue) time.Time { return i.created },
		"updated": func(i *issue) time.Time { return i.updated },
		"closed":  func(i *issue) time.Time { return i.closedAt },
	} {
		after, err := f.p.time(name + "_after")
		f.fail(err)
		before, err := f.p.time(name + "_before")
		f.fail(err)
		if !after.IsZero() {
			f.want(func(i *issue) bool { return !of(i).IsZero() && !of(i).Before(after) })
		}
		if !before.IsZero() {
			f.want(func(i *issue) bool { return !of(i).IsZero() && !of(i).After(before) })
		}
	}
}

// labels reads which labels an issue has all of, and which it has none of. None and Any are GitLab's words for no label and some label; beside
// them other names do not count.
func (f *filterReader) labels() {
	names := f.list("labels")
	has := func(word string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, word) })
	}
	switch {
	case has("none"):
		f.want(func(i *issue) bool { return len(i.labels) == 0 })
	case has("any"):
		f.want(func(i *issue) bool { return len(i.labels) > 0 })
	default:
		for n, name := range names {
			repeated := slices.Contains(names[:n], name) // then GitLab finds fewer labels than were named, and no issue
			f.want(func(i *issue) bool { return !repeated && f.labelled(i, name) })
		}
	}
	if some := f.list("or[labels]"); len(some) > 0 {
		f.want(func(i *issue) bool {
			return slices.ContainsFunc(some, func(name string) bool { return f.labelled(i, name) })
		})
	}
	for _, name := range f.list("not[labels]") {
		f.want(func(i *issue) bool { return !f.labelled(i, name) })
	}
}

// labelled reports whether the issue has the label, letter for letter; "scope::*" is any label of a scope, where the edition has scopes.
func (f *filterReader) labelled(i *issue, name string) bool {
	scope, wild := strings.CutSuffix(name, "::*")
	return slices.ContainsFunc(i.labels, func(l *label) bool {
		return l.name == name || wild && f.s.opt.Edition == Premium && labelScope(l.name) == scope
	})
}

// milestone reads the milestone by its title, or by one of GitLab's words for it.
func (f *filterReader) milestone() {
	f.exclusive("milestone_id", "milestone")
	f.exclusive("not[milestone_id]", "not[milestone]")
	titled := func(title string) condition {
		return func(i *issue) bool { return i.milestone != nil && i.milestone.title == title }
	}
	switch title := f.text("milestone"); {
	case strings.EqualFold(title, "none"):
		f.want(func(i *issue) bool { return i.milestone == nil })
	case strings.EqualFold(title, "any"):
		f.want(func(i *issue) bool { return i.milestone != nil })
	case title != "":
		f.want(titled(title))
	}
	if title := f.text("not[milestone]"); title != "" {
		has := titled(title)
		f.want(func(i *issue) bool { return !has(i) })
	}
	wildcards := []string{"", "None", "Any", "Upcoming", "Started"}
	if word := f.oneOf("milestone_id", wildcards...); word != "" {
		f.want(func(i *issue) bool { return f.s.milestoneIs(i, word) })
	}
	if word := f.oneOf("not[milestone_id]", wildcards...); word != "" {
		f.want(func(i *issue) bool { return !f.s.milestoneIs(i, word) })
	}
}

// milestoneIs reports whether a word for milestones fits that of the issue: Started began and is open, Upcoming is the open one of its project or
// group that ends next.
func (s *Server) milestoneIs(i *issue, word string) bool {
	m, today := i.milestone, s.today()
	switch {
	case m == nil || word == "Any" || word == "None":
		return (m == nil) == (word == "None")
	case word == "Started":
		return !m.closed && m.start != "" && m.start <= today
	}
	upcoming := func(m *milestone) bool { return !m.closed && m.due > today }
	return upcoming(m) && !slices.ContainsFunc(i.project.allMilestones(), func(o *milestone) bool {
		return upcoming(o) && o.due < m.due && o.groupID == m.groupID && o.projectID == m.projectID
	})
}

// people reads who opened an issue, who works on it, and which numbers are meant, below "not" or not.
func (f *filterReader) people(below string, want func(condition)) {
	name := func(plain string) string {
		if below == "" {
			return plain
		}
		return below + "[" + plain + "]"
	}
	f.exclusive(name("author_id"), name("author_username"))
	f.exclusive(name("assignee_id"), name("assignee_username"))
	author, err := f.p.number(name("author_id"))
	f.fail(err)
	if author != nil {
		want(func(i *issue) bool { return i.author.id == *author })
	}
	if u := f.text(name("author_username")); u != "" {
		want(func(i *issue) bool { return strings.EqualFold(i.author.username, u) })
	}
	switch id := f.text(name("assignee_id")); {
	case strings.EqualFold(id, "none"):
		want(func(i *issue) bool { return len(i.assignees) == 0 })
	case strings.EqualFold(id, "any"):
		want(func(i *issue) bool { return len(i.assignees) > 0 })
	case id != "":
		want(func(i *issue) bool { return slices.Contains(userIDs(i.assignees), parseID(id)) })
	}
	usernames := f.list(name("assignee_username"))
	if len(usernames) > 1 && f.s.opt.Edition == CE {
		f.fail(badParam{name("assignee_username")})
	}
	for _, u := range usernames {
		want(func(i *issue) bool {
			return slices.ContainsFunc(i.assignees, func(a *user) bool { return strings.EqualFold(a.username, u) })
		})
	}
	if iids := f.list(name("iids")); len(iids) > 0 {
		want(func(i *issue) bool { return slices.Contains(iids, strconv.FormatInt(i.iid, 10)) })
	}
}

// rest reads the conditions that have no "not".
func (f *filterReader) rest() {
	if flag, err := f.p.flag("confidential"); err != nil {
		f.fail(err)
	} else if flag != nil {
		f.want(func(i *issue) bool { return i.confidential == *flag })
	}
	if kind := f.text("issue_type"); kind != "" {
		f.want(func(i *issue) bool { return strings.EqualFold(strings.ReplaceAll(i.kind, " ", "_"), kind) })
	}
	f.search()
	if f.s.opt.Edition == Premium {
		switch weight := f.text("weight"); {
		case strings.EqualFold(weight, "none"):
			f.want(func(i *issue) bool { return i.weight == nil })
		case strings.EqualFold(weight, "any"):
			f.want(func(i *issue) bool { return i.weight != nil })
		case weight != "":
			f.want(func(i *issue) bool { return i.weight != nil && strconv.Itoa(*i.weight) == weight })
		}
	}
	f.dueDate()
}

func (f *filterReader) search() {
	for word := range strings.FieldsSeq(strings.ToLower(f.text("search"))) {
		f.want(func(i *issue) bool { return strings.Contains(strings.ToLower(i.title+" "+i.description), word) })
	}
}

func (f *filterReader) dueDate() {
	today, tomorrow := f.s.today(), f.s.now().AddDate(0, 0, 1).Format(time.DateOnly)
	switch f.oneOf("due_date", "", "0", "any", "today", "tomorrow", "overdue") {
	case "0":
		f.want(func(i *issue) bool { return i.due == "" })
	case "any":
		f.want(func(i *issue) bool { return i.due != "" })
	case "today":
		f.want(func(i *issue) bool { return i.due == today })
	case "tomorrow":
		f.want(func(i *issue) bool { return i.due == tomorrow })
	case "overdue":
		f.want(func(i *issue) bool { return i.due != "" && i.due < today })
	}
}

// exclusiveParams are two parameters of which a request may have one.
type exclusiveParams struct{ a, b string }

func (e exclusiveParams) Error() string { return e.a + ", " + e.b + " are mutually exclusive" }
