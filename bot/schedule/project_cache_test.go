package schedule_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"flowkeeper/bot/coordination"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/sqlite"
	"flowkeeper/bot/schedule"
	"flowkeeper/rules/triage"
)

const forgotten = "the store has forgotten projects; it is told again, and what happened there is looked for"

// hear has a project deliver something.
func (r *rig) hear(project int64) {
	r.Helper()
	d := inbox.Delivery{Issue: triage.Ref{Project: project, IID: 99}, IdempotencyKey: fmt.Sprint("first of ", project), Body: fmt.Appendf(nil, `{"i":{"p":%d,"i":99}}`, project)}
	if _, err := r.store.Enqueue(r.Context(), d); err != nil {
		r.Fatal(err)
	}
}

// empty loses all that the store holds.
func (r *rig) empty() {
	r.Helper()
	fresh, err := sqlite.Open(sqlite.Options{Dir: r.TempDir(), Lease: time.Hour})
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { _ = fresh.Close() })
	r.store.mu.Lock()
	defer r.store.mu.Unlock()
	_ = r.store.Store.Close()
	r.store.Store, r.store.Coordinator = fresh, coordination.New(fresh, fresh, fresh)
}

// memory starts a sweeper that remembers projects in a file.
func (r *rig) memory(path, instance string) *process {
	return r.start(func(o *schedule.Options) { o.Memory, o.Instance = path, instance })
}

// Nothing else comes from the project after its store was emptied: the sweep finds what was lost all the same.
func TestEmptiedStoreIsToldItsProjects(t *testing.T) {
	inBubble(t, newLab(7, 8), func(t *testing.T, r *rig) {
		r.memory("", "")
		r.hear(7)
		r.pass(2 * time.Minute)
		r.lab.move(7, 1)
		r.empty()
		r.pass(every + time.Minute)
		expect(t, "found", []string{"7#1"}, r.found())
		expect(t, "log lines", 1, r.logged(forgotten))
		r.pass(2 * every)
		expect(t, "log lines later", 1, r.logged(forgotten))
	})
}

// A disk that was full for a moment is no reason to remember nothing for as long as the process lives.
func TestMemoryIsWrittenWhenTheDiskIsBack(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
		dir := filepath.Join(t.TempDir(), "away")
		path := filepath.Join(dir, "projects.txt")
		r.hear(7)
		r.memory(path, "https://gitlab.example.com") // the directory is not there: it cannot be written
		r.pass(10 * time.Minute)
		expect(t, "log lines", 1, r.logged("noting which projects sent webhooks, for the case that the store loses them"))
		must(t, os.Mkdir(dir, 0o700))
		r.pass(10 * time.Minute)
		text, err := os.ReadFile(path)
		must(t, err)
		expect(t, "file", "# projects that sent webhooks from https://gitlab.example.com\n7 1999-12-31T23:59:00Z\n", string(text))
	})
}

// All processes ended before the store was emptied. One that knew nothing sweeps first; the one with the file has it swept again.
func TestProjectsOutliveTheProcess(t *testing.T) {
	inBubble(t, newLab(7, 8), func(t *testing.T, r *rig) {
		path := filepath.Join(t.TempDir(), "projects.txt")
		r.hear(8)
		r.hear(7)
		r.memory(path, "https://gitlab.example.com").stop()
		text, err := os.ReadFile(path)
		must(t, err)
		expect(t, "file", "# projects that sent webhooks from https://gitlab.example.com\n7 1999-12-31T23:59:00Z\n8 1999-12-31T23:59:00Z\n", string(text))

		r.empty()
		r.lab.move(7, 1)
		r.memory(filepath.Join(t.TempDir(), "projects.txt"), "https://gitlab.example.com")
		expect(t, "found by one that knows nothing", nil, r.found())
		r.pass(time.Second)
		r.memory(path, "https://gitlab.example.com")
		expect(t, "found", []string{"7#1"}, r.found())
	})
}

// Ids of another GitLab are other projects, and a damaged file is no reason to do nothing.
func TestMemoryThatIsOfNoUse(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"another GitLab": "# projects that sent webhooks from https://other.example.com\n7\n",
		"empty":          "",
		"damaged":        "# projects that sent webhooks from https://gitlab.example.com\nseven\n-7\n0\n\x00\n99999999999999999999\n",
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, newLab(7, 8), func(t *testing.T, r *rig) {
				path := filepath.Join(t.TempDir(), "projects.txt")
				must(t, os.WriteFile(path, []byte(text), 0o600))
				r.lab.move(7, 1)
				r.lab.move(8, 1)
				r.memory(path, "https://gitlab.example.com")
				expect(t, "log lines", 0, r.logged(forgotten))
				r.hear(8)
				r.pass(every + time.Minute)
				expect(t, "found", []string{"8#1", "8#99"}, r.found())
			})
		})
	}
}
