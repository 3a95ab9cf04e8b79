package page

import (
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
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
		Events   string // where news of the page come from
		Projects []projectView
		Places   []placeView
		Filter   []string // what the list is narrowed to, in words
		Issues   []rowView
		More     int
		Labels   []string
		Weights  bool
	}
	projectView struct {
		ID   int64
		Path string
	}
	placeView struct {
		Name, URL string
		Open      int
		Here      bool
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
		Several     bool // projects
		Kind        string
		Source      string
		Description template.HTML
		Created     time.Time
		Awards      []awardView
		Entries     []entryView
		Known       []string
		Assignee    string
		Others      []string // assigned besides
		Due         string
		Milestone   string
		Milestones  []string
		Weights     bool
		Status      string
		Statuses    []sandbox.Status
		Requests    []requestView
		Deliveries  []deliveryView
		Earlier     int
		Calls       []sandbox.Call
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
		ID, Kind       string // "note", "label", "weight", "state", "milestone" or "system"
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
		sandbox.Delivery
		Short  string
		Good   bool
		Millis int64
	}
)

// issuePage is one issue, nil if there is none for the visitor.
func (s *site) issuePage(r *http.Request, problem string) *page {
	who := s.visitor(r)
	i, ok := s.gitlab.IssueFor(who.me.Username, refOf(r))
	if !ok {
		return nil
	}
	projects := s.gitlab.Projects()
	p := projects[slices.IndexFunc(projects, func(p sandbox.Project) bool { return p.ID == i.Project })]
	chips := chipsOf(p.Labels)
	v := issueView{
		rowView: issueRow(i, chips, len(projects) > 1), IID: i.IID, Path: i.Path, Several: len(projects) > 1, Kind: i.Type, Source: i.Description, Created: i.CreatedAt,
		Description: who.markdown(i.Description, chips, boxesOf(i.Description)), Due: i.Due, Awards: awardViews(i.Awards, who, 0, issuePath(i.Ref)), Entries: timeline(i, who, chips),
		Known: labelNames(p.Labels), Milestone: i.Milestone, Milestones: p.Milestones, Weights: s.gitlab.Edition() == sandbox.Premium,
	}
	requests := s.gitlab.ClosingMergeRequests(i.Ref)
	v.Status, v.Statuses, v.Requests = i.Status, s.gitlab.Statuses(i.Ref), requestViews(i.Ref, requests)
	isShown := func(ref triage.Ref) bool {
		return ref == i.Ref || slices.ContainsFunc(requests, func(m sandbox.MergeRequest) bool { return m.Ref == ref })
	}
	v.frameView = who.frameView(i.Title+" · #"+strconv.FormatInt(i.IID, 10), v.URL, problem)
	slices.Sort(v.Known)
	if len(i.Assignees) > 0 {
		v.Assignee, v.Others = i.Assignees[0], i.Assignees[1:]
	}
	for _, d := range slices.Backward(s.gitlab.Deliveries()) {
		if !isShown(d.Issue) {
			continue
		}
		if len(v.Deliveries) < shownDeliveries {
			v.Deliveries = append(v.Deliveries, viewDelivery(d))
		} else {
			v.Earlier++
		}
	}
	for _, c := range slices.Backward(s.gitlab.Calls()) {
		if isShown(c.Issue) && c.User == s.gitlab.BotUser() && len(v.Calls) < shownDeliveries {
			v.Calls = append(v.Calls, c)
		}
	}
	return &page{"issue.html", v}
}

func (s *site) notFoundPage(r *http.Request) *page {
	return &page{"missing.html", s.visitor(r).frameView("Not found", "/", "")}
}

func (v visitor) frameView(title, self, problem string) frameView {
	f := frameView{Tab: title, Self: self, Problem: problem, Icons: icons, User: v.me.Username}
	for _, u := range v.users {
		if !u.Bot {
			f.Users = append(f.Users, userView{u.Username, u.Name, roleName(u.Level), u.Username == v.me.Username})
		}
	}
	return f
}

func labelNames(labels []sandbox.Label) []string {
	names := make([]string, len(labels))
	for n, l := range labels {
		names[n] = l.Name
	}
	return names
}

func roleName(level int) string {
	switch {
	case level >= sandbox.Owner:
		return "Owner"
	case level >= sandbox.Maintainer:
		return "Maintainer"
	case level >= sandbox.Developer:
		return "Developer"
	case level >= sandbox.Reporter:
		return "Reporter"
	case level >= sandbox.Planner:
		return "Planner"
	case level >= sandbox.Guest:
		return "Guest"
	default:
		return "no member"
	}
}

// issueRow is an issue in the list, with the name of its project if there are several.
func issueRow(i sandbox.Issue, chips chips, several bool) rowView {
	v := rowView{
		URL: issuePath(i.Ref), Ref: "#" + strconv.FormatInt(i.IID, 10), Title: i.Title, State: i.State, Author: i.Author, Labels: chips.views(i.Labels),
		Weight: i.Weight, Comments: len(i.Comments()), Confidential: i.Confidential, Updated: i.UpdatedAt,
	}
	if several {
		v.Ref = i.Path + v.Ref
	}
	return v
}

func viewDelivery(d sandbox.Delivery) deliveryView {
	v := deliveryView{Delivery: d, Short: d.State, Millis: d.Took.Milliseconds(), Good: d.State == sandbox.Answered && d.Status < 400}
	if d.State == sandbox.Answered {
		v.Short = strconv.Itoa(d.Status) + " " + http.StatusText(d.Status)
	}
	v.Answer = receiverAnswer(d.Answer)
	if r := []rune(v.Answer); len(r) > 200 {
		v.Answer = string(r[:200]) + "…"
	}
	return v
}

// receiverAnswer is what a receiver answered, without the JSON around it if it is the usual kind: a status and a reason.
func receiverAnswer(answer string) string {
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
