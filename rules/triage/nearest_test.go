package triage_test

import (
	"strings"
	"testing"

	"flowkeeper/rules/triage"
)

func TestNearest(t *testing.T) {
	known := []string{"weight-research", "weight-scale", "needs-type", "act"}
	for word, want := range map[string]string{
		"weight-reserch": "weight-research", "Weight_Research": "weight-research", "needstype": "needs-type", "atc": "act",
		"": "", "completely else": "", "x": "", strings.Repeat("needs-type", 1000): "",
	} {
		if got := triage.Nearest(word, known); got != want {
			t.Errorf("%.30q: %q, want %q", word, got, want)
		}
	}
}
