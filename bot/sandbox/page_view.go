package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bounds of what a page shows; the rest is said in a number.
const (
	shownIssues     = 200
	shownDeliveries = 30
)

// The views are what the templates read.
type (
	frameView struct {
		Tab     string // the page's title
		Problem string
		Self    string // the page's own path
		User    string
		Users   []userView
		Icons   []icon
	}
	userView struct {
		Username, Name, Role string
		Me                   bool
	}
	chipView struct {
		Label, Scope, Value string
		Tone                int
		Hint                string
	}
	indexView struct {
		frameView
		Projects []projectView
		Issues   []rowView
		More     int
		Labels   []string
		Weights  bool
	}
	projectView struct {
		ID   int64
		Path string
	}
	rowView struct {
		URL, Ref, Title, State, Author string
		Labels                         []chipView
		Weight                         *int
		Comments                       int
		Confidential                   bool
		Updated                        time.Time
	}
	issueView struct {
		frameView
		rowView
		IID         int64
		Path        string
		Kind        string
		Source      string
		Description template.HTML
		Created     time.Time
		Awards      []awardView
		Entries     []entryView
		Known       []string
		Assignee    string
		Milestone   string
		Milestones  []string
		Weights     bool
		Deliveries  []deliveryView
		Earlier     int
		Calls       []Call
	}
	awardView struct {
		Name  string
		Count int
		Mine  bool
		By    string
		Note  int64
		URL   string
	}
	entryView struct {
		ID, Kind       string // "note", "label", "weight", "state" or "system"
		NoteID         int64
		Author, Name   string
		Bot, Mine      bool
		Internal       bool
		Edited         bool
		At             time.Time
		HTML           template.HTML
		Source         string
		Awards         []awardView
		Added, Removed []chipView
		Words          string
		URL            string
		Reply          bool
	}
	deliveryView struct {
		Delivery
		Short  string
		Good   bool
		Millis int64
	}
)

// indexPage is the list of issues.
func (s *Server) indexPage(r *http.Request, problem string) *page {
	name := s.visitor(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	me := s.userNamed(name)
	v := indexView{frameView: s.frame(me, "Issues", "/", problem), Weights: s.opt.Edition == Premium}
	known := map[string]bool{}
	for _, p := range s.projects {
		v.Projects = append(v.Projects, projectView{p.id, p.path})
		for _, l := range p.labels {
			known[l.name] = true
		}
		for _, i := range p.issues {
			if me != nil && i.visible(me) {
				v.Issues = append(v.Issues, s.row(i))
			}
		}
	}
	for l := range known {
		v.Labels = append(v.Labels, l)
	}
	slices.Sort(v.Labels)
	slices.SortStableFunc(v.Issues, func(a, b rowView) int { return b.Updated.Compare(a.Updated) })
	if v.More = len(v.Issues) - shownIssues; v.More > 0 {
		v.Issues = v.Issues[:shownIssues]
	}
	return &page{"index.html", v}
}

// issuePage is one issue, nil if there is none for the visitor.
func (s *Server) issuePage(r *http.Request, problem string) *page {
	name := s.visitor(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	me, i := s.userNamed(name), s.issue(refOf(r))
	if i == nil || me == nil || !i.visible(me) {
		return nil
	}
	v := issueView{
		rowView: s.row(i), IID: i.iid, Path: i.project.path, Kind: i.kind, Source: i.description, Created: i.created,
		Known: labelTitles(i.project.labels), Weights: s.opt.Edition == Premium,
	}
	v.frameView = s.frame(me, i.title+" · #"+strconv.FormatInt(i.iid, 10), v.URL, problem)
	v.Description = s.markdown(i, i.description)
	v.Awards = awardViews(i.awards, me, 0, v.URL)
	v.Entries = s.timeline(i, me, v.URL)
	slices.Sort(v.Known)
	if len(i.assignees) > 0 {
		v.Assignee = i.assignees[0].username
	}
	if i.milestone != nil {
		v.Milestone = i.milestone.title
	}
	for _, m := range i.project.milestones {
		v.Milestones = append(v.Milestones, m.title)
	}
	for _, d := range slices.Backward(s.deliveries) {
		if d.Issue != i.ref() {
			continue
		}
		if len(v.Deliveries) < shownDeliveries {
			v.Deliveries = append(v.Deliveries, viewDelivery(d))
		} else {
			v.Earlier++
		}
	}
	for _, c := range slices.Backward(s.calls) {
		if c.Issue == i.ref() && c.User == s.bot.username && len(v.Calls) < shownDeliveries {
			v.Calls = append(v.Calls, c)
		}
	}
	return &page{"issue.html", v}
}

func (s *Server) missing(r *http.Request) *page {
	name := s.visitor(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	return &page{"missing.html", s.frame(s.userNamed(name), "Not found", "/", "")}
}

func (s *Server) frame(me *user, title, self, problem string) frameView {
	v := frameView{Tab: title, Self: self, Problem: problem, Icons: icons}
	for _, u := range s.users {
		if !u.bot {
			v.Users = append(v.Users, userView{u.username, u.name, roleName(u.level), u == me})
		}
	}
	if me != nil {
		v.User = me.username
	}
	return v
}

func roleName(level int) string {
	switch {
	case level >= Owner:
		return "Owner"
	case level >= Maintainer:
		return "Maintainer"
	case level >= Developer:
		return "Developer"
	case level >= Reporter:
		return "Reporter"
	case level >= Planner:
		return "Planner"
	case level >= Guest:
		return "Guest"
	default:
		return "no member"
	}
}

func (s *Server) row(i *issue) rowView {
	v := rowView{
		URL: fmt.Sprintf("/issues/%d/%d", i.project.id, i.iid), Ref: "#" + strconv.FormatInt(i.iid, 10), Title: i.title, State: i.state(),
		Author: i.author.username, Labels: chips(i.labels), Weight: i.weight, Confidential: i.confidential, Updated: i.updated,
	}
	if len(s.projects) > 1 {
		v.Ref = i.project.path + v.Ref
	}
	for _, n := range i.notes {
		if !n.system {
			v.Comments++
		}
	}
	return v
}

// tones is how many colours the style sheet has for chips.
const tones = 10

// chip is a label as it is shown.
func chip(l *label) chipView {
	v := chipView{Label: l.name, Value: l.name, Hint: l.description, Tone: l.tone}
	if scope := labelScope(l.name); scope != "" {
		v.Scope, v.Value = scope, l.name[len(scope)+2:]
	}
	return v
}

func chips(labels []*label) []chipView {
	list := make([]chipView, len(labels))
	for n, l := range labels {
		list[n] = chip(l)
	}
	return list
}

// markdown renders a text of the issue with its labels and people.
func (s *Server) markdown(i *issue, text string) template.HTML {
	label := func(name string) string {
		l := i.project.label(name)
		if l == nil {
			return ""
		}
		var b bytes.Buffer
		if err := pages.ExecuteTemplate(&b, "chip", chip(l)); err != nil {
			return ""
		}
		return b.String()
	}
	person := func(name string) bool { return s.userNamed(name) != nil }
	return template.HTML(render(text, label, person)) // sanitised by render
}

func viewDelivery(d *Delivery) deliveryView {
	v := deliveryView{Delivery: *d, Short: d.State, Millis: d.Took.Milliseconds(), Good: d.State == Answered && d.Status < 400}
	if d.State == Answered {
		v.Short = strconv.Itoa(d.Status) + " " + http.StatusText(d.Status)
	}
	v.Answer = readable(d.Answer)
	if r := []rune(v.Answer); len(r) > 200 {
		v.Answer = string(r[:200]) + "…"
	}
	return v
}

// readable is what a receiver answered, without the JSON around it if it is the usual kind: a status and a reason.
func readable(answer string) string {
	var a struct{ Status, Reason string }
	answer = strings.TrimSpace(answer)
	if json.Unmarshal([]byte(answer), &a) != nil || a.Status == "" {
		return answer
	}
	if a.Reason == "" {
		return a.Status
	}
	return a.Status + ": " + a.Reason
}
