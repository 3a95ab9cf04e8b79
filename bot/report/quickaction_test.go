package report_test

import (
	"context"
	"strings"
	"testing"

	"flowkeeper/bot/report"
	"flowkeeper/rules/planning"
)

// TestHiddenQuickAction: a quick action that people hid in HTML, so that GitLab did not execute it with their rights, is not executed with the bot's when
// the HTML around it goes with the old block.
func TestHiddenQuickAction(t *testing.T) {
	l, p := posted(t, planning.KindPlanning)
	l.describe(strings.Replace(l.text(), "\n<!-- flowkeeper:end planning -->", "\n\n<b>\n<!-- flowkeeper:end planning -->\n/close\n</b>", 1))
	if !strings.Contains(l.text(), "/close") {
		t.Fatalf("GitLab executed it already: %s", l.text())
	}
	l.add("third")
	_, err := p.Refresh(t.Context(), report.Request{Report: l.entry(p), May: func(context.Context) error { return nil }})
	if len(l.open()) != 1 || err == nil || !strings.Contains(err.Error(), `"/close"`) {
		t.Errorf("the report was closed, or nobody is told: %v", err)
	}
}
