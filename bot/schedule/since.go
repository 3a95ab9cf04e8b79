package schedule

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// What happened in a project before it first delivered something, or was first listed in the configuration, is none of the bot's business:
// its sweep begins there. That time is kept in the store and in each process's file, so that it survives the loss of either.

// sinceMark names the mark that says when a project was first heard of.
func sinceMark(project int64) string { return fmt.Sprintf("since/%d", project) }

// first is when a project was first heard of. One that nobody has heard of is listed, by the configuration that this process began with. The
// zero time is long ago.
func (r *remembered) first(ctx context.Context, project int64) (time.Time, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open()
	since, err := r.sight(ctx, project, r.began)
	if err == nil && r.unsaved {
		r.save()
	}
	return since, err
}

// sight is first for a caller who holds the lock and saves; a new project is known from then on, or shortly before.
func (r *remembered) sight(ctx context.Context, project int64, then time.Time) (time.Time, error) {
	if since, known := r.since[project]; known {
		return since, nil
	}
	marked, err := r.inbox.Mark(ctx, sinceMark(project))
	if err != nil {
		return time.Time{}, fmt.Errorf("reading when project %d was first heard of: %w", project, err)
	}
	since := parseTime(marked)
	if since.IsZero() {
		swept, err := r.inbox.Mark(ctx, markOf(project))
		if err != nil {
			return time.Time{}, fmt.Errorf("reading how far project %d was swept: %w", project, err)
		}
		if len(swept) == 0 { // it is new: what delivered first may have done so a round ago
			since = then.UTC().Add(-rememberEvery).Truncate(time.Second)
			if err := r.inbox.SetMark(ctx, sinceMark(project), formatTime(since)); err != nil {
				return time.Time{}, fmt.Errorf("noting when project %d was first heard of: %w", project, err)
			}
		}
	}
	r.since[project], r.unsaved = since, true
	return since, nil
}

// tellSince tells a store that was emptied when projects were first heard of. The caller holds the lock.
func (r *remembered) tellSince(ctx context.Context, projects []int64) error {
	for _, id := range projects {
		if since := r.since[id]; !since.IsZero() {
			if err := r.inbox.SetMark(ctx, sinceMark(id), formatTime(since)); err != nil {
				return fmt.Errorf("telling the store when project %d was first heard of: %w", id, err)
			}
		}
	}
	return nil
}

// onlyListed stands on the line of a project that never delivered anything.
const onlyListed = "listed"

// formatLine is a project's line in the file: its id, when it was first heard of unless that is long ago, and whether it is only listed.
func formatLine(id int64, since time.Time, heard bool) string {
	line := strconv.FormatInt(id, 10)
	if !since.IsZero() {
		line += " " + string(formatTime(since))
	}
	if !heard {
		line += " " + onlyListed
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
		if f == onlyListed {
			heard = false
		} else {
			since = parseTime([]byte(f))
		}
	}
	return id, since, heard, true
}
