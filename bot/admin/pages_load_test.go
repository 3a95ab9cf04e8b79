package admin_test

import (
	"net/http"
	"testing"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// fullShelf holds as many decisions as are kept, each with the findings of a whole catalogue.
func fullShelf(t testing.TB) *shelf {
	s := newShelf(t)
	var findings []engine.Finding
	for _, setting := range bot(t).Policy().Settings {
		findings = append(findings, engine.Finding{Rule: setting.ID, Mode: setting.Mode, Reason: "the issue has all that the rule looks for", Evaluated: true, Notable: len(findings)%9 == 0})
	}
	body, err := record.Decision{Events: []string{"updated"}, Path: "team/project", InScope: true, Attempt: 1, Findings: findings}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	s.records = make([]inbox.Record, inbox.RecordsOverall)
	for n := range s.records {
		s.records[n] = inbox.Record{Issue: triage.Ref{Project: 7, IID: int64(n) + 1}, At: time.Now().Add(-time.Duration(n) * time.Minute), Body: body}
	}
	return s
}

// TestPagesReadLittle: with ten thousand decisions kept, a page reads a few of them.
func TestPagesReadLittle(t *testing.T) {
	s := fullShelf(t)
	h := pages(t, s, "")
	do(h, http.MethodGet, "/decisions", fromBrowser) // the first reads all of them
	for _, path := range append(allPages(), "/decisions?rule=needs-type&page=190") {
		s.read = 0
		if w := do(h, http.MethodGet, path, fromBrowser); w.Code >= http.StatusInternalServerError {
			t.Errorf("%s: %d", path, w.Code)
		}
		if s.read > 2*inbox.RecordsPerIssue {
			t.Errorf("%s read %d decisions", path, s.read)
		}
	}
}

// BenchmarkPages is how long each page takes with ten thousand decisions kept.
func BenchmarkPages(b *testing.B) {
	h := pages(b, fullShelf(b), "")
	do(h, http.MethodGet, "/decisions", fromBrowser)
	for _, path := range []string{"/", "/decisions", "/decisions?rule=needs-type", "/decisions/7/12", "/rules", "/dead", "/reports", "/config", "/commands"} {
		b.Run(path, func(b *testing.B) {
			for b.Loop() {
				do(h, http.MethodGet, path, fromBrowser)
			}
		})
	}
}
