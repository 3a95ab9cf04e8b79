package schedule_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"flowkeeper/bot/schedule"
)

// TestOldIssuesAreLeftInPeace: what happened before a project was listed or delivered something is not swept, however far the lookback
// reaches. A margin of a minute belongs to whatever made it known.
func TestOldIssuesAreLeftInPeace(t *testing.T) {
	inBubble(t, newLab(7, 8), func(t *testing.T, r *rig) {
		for _, project := range []int64{7, 8} {
			r.lab.moveAt(project, 1, now().Add(-time.Hour))
			r.lab.moveAt(project, 2, now().Add(-2*time.Minute))
			r.lab.moveAt(project, 3, now().Add(-30*time.Second))
		}
		r.sweeper("7")
		expect(t, "of the listed one", []string{"7#3"}, r.found())
		r.pass(time.Hour)
		r.lab.moveAt(8, 4, now().Add(-2*time.Minute))
		r.lab.move(8, 5)
		r.hear(8)
		r.pass(2 * every)
		expect(t, "of the one that delivered", []string{"8#5", "8#99"}, r.found())
	})
}

// TestSinceSurvives: when a project was first heard of survives an emptied store by the file, in a process that goes on and in the next
// one, also for a project that was only listed; and a lost file by the store.
func TestSinceSurvives(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(r *rig, path string, stop func()){
		"store":                    func(r *rig, _ string, _ func()) { r.empty() },
		"store, between processes": func(r *rig, _ string, stop func()) { stop(); r.empty() },
		"file":                     func(r *rig, path string, stop func()) { stop(); must(r.T, os.Remove(path)) },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, newLab(7, 8), func(t *testing.T, r *rig) {
				path := filepath.Join(t.TempDir(), "projects.txt")
				r.lab.moveAt(7, 1, now().Add(-2*time.Minute))
				r.lab.moveAt(8, 1, now().Add(-2*time.Minute))
				r.hear(8)
				start := func() *process {
					return r.start(func(o *schedule.Options) {
						o.Projects, o.Memory, o.Instance = []string{"7"}, path, "https://gitlab.example.com"
					})
				}
				p := start()
				r.pass(2 * time.Minute)
				expect(t, "before", []string{"8#99"}, r.found())
				const title = "# projects that sent webhooks from https://gitlab.example.com\n"
				expect(t, "file", title+"7 1999-12-31T23:59:00Z listed\n8 1999-12-31T23:59:00Z\n", file(t, path))
				r.lab.move(7, 2)
				r.lab.move(8, 2)
				r.pass(time.Minute)
				lose(r, path, p.stop)
				p.stop()
				r.pass(time.Hour)
				start()
				r.pass(2 * time.Minute)
				expect(t, "afterwards", []string{"7#2", "8#2"}, r.found())
				expect(t, "file", title+"7 1999-12-31T23:59:00Z\n8 1999-12-31T23:59:00Z\n", file(t, path)) // a swept issue counts as delivered
			})
		})
	}
}

// TestLongKnownProjects: a line without a time is of a program that noted none, and a project with a watermark was swept by one: their
// sweep reaches back as far as the lookback.
func TestLongKnownProjects(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
		path := filepath.Join(t.TempDir(), "projects.txt")
		must(t, os.WriteFile(path, []byte("# projects that sent webhooks from https://gitlab.example.com\n7\n"), 0o600))
		r.lab.moveAt(7, 1, now().Add(-time.Hour))
		r.memory(path, "https://gitlab.example.com")
		expect(t, "found", []string{"7#1"}, r.found())
		expect(t, "file", "# projects that sent webhooks from https://gitlab.example.com\n7\n", file(t, path))
	})
	t.Run("watermark", func(t *testing.T) {
		inBubble(t, newLab(7), func(t *testing.T, r *rig) {
			path := filepath.Join(t.TempDir(), "projects.txt")
			must(t, r.store.Coordinator.SetCheckpoint(t.Context(), "sweep/7", []byte(now().Add(-time.Hour).Format(time.RFC3339Nano))))
			r.hear(7)
			r.memory(path, "https://gitlab.example.com").stop()
			expect(t, "file", "# projects that sent webhooks from https://gitlab.example.com\n7\n", file(t, path))
		})
	})
}

// file is the content of a file.
func file(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	return string(text)
}
