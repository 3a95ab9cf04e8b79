package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sync"

	"go.uber.org/zap"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/note"
	"flowkeeper/rules/triage"
)

// former are the users that the bot was before: a token made anew belongs to another user. What they wrote and did is the bot's own.
type former struct {
	mu     sync.Mutex
	users  map[int64]bool
	others map[int64]bool // who was looked at and is none; bounded by maxKept
}

const (
	// markUsers names the mark that keeps the bot's users, the present one last.
	markUsers = "bot users"
	// maxUsers bounds how many are kept.
	maxUsers = 50
)

// RememberSelf keeps durably who the bot is, and tells who it was at the last time, 0 if that was nobody else. It is to be repeated now and
// then: the store forgets it after coordination.KeepCheckpoints.
func (p *Pool) RememberSelf(ctx context.Context) (before int64, err error) {
	var users []int64
	mark, err := p.o.Coordination.Checkpoint(ctx, markUsers)
	if err != nil {
		return 0, err
	}
	if mark != nil {
		_ = json.Unmarshal(mark, &users) // what cannot be read is written anew
	}
	if n := len(users); n > 0 && users[n-1] != p.o.Self.ID {
		before = users[n-1]
	}
	p.former.mu.Lock()
	if p.former.users == nil {
		p.former.users = map[int64]bool{}
	}
	for _, u := range users {
		p.former.users[u] = true
	}
	for _, u := range slices.Sorted(maps.Keys(p.former.users)) {
		if !slices.Contains(users, u) {
			users = append(users, u)
		}
	}
	p.former.mu.Unlock()
	users = append(slices.DeleteFunc(users, func(u int64) bool { return u == p.o.Self.ID }), p.o.Self.ID)
	data, err := json.Marshal(users[max(0, len(users)-maxUsers):])
	if err != nil {
		return 0, fmt.Errorf("writing down who the bot is: %w", err)
	}
	return before, p.o.Coordination.SetCheckpoint(ctx, markUsers, data)
}

// mine reports whether a user is the bot, or was.
func (p *Pool) mine(user int64) bool {
	if user == p.o.Self.ID {
		return true
	}
	p.former.mu.Lock()
	defer p.former.mu.Unlock()
	return p.former.users[user]
}

// users are the bot's own and those that it was.
func (p *Pool) users() []int64 {
	p.former.mu.Lock()
	defer p.former.mu.Unlock()
	all := []int64{p.o.Self.ID}
	for _, u := range slices.Sorted(maps.Keys(p.former.users)) {
		if u != p.o.Self.ID {
			all = append(all, u)
		}
	}
	return all
}

// put keeps whether a user is one that the bot was, and returns it.
func (f *former) put(user int64, is bool) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	kept := &f.others
	if is {
		kept = &f.users
	}
	if *kept == nil || !is && len(*kept) >= maxKept {
		*kept = map[int64]bool{}
	}
	(*kept)[user] = true
	return is
}

// botName is how GitLab names the users of access tokens and, unless they were renamed, service accounts.
var botName = regexp.MustCompile(`^(?:(?:project|group)_[0-9]+_bot|service_account_)`)

// recognize finds out whether somebody who left the bot's marks is a user that the bot was, where no store remembers. Anybody can write a mark
// and choose a name, so GitLab has to say that it is no person, and it has to be a member of this project: only who may make bots for the
// project could deceive with one, and they may edit the bot's comments as well.
func (j *job) recognize(ctx context.Context, who triage.Person) error {
	if who.ID == j.o.Self.ID || !botName.MatchString(who.Username) || j.o.Inbox == nil {
		return nil
	}
	j.former.mu.Lock()
	known := j.former.users[who.ID] || j.former.others[who.ID]
	j.former.mu.Unlock()
	if known {
		return nil
	}
	is, err := j.o.GitLab.IsBot(ctx, who.ID)
	if err != nil && gitlab.ClassOf(err) != gitlab.NotFound {
		return err
	}
	if is {
		level, err := j.level(ctx, j.batch.Issue.Project, who.ID)
		if err != nil {
			return err
		}
		is = level >= triage.Planner
	}
	if !j.former.put(who.ID, is) {
		return nil
	}
	j.o.Log.Warn("the bot was another user before", zap.String("user", who.Username), zap.Stringer("issue", j.batch.Issue))
	_, err = j.RememberSelf(ctx)
	return err
}

// inherited sorts the comments that bear the bot's marks: its own, and those of users that it was.
func (j *job) inherited(ctx context.Context, notes []gitlab.Note) (own, former []gitlab.Note, err error) {
	for _, n := range notes {
		if n.Author.ID == j.o.Self.ID {
			own = append(own, n)
			continue
		}
		if err := j.recognize(ctx, n.Author); err != nil {
			return nil, nil, err
		}
		if j.mine(n.Author.ID) {
			former = append(former, n)
		}
	}
	return own, former, nil
}

// marked reports whether a comment is the bot's, or may be: by its author, or by its mark.
func (j *job) marked(n gitlab.Note) bool {
	if mine := j.mine(n.Author.ID); mine || !botName.MatchString(n.Author.Username) {
		return mine
	}
	_, state := note.ParseMarker(n.Body, j.batch.Issue)
	_, _, answers := note.ParseReply(n.Body, j.batch.Issue)
	return state == note.Known || answers
}

// succeed finds out whether the note that GitLab would not let the bot edit is there, and somebody else's: that of a user that the bot was, or of
// the ghost that GitLab leaves for a deleted one. That the bot wrote it, the memory knows. A new note then takes its place and names it.
func (j *job) succeed(ctx context.Context, cause error) (bool, error) {
	if e, ok := errors.AsType[*gitlab.Error](cause); !ok || e.Status != 403 && e.Status != 404 {
		return false, nil
	}
	ref := &j.decision.Memory.Note
	notes, err := j.o.GitLab.OwnNotes(ctx, j.batch.Issue, func(n gitlab.Note) bool { return n.ID == ref.ID })
	if err != nil || len(notes) == 0 || notes[0].Author.ID == j.o.Self.ID {
		return false, err
	}
	j.metrics.notes.WithLabelValues("left").Inc()
	j.did = append(j.did, "left the note of the former bot user "+notes[0].Author.Username)
	*ref = triage.NoteRef{Replaces: fmt.Sprintf("%s#note_%d", j.issue.URL, ref.ID), Dismissed: ref.Dismissed}
	return true, nil
}

// findMarked is gitlab.Client.FindIssueByMarker for all users that the bot is or was.
func (j *job) findMarked(ctx context.Context, marker string) (issue triage.Issue, found bool, err error) {
	for _, u := range j.users() {
		if issue, found, err = j.o.GitLab.FindIssueByMarker(ctx, j.batch.Issue.Project, u, marker, j.issue.CreatedAt); found || err != nil {
			return issue, found, err
		}
	}
	return triage.Issue{}, false, nil
}
