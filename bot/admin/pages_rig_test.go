package admin_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"flowkeeper/bot/activity"
	"flowkeeper/bot/admin"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/bot/report"
	"flowkeeper/config"
	"flowkeeper/rules"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

const (
	adminToken = "correct-horse-battery-staple"
	// hostile is what people may write anywhere.
	hostile = `"><script>alert(1)</script><img src=x onerror=alert(2)>&'` + "`" + `{{.}}`
)

// secrets are those of the configuration that the pages show.
var secrets = []string{adminToken, "glpat-0123456789abcdefghij", "webhook-secret-1234", "redis-password-99", "smtp-password-77"}

// shelf is a store of decisions and letters for pages, and counts what is read of it.
type shelf struct {
	store
	records  []inbox.Record // the newest first
	memories map[triage.Ref]triage.Memory
	read     int
}

func (s *shelf) RecentRecords(_ context.Context, limit int) ([]inbox.Record, error) {
	all := s.records[:min(limit, len(s.records))]
	s.read += len(all)
	return all, nil
}

func (s *shelf) Records(_ context.Context, issue triage.Ref, limit int) ([]inbox.Record, error) {
	var all []inbox.Record
	for _, r := range s.records {
		if r.Issue == issue && len(all) < limit {
			all = append(all, r)
		}
	}
	s.read += len(all)
	return all, nil
}

func (s *shelf) Memories(_ context.Context, issues []triage.Ref) ([][]byte, error) {
	var all [][]byte
	for _, issue := range issues {
		m, ok := s.memories[issue]
		if !ok {
			all = append(all, nil)
			continue
		}
		data, err := json.Marshal(m)
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (s *shelf) Stats(context.Context) (inbox.Stats, error) {
	return inbox.Stats{Issues: 3, Deliveries: 5, Leased: 1, DeadLetters: len(s.dead), Oldest: 95 * time.Second}, nil
}

func (s *shelf) add(t testing.TB, iid int64, at time.Time, d record.Decision) {
	t.Helper()
	body, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	s.records = slices.Insert(s.records, 0, inbox.Record{Issue: ref(iid), At: at, Body: body})
}

// day is a fixed activity.
type day struct{ from time.Time }

func (d day) Day(context.Context) (activity.Day, error) {
	shown := activity.Day{From: d.from}
	for n := range shown.Buckets {
		if n > 40 && (n < 100 || n > 130) {
			shown.Buckets[n] = activity.Bucket{
				Known: true, Deliveries: int64(n * 7 % 23), Decisions: int64(n * 5 % 17), Changes: int64(n % 4), Calls: int64(n * 11 % 60), Oldest: int64(n % 13),
			}
		}
	}
	return shown, nil
}

// told are fixed reports.
type told struct{}

func (told) Overview(context.Context) (report.Overview, error) {
	return report.Overview{
		Reports: []report.Status{
			{Report: planning.KindTriage, Mode: triage.Shadow, NextAt: buried.Add(72 * time.Hour), NextKey: "2026-03-05", Last: &report.Kept{
				Kind: planning.KindTriage, Key: "2026-02-26", Outcome: report.Outcome{What: report.Composed},
			}},
			{Report: planning.KindPlanning, Mode: triage.Off},
		},
		Open: []report.Open{{Report: planning.KindNeedsWeight, Key: "18.9", Issue: "7#44", OpenedAt: buried, Broken: hostile}},
	}, nil
}

func (told) KeptReport(_ context.Context, k planning.Kind) (report.Kept, bool, error) {
	return report.Kept{Kind: k, Key: "2026-02-26", At: buried, Document: "# Triage\n\n" + hostile}, k == planning.KindTriage, nil
}

// newShelf has decisions of each outcome, people who undid something, a confidential issue, and what is hostile.
func newShelf(t testing.TB) *shelf {
	s := &shelf{store: newStore()}
	now := time.Now()
	asks := engine.Finding{Rule: "bug-needs-severity", Mode: triage.Remind, Reason: "a bug has a severity", Notable: true, Evaluated: true}
	adds := engine.Finding{Rule: "team-labels", Mode: triage.Act, Reason: "every issue of the team carries its labels", Wants: []string{"add ~backend"}, Evaluated: true}
	fine := engine.Finding{Rule: "weight-scale", Mode: triage.Act, Reason: "the issue has no weight", Evaluated: true}
	undone := engine.Finding{Rule: "design-needs-ux", Mode: triage.Act, Reason: "design work carries the UX label", Overridden: true, Evaluated: true}
	would := engine.Finding{Rule: "spike-weight", Mode: triage.Shadow, Reason: "a spike has a weight of 2", Would: []string{"set weight 2"}, Evaluated: true}
	evil := engine.Finding{Rule: "label-spelling", Mode: triage.Remind, Reason: hostile, Wants: []string{hostile}, Notable: true, Evaluated: true}
	quiet := []engine.Finding{fine, {Rule: "needs-type", Mode: triage.Remind, Reason: "the issue has a type", Evaluated: true}}
	for n := range int64(60) {
		s.add(t, 100+n, now.Add(-time.Duration(200-n)*time.Minute), record.Decision{
			Events: []string{"updated, labels changed"}, Path: "team/project", InScope: true, Attempt: 1, Findings: append([]engine.Finding{asks}, quiet...),
		})
	}
	for n, d := range []record.Decision{
		{Events: []string{"opened"}, Path: "team/project", InScope: true, Attempt: 1, Done: []string{"add ~backend", "edit the note"}, Findings: append([]engine.Finding{adds, asks}, quiet...), Deliveries: []string{"0193e2a8-11ce-7cc3"}},
		{Events: []string{"updated"}, Path: "team/other", Reason: "the issue carries another team's group label", Attempt: 1},
		{Events: []string{"noted"}, Path: "team/project", InScope: true, Attempt: 1, Findings: append([]engine.Finding{would}, quiet...)},
		{Events: []string{"updated"}, Path: "team/project", InScope: true, Attempt: 3, Error: "PUT /projects/7/issues/12: 403 Forbidden", Findings: []engine.Finding{adds}},
		{Events: []string{"updated, labels changed"}, Path: "team/project", InScope: true, Attempt: 1, Findings: append([]engine.Finding{undone}, quiet...)},
		{Events: []string{hostile}, Path: "team/" + hostile, InScope: true, Attempt: 1, Done: []string{hostile}, Reason: hostile, Findings: []engine.Finding{evil}, Deliveries: []string{hostile},
			Commands: []engine.Result{{By: hostile, Command: hostile, Reason: hostile, Refused: true}}},
		{Events: []string{"opened"}, Path: "team/project", Confidential: true, InScope: true, Attempt: 1, Done: []string{"add ~top-secret"}, Findings: []engine.Finding{{Rule: "team-labels", Mode: triage.Act, Reason: "reason-of-the-confidential", Wants: []string{"add ~top-secret"}, Evaluated: true}}},
	} {
		s.add(t, 12+int64(n), now.Add(-time.Duration(30-n)*time.Minute), d)
	}
	s.memories = map[triage.Ref]triage.Memory{ref(16): {Suspensions: map[string]triage.Undoing{"design-needs-ux": {By: "ann" + hostile, What: "add ~UX"}}}}
	s.dead[1].Cause = hostile
	return s
}

// confidentialIID is the number of the confidential issue of newShelf.
const confidentialIID = 18

// bot is what the pages tell of the running bot, with every secret set.
func bot(t testing.TB) admin.Bot {
	t.Helper()
	loaded, err := config.Load("", []string{
		"FLOWKEEPER_ADMIN_TOKEN=" + secrets[0], "FLOWKEEPER_GITLAB_TOKEN=" + secrets[1], "FLOWKEEPER_WEBHOOK_SECRET=" + secrets[2],
		"FLOWKEEPER_REDIS_URL=rediss://user:" + secrets[3] + "@redis.example:6379/0", "FLOWKEEPER_GITLAB_URL=https://gitlab.example", "FLOWKEEPER_MODE=act",
	}, rules.Catalogue())
	if err != nil {
		t.Fatal(err)
	}
	loaded.SMTP.Password = config.NewSecret(secrets[4])
	policy, text := loaded.Policy(), loaded.String()
	for n, setting := range policy.Settings {
		if setting.ID == "weight-research" {
			policy.Settings[n].Options = triage.Options{"above": 4}
		}
	}
	return admin.Bot{
		Version: "1.2.3", GitLabURL: loaded.GitLab.URL, Policy: func() engine.Policy { return policy }, Config: func() string { return text },
		Explain: func(_ context.Context, issue triage.Ref) (triage.Issue, engine.Decision, error) {
			if issue.IID == 13 {
				return triage.Issue{}, engine.Decision{}, errors.New("the issue is not there any more")
			}
			return triage.Issue{Ref: issue, Path: "team/project", Title: "top-secret " + hostile, Confidential: issue.IID == confidentialIID}, engine.Decision{
				InScope: true, Plan: []engine.Planned{{Rule: "team-labels", Action: triage.AddLabel{Label: "top-secret" + hostile}}},
				Findings: []engine.Finding{{Rule: "team-labels", Mode: triage.Act, Reason: "top-secret " + hostile, Wants: []string{"add"}, Evaluated: true}},
			}, nil
		},
	}
}

// pages is the admin address over a shelf.
func pages(t testing.TB, s *shelf, token string) http.Handler {
	t.Helper()
	registry := prometheus.NewRegistry()
	for name, value := range map[string]float64{"flowkeeper_spool_deliveries": 0, "flowkeeper_hooks_disabled": 1, "flowkeeper_sweep_last_success_timestamp_seconds": float64(time.Now().Add(-7 * time.Minute).Unix())} {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name})
		g.Set(value)
		registry.MustRegister(g)
	}
	left := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "flowkeeper_gitlab_budget_remaining"}, []string{"budget"})
	left.WithLabelValues("calls").Set(1432)
	left.WithLabelValues("notes").Set(50)
	registry.MustRegister(left)
	return admin.New(admin.Options{
		Checks: []admin.Check{
			{Name: "inbox", Check: func(context.Context) error { return nil }},
			{Name: "token", Check: func(context.Context) error { return admin.Remark{Text: "it expires in 12 days " + hostile} }},
		},
		Metrics: registry, Store: s, Reports: func() admin.Reports { return told{} },
		Activity: day{time.Now().Add(-24 * time.Hour).Truncate(activity.Step)}, Bot: bot(t), Token: token,
	})
}

// allPages are the addresses of all pages, and where they have several faces, of each.
func allPages() []string {
	paths := []string{
		"/", "/decisions", "/decisions?page=2", "/decisions?rule=team-labels&outcome=changed", "/decisions?undone=1&project=" + url.QueryEscape(hostile), "/rules", "/dead", "/dead/7/12",
		"/reports", "/reports/" + string(planning.KindTriage), "/config", "/commands", "/elsewhere", "/dead?done=dropped&of=7%2312",
	}
	for iid := int64(12); iid <= confidentialIID; iid++ {
		paths = append(paths, fmt.Sprintf("/decisions/7/%d", iid), fmt.Sprintf("/decisions/7/%d?now=1", iid))
	}
	return append(paths, "/decisions/7/999", "/decisions/7/merge_requests/12")
}

var fromBrowser = http.Header{"Accept": {"text/html,application/xhtml+xml,*/*;q=0.8"}}

// signedIn are the headers of a browser whose visitor has signed in.
func signedIn(t testing.TB, h http.Handler) http.Header {
	t.Helper()
	w := post(h, "/signin", nil, url.Values{"token": {adminToken}})
	if w.Code != http.StatusSeeOther {
		t.Fatalf("signing in: %d %s", w.Code, w.Body)
	}
	header := fromBrowser.Clone()
	for _, c := range w.Result().Cookies() {
		header.Add("Cookie", c.Name+"="+c.Value)
	}
	return header
}

// post sends a form as a browser does.
func post(h http.Handler, path string, header http.Header, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "http://localhost:8081"+path, strings.NewReader(form.Encode()))
	r.Header = http.Header{"Accept": fromBrowser["Accept"], "Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {"http://localhost:8081"}, "Sec-Fetch-Site": {"same-origin"}}
	maps.Copy(r.Header, header)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}
