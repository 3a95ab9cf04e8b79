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

// remembered are the projects that this process knew the store to know, in a file. A store that was emptied knows none, and the
// sweep, which finds what was lost, has nowhere to look before each project delivers something again.
type remembered struct {
	inbox Inbox
	path  string // "" keeps them in memory only
	title string // first line of the file; projects of another GitLab are of no use
	now   func() time.Time
	log   *zap.Logger
	began time.Time

	mu       sync.Mutex
	read     bool
	ids      []int64             // ascending
	since    map[int64]time.Time // when each project was first heard of, also those that were only listed; zero is long ago
	unsaved  bool                // the file does not hold them yet
	failing  bool                // it could not be written the last time, as was logged
	restored time.Time           // when the store was last told
}

func newRemembered(o Options) *remembered {
	return &remembered{inbox: o.Inbox, path: o.Memory, title: "# projects that sent webhooks from " + o.Instance, now: o.Now, log: o.Log, began: o.Now(), since: map[int64]time.Time{}}
}

// rememberEvery is how soon a project that delivered something for the first time is remembered, and a store that forgot it told.
const rememberEvery = time.Minute

// run looks after the memory until ctx ends, between the jobs, which do it before each round.
func (r *remembered) run(ctx context.Context) {
	for sleep.For(ctx, rememberEvery) {
		if _, err := r.agree(ctx); err != nil && ctx.Err() == nil {
			r.log.Debug("comparing the projects that the store and this process know", zap.Error(err)) // whoever needs the store complains
		}
	}
}

// agree has the store and the memory know the same projects. It returns when the store last had to be told, zero if never: all that was
// done before that moment was done without those projects.
func (r *remembered) agree(ctx context.Context) (restored time.Time, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	stored, err := r.inbox.Projects(ctx)
	if err != nil {
		return r.restored, fmt.Errorf("listing the projects: %w", err)
	}
	r.open()
	known := slices.Clone(stored)
	if forgotten := without(r.ids, stored); len(forgotten) > 0 && len(stored) < inbox.MaxProjects {
		r.log.Warn("the store has forgotten projects; it is told again, and what happened there is looked for", zap.Int("projects", len(forgotten)))
		if err := r.tellSince(ctx, forgotten); err != nil {
			return r.restored, err
		}
		if err := r.inbox.Hear(ctx, forgotten); err != nil {
			return r.restored, fmt.Errorf("telling the store its projects: %w", err)
		}
		r.restored = r.now()
		known = append(known, forgotten...)
		slices.Sort(known)
	}
	for _, id := range known {
		if _, err := r.sight(ctx, id, r.now()); err != nil {
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

// open reads the file, once. The caller holds the lock.
func (r *remembered) open() {
	if !r.read {
		r.ids, r.read = r.load(), true
	}
}

// projects are those that the store knew when it was last asked, ascending. The caller must not change the slice.
func (r *remembered) projects() []int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ids
}

// without are the ids of all that are not in some; both ascend.
func without(all, some []int64) []int64 {
	var rest []int64
	for _, id := range all {
		if _, found := slices.BinarySearch(some, id); !found {
			rest = append(rest, id)
		}
	}
	return rest
}

// load reads the file. What cannot be read is not remembered; that is only ever needed after a second misfortune.
func (r *remembered) load() []int64 {
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
func (r *remembered) save() {
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
