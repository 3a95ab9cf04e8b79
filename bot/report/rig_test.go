package report_test

import (
	"context"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"flowkeeper/bot/coordination"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/bot/report"
	"flowkeeper/bot/report/document"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

const (
	token   = "glpat-Secret-0123456789"
	botName = "flowkeeper-bot"
)

// monday is the day of the reports, at the time at which they are due.
var monday = time.Date(2026, time.November, 30, 6, 0, 0, 0, time.UTC)

// milestone is the one whose planning Monday is near.
var milestone = planning.Version{Major: 19, Minor: 8}

// lab is a GitLab with a project for reports and one for issues, and what a publisher knows of it. The documents are simple: a list of all issues
// without a weight, with boxes, and a sum.
type lab struct {
	*testing.T
	gitlab  *sandbox.Server
	url     string
	client  *gitlab.Client
	self    triage.Person
	home    int64
	issues  int64
	now     time.Time
	store   *coordination.Coordinator
	queue   *queue
	mu      sync.Mutex
	gathers int
	empty   bool          // documents have nothing to say
	frame   string        // of planning issues
	due     planning.Date // of reports
	dates   []planning.MilestoneDates
	hold    func()        // called while a snapshot is gathered
	mailer  report.Mailer // nil is none
	log     *zap.Logger   // nil is none

	// document makes the documents, which look as in GitLab then; nil for the simple ones.
	document func(planning.Kind, planning.Snapshot) (planning.Document, error)
}

func newLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{T: t, now: monday, queue: &queue{}}
	// GitLab's clock is that of the lab, so that what is looked for by its age is found.
	l.gitlab = sandbox.New(sandbox.Options{Token: token, Edition: sandbox.Premium, Now: func() time.Time { return l.clock() }})
	server := httptest.NewServer(l.gitlab)
	l.url = server.URL
	l.gitlab.SetURL(l.url)
	t.Cleanup(func() { l.gitlab.Close(); server.Close() })
	for _, name := range []string{"ann", "mia"} {
		_, err := l.gitlab.AddUser(name, name, sandbox.Maintainer)
		l.must(err)
	}
	l.home, l.issues = l.gitlab.AddProject("team/planning"), l.gitlab.AddProject("team/project")
	var err error
	l.client, err = gitlab.New(gitlab.Options{URL: server.URL, Token: token})
	l.must(err)
	l.self, err = l.client.CurrentUser(t.Context())
	l.must(err)
	l.emptyStore()
	return l
}

// emptyStore forgets all that was agreed on.
func (l *lab) emptyStore() {
	// Locks run out while the lab's clock stands still.
	l.store = coordination.New(coordination.NewMemory(l.clock), coordination.NewMemory(time.Now), nil)
}

func (l *lab) clock() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

// later moves the clock.
func (l *lab) later(by time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = l.now.Add(by)
}

func (l *lab) must(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

// publisher is a process. All of them share the store.
func (l *lab) publisher(modes map[planning.Kind]triage.Mode) *report.Publisher {
	return report.New(report.Options{
		GitLab: l.client, Gatherer: l, Coordination: l.store, Inbox: l.queue, Self: l.self, Compose: l.compose, Markdown: l.markdown,
		Done: func(_ planning.Kind, _ string, i *planning.Issue, _ planning.Snapshot) bool {
			return i.Weight != nil || i.Closed
		},
		Schedule: report.Schedule{Modes: modes, TriageDay: time.Monday, TriageAt: 6 * time.Hour, CloseAfter: 14 * 24 * time.Hour},
		Mailer:   l.mailer, Log: l.log, Now: l.clock, Registry: prometheus.NewRegistry(),
	})
}

// act has all reports published.
func act(kinds ...planning.Kind) map[planning.Kind]triage.Mode {
	modes := map[planning.Kind]triage.Mode{}
	for _, k := range kinds {
		modes[k] = triage.Act
	}
	return modes
}

func (l *lab) Home(context.Context) (planning.Home, error) {
	return planning.Home{Project: l.home, Path: "team/planning"}, nil
}

func (l *lab) Calendar(context.Context) (planning.Calendar, error) {
	return planning.New(planning.Options{Milestones: l.dates}), nil
}

var theTeam = triage.NewTeam(triage.TeamConfig{Side: "backend", Roster: map[triage.Role][]string{triage.Engineers: {"ann", "mia"}}})

func (l *lab) Snapshot(_ context.Context, _ planning.Kind, m planning.Version, now time.Time) (planning.Snapshot, error) {
	l.mu.Lock()
	l.gathers++
	hold := l.hold
	l.mu.Unlock()
	s := planning.Snapshot{Now: now, Team: theTeam, Milestone: m, Home: planning.Home{Project: l.home}}
	for _, i := range l.gitlab.Issues(l.issues) {
		s.Issues = append(s.Issues, planning.Issue{
			Ref: i.Ref, URL: l.url + "/team/project/-/issues/" + itoa(i.Ref.IID), Title: i.Title, Weight: i.Weight, Closed: i.State == "closed", Milestone: m.String(),
		})
	}
	if hold != nil {
		hold()
	}
	return s, nil
}

func (l *lab) Listed(ctx context.Context, k planning.Kind, m planning.Version, now time.Time, urls []string) (planning.Snapshot, error) {
	s, err := l.Snapshot(ctx, k, m, now)
	s.Issues = slices.DeleteFunc(s.Issues, func(i planning.Issue) bool { return !slices.Contains(urls, i.URL) })
	return s, err
}

func (l *lab) compose(k planning.Kind, s planning.Snapshot) (planning.Document, error) {
	if l.document != nil {
		return l.document(k, s)
	}
	key := planning.DateOf(s.Now).String()
	if k.IsOfMilestone() {
		key = s.Milestone.String()
	}
	d := planning.Document{
		Kind: k, Key: key, Title: "Report " + string(k) + " " + key, Labels: []string{"triage report"}, Due: l.due, Empty: l.empty,
		State: s.Previous, Sections: []planning.Section{{Name: "no-weight"}},
	}
	d.Confidential = k == planning.KindRetrospective
	if k == planning.KindPlanning {
		d.Frame = l.frame
	}
	if k == planning.KindKickoff {
		d.Letters = []planning.Letter{{To: "ann"}, {To: "mia"}}
	}
	sum := 0
	for _, i := range s.Issues {
		if i.Weight != nil {
			sum += *i.Weight
			continue
		}
		d.Sections[0].Rows = append(d.Sections[0].Rows, planning.Row{Box: planning.Unticked, Issue: &planning.IssueRow{Ref: i.Ref, URL: i.URL, Title: i.Title}})
	}
	d.Sections[0].Count = sum
	return d, nil
}

func (l *lab) markdown(d planning.Document) string {
	if l.document != nil {
		return document.Markdown(d, document.Options{})
	}
	lines := []string{document.StateMark(d.State)}
	for _, s := range d.Sections {
		lines = append(lines, document.SectionMark(s.Name), "sum "+itoa(int64(s.Count)))
		for _, r := range s.Rows {
			lines = append(lines, "- ["+string(r.Box)+"] "+r.Issue.URL+" "+r.Issue.Title)
		}
	}
	return strings.Join(lines, "\n")
}

// reports are the issues in the project of reports.
func (l *lab) reports() []sandbox.Issue { return l.gitlab.Issues(l.home) }

// open are those of them that are open.
func (l *lab) open() []sandbox.Issue {
	return slices.DeleteFunc(l.reports(), func(i sandbox.Issue) bool { return i.State == "closed" })
}

// entry is the one open report.
func (l *lab) entry(p *report.Publisher) report.Entry {
	l.Helper()
	open := l.open()
	if len(open) != 1 {
		l.Fatalf("%d reports are open, want one", len(open))
	}
	e, ok, err := p.Find(l.Context(), open[0].Ref)
	if err != nil || !ok {
		l.Fatalf("the report %s is not known: %v", open[0].Ref, err)
	}
	return e
}

// add opens an issue in the other project.
func (l *lab) add(title string) triage.Ref {
	l.Helper()
	ref, err := l.gitlab.Open("ann", l.issues, sandbox.IssueOptions{Title: title})
	l.must(err)
	return ref
}

// refresh has a report brought up to date as the worker does.
func (l *lab) refresh(p *report.Publisher, tasks ...report.Task) report.Result {
	l.Helper()
	r, err := p.Refresh(l.Context(), report.Request{Report: l.entry(p), Tasks: tasks, May: func(context.Context) error { return nil }})
	l.must(err)
	return r
}

// calls are the requests since a number of them.
func (l *lab) calls(since int) (reads, writes []string) {
	for _, c := range l.gitlab.Calls()[since:] {
		if strings.HasPrefix(c.Line, "GET ") {
			reads = append(reads, c.Line)
		} else {
			writes = append(writes, c.Line)
		}
	}
	return reads, writes
}

// queue keeps what is enqueued.
type queue struct {
	mu   sync.Mutex
	all  []inbox.Delivery
	keys map[string]bool
}

func (q *queue) Enqueue(_ context.Context, d inbox.Delivery) (inbox.Outcome, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if d.IdempotencyKey != "" && q.keys[d.IdempotencyKey] {
		return inbox.Duplicate, nil
	}
	if q.keys == nil {
		q.keys = map[string]bool{}
	}
	q.keys[d.IdempotencyKey] = true
	q.all = append(q.all, d)
	return inbox.Stored, nil
}

// take takes out what was enqueued: the issue and the task of each.
func (q *queue) take(t *testing.T) []string {
	t.Helper()
	q.mu.Lock()
	defer q.mu.Unlock()
	var all []string
	for _, d := range q.all {
		e, err := record.DecodeEvent(d.Body, d.Issue)
		if err != nil || e.Event.Kind != triage.ReportDue {
			t.Fatalf("%+v, %v", e, err)
		}
		all = append(all, strings.TrimSpace(d.Issue.String()+" "+e.Task))
	}
	q.all = nil
	return all
}
