package triage_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/rules/triage"
)

// TestOvertakenStatus: what was to be done to the status is left out if the issue has got another one since, and the rest stays.
func TestOvertakenStatus(t *testing.T) {
	at := func(status string) triage.Issue {
		return triage.Issue{Labels: []string{"UX", triage.StatusLabel(status)}}
	}
	edit := triage.Edit{Add: []string{"a", triage.StatusLabel("In dev")}, Remove: []string{triage.StatusLabel("Ready"), "b"}}
	for status, want := range map[string]triage.Edit{
		"Ready":     edit,
		"In review": {Add: []string{"a"}, Remove: []string{"b"}},
		"In dev":    {Add: []string{"a"}, Remove: []string{"b"}},
	} {
		if diff := cmp.Diff(want, edit.WithoutOvertakenStatus(at(status))); diff != "" {
			t.Errorf("at %q (-want +got)\n%s", status, diff)
		}
	}
	if diff := cmp.Diff(edit, edit.WithoutOvertakenStatus(triage.Issue{Labels: []string{"UX"}})); diff != "" {
		t.Errorf("without a status (-want +got)\n%s", diff)
	}
}
