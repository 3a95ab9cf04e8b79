package sqlite_test

import (
	"testing"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/inboxtest"
	"flowkeeper/bot/inbox/sqlite"
)

// Benchmark measures with real syncs: run it on the disk that is asked about, with TMPDIR.
func Benchmark(b *testing.B) { inboxtest.Bench(b, openBench) }

func BenchmarkSlopes(b *testing.B) { inboxtest.Slopes(b, openBench) }

func openBench(b *testing.B) inbox.Inbox {
	s, err := sqlite.Open(sqlite.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s
}
