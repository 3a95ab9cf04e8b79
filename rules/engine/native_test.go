package engine

import (
	"strings"
	"testing"

	"flowkeeper/rules/triage"
)

// What people are told to write instead must be something that GitLab takes.
func TestNativeQuickActionsAreGitLabs(t *testing.T) {
	for word, q := range quickActions {
		name, _, _ := strings.Cut(strings.TrimPrefix(q.native, "/"), " ")
		if !triage.IsQuickAction(name) {
			t.Errorf("whoever writes %q is told to write %q, which is no quick action of GitLab", word, q.native)
		}
	}
}
