package schedule

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A project's sweep begins at the time at which the project first delivered something or was first configured; what happened before does not
// concern the bot. That time is kept in the store and in each process's file, so that it survives the loss of either.

// sinceCheckpoint names the checkpoint that says when a project was first heard of.
func sinceCheckpoint(project int64) string { return fmt.Sprintf("since/%d", project) }

// firstHeard is when a project was first heard of. A new project counts as heard of since this process began, with whose configuration it came.
// The zero time is long ago.
func (r *projectCache) firstHeard(ctx context.Context, project int64) (time.Time, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.loadOnce()
	since, err := r.firstHeardLocked(ctx, project, r.began)
	if err == nil && r.unsaved {
		r.save()
	}
	return since, err
}

// firstHeardLocked is firstHeard for a caller that holds the lock and saves. A new project counts as heard of shortly before then.
func (r *projectCache) firstHeardLocked(ctx context.Context, project int64, then time.Time) (time.Time, error) {
	if since, known := r.since[project]; known {
		return since, nil
	}
	marked, err := r.shared.Checkpoint(ctx, sinceCheckpoint(project))
	if err != nil {
		return time.Time{}, fmt.Errorf("reading when project %d was first heard of: %w", project, err)
	}
	since := parseTime(marked)
	if since.IsZero() {
		swept, err := r.shared.Checkpoint(ctx, issuesCheckpoint(project))
		if err != nil {
			return time.Time{}, fmt.Errorf("reading how far project %d was swept: %w", project, err)
		}
		if len(swept) == 0 { // it is new, and its first delivery may be a round old
			since = then.UTC().Add(-syncEvery).Truncate(time.Second)
			if err := r.shared.SetCheckpoint(ctx, sinceCheckpoint(project), formatTime(since)); err != nil {
				return time.Time{}, fmt.Errorf("noting when project %d was first heard of: %w", project, err)
			}
		}
	}
	r.since[project], r.unsaved = since, true
	return since, nil
}

// restoreFirstHeard stores again when projects were first heard of, after the store was emptied. The caller holds the lock.
func (r *projectCache) restoreFirstHeard(ctx context.Context, projects []int64) error {
	for _, id := range projects {
		if since := r.since[id]; !since.IsZero() {
			if err := r.shared.SetCheckpoint(ctx, sinceCheckpoint(id), formatTime(since)); err != nil {
				return fmt.Errorf("telling the store when project %d was first heard of: %w", id, err)
			}
		}
	}
	return nil
}

// onlyConfigured marks the line of a project that never delivered anything.
const onlyConfigured = "listed"

// formatLine is a project's line in the file: its id, when it was first heard of unless that is long ago, and whether it is only listed.
func formatLine(id int64, since time.Time, heard bool) string {
	line := strconv.FormatInt(id, 10)
	if !since.IsZero() {
		line += " " + string(formatTime(since))
	}
	if !heard {
		line += " " + onlyConfigured
	}
	return line
}

// parseLine reads what formatLine wrote, and a line with an id alone.
func parseLine(line string) (id int64, since time.Time, heard, ok bool) {
	fields := strings.Fields(line)
	if len(fields) == 0 {
		return 0, since, false, false
	}
	id, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil || id < 1 {
		return 0, since, false, false
	}
	heard = true
	for _, f := range fields[1:] {
		if f == onlyConfigured {
			heard = false
		} else {
			since = parseTime([]byte(f))
		}
	}
	return id, since, heard, true
}
