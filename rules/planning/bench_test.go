package planning_test

import (
	"testing"

	"flowkeeper/rules/planning"
)

// BenchmarkTriage composes the triage report of a team with 5,000 open issues.
func BenchmarkTriage(b *testing.B) {
	s := onMonday()
	world := s.Issues
	for n := 0; len(s.Issues) < 5000; n++ {
		again := world[n%len(world)]
		again.IID += int64(len(s.Issues))
		s.Issues = append(s.Issues, again)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := planning.Compose(planning.KindTriage, s); err != nil {
			b.Fatal(err)
		}
	}
}
