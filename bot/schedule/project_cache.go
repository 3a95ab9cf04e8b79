package schedule

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/google/renameio/v2"
	"go.uber.org/zap"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/sleep"
)

// projectCache keeps in a file the projects that the store knew. A store that was emptied knows none, and without this file the sweep, which
// finds what was lost, would not look into a project before it delivers something again.
type projectCache struct {
	shared Coordination
	path   string // "" keeps them in memory only
	title  string // first line of the file; a file of another GitLab is not read
	now    func() time.Time
	log    *zap.Logger
	began  time.Time

	mu       sync.Mutex
	read     bool
	ids      []int64             // ascending
	since    map[int64]time.Time // when each project was first heard of, configured ones included; zero is long ago
	unsaved  bool                // the file does not hold them yet
	failing  bool                // the last write failed, and that was logged
	restored time.Time           // when projects were last restored to the store
}

func newProjectCache(o Options) *projectCache {
	return &projectCache{shared: o.Coordination, path: o.Memory, title: "# projects that sent webhooks from " + o.Instance, now: o.Now, log: o.Log, began: o.Now(), since: map[int64]time.Time{}}
}

// syncEvery is how soon a project that delivered something for the first time is in the file, and how soon a store that lost it gets it back.
const syncEvery = time.Minute

// run syncs with the store until ctx ends. The jobs do so, too, before each round.
func (r *projectCache) run(ctx context.Context) {
	for sleep.For(ctx, syncEvery) {
		if _, err := r.syncWithStore(ctx); err != nil && ctx.Err() == nil {
			r.log.Debug("comparing the projects that the store and this process know", zap.Error(err)) // the jobs report a store that fails
		}
	}
}

// syncWithStore makes the store and the file know the same projects. It returns when projects last had to be restored to the store, zero if never:
// rounds from before that moment left those projects out.
func (r *projectCache) syncWithStore(ctx context.Context) (restored time.Time, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	stored, err := r.shared.Projects(ctx)
	if err != nil {
		return r.restored, fmt.Errorf("listing the projects: %w", err)
	}
	r.loadOnce()
	known := slices.Clone(stored)
	if forgotten := missingFrom(r.ids, stored); len(forgotten) > 0 && len(stored) < inbox.MaxProjects {
		r.log.Warn("the store has forgotten projects; it is told again, and what happened there is looked for", zap.Int("projects", len(forgotten)))
		if err := r.restoreFirstHeard(ctx, forgotten); err != nil {
			return r.restored, err
		}
		if err := r.shared.TouchProjects(ctx, forgotten); err != nil {
			return r.restored, fmt.Errorf("telling the store its projects: %w", err)
		}
		r.restored = r.now()
		known = append(known, forgotten...)
		slices.Sort(known)
	}
	for _, id := range known {
		if _, err := r.firstHeardLocked(ctx, id, r.now()); err != nil {
			return r.restored, err
		}
	}
	r.unsaved = r.unsaved || !slices.Equal(known, r.ids)
	r.ids = known
	if r.unsaved {
		r.save()
	}
	return r.restored, nil
}

// loadOnce reads the file the first time it is called. The caller holds the lock.
func (r *projectCache) loadOnce() {
	if !r.read {
		r.ids, r.read = r.load(), true
	}
}

// projects are the ids that the store knew when it was last asked, ascending. The caller must not change the slice.
func (r *projectCache) projects() []int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ids
}

// missingFrom are the ids of all that are not in some; both are ascending.
func missingFrom(all, some []int64) []int64 {
	var rest []int64
	for _, id := range all {
		if _, found := slices.BinarySearch(some, id); !found {
			rest = append(rest, id)
		}
	}
	return rest
}

// load reads the file. What cannot be read is left out: it matters only if the store is lost, too.
func (r *projectCache) load() []int64 {
	if r.path == "" {
		return nil
	}
	text, err := os.ReadFile(r.path)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			r.log.Warn("reading which projects sent webhooks", zap.Error(err))
		}
		return nil
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	if !lines.Scan() || lines.Text() != r.title {
		return nil
	}
	var ids []int64
	for lines.Scan() {
		id, since, heard, ok := parseLine(lines.Text())
		if !ok {
			continue
		}
		r.since[id] = since
		if heard {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// save writes the file; what cannot be written now is tried again.
func (r *projectCache) save() {
	if r.path == "" {
		return
	}
	var b bytes.Buffer
	fmt.Fprintln(&b, r.title)
	for _, id := range slices.Sorted(maps.Keys(r.since)) {
		_, heard := slices.BinarySearch(r.ids, id)
		fmt.Fprintln(&b, formatLine(id, r.since[id], heard))
	}
	err := renameio.WriteFile(r.path, b.Bytes(), 0o600)
	if err != nil && !r.failing {
		r.log.Warn("noting which projects sent webhooks, for the case that the store loses them", zap.Error(err))
	}
	r.unsaved, r.failing = err != nil, err != nil
}
