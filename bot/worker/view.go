package worker

import (
	"context"
	"slices"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/note"
	"flowkeeper/rules/triage"
)

// historian is what a view reads of GitLab.
type historian interface {
	ResourceEvents(ctx context.Context, ref triage.Ref) ([]triage.ResourceEvent, error)
	OwnNotes(ctx context.Context, ref triage.Ref, own func(gitlab.Note) bool) ([]gitlab.Note, error)
	Comments(ctx context.Context, ref triage.Ref, since time.Time) ([]gitlab.Comment, error)
	Awards(ctx context.Context, ref triage.Ref, note int64) ([]gitlab.Award, error)
	FindIssueByMarker(ctx context.Context, project, author int64, marker string, since time.Time) (triage.Issue, bool, error)
	IsBot(ctx context.Context, user int64) (bool, error)
}

// view is what GitLab tells of a subject beside its present state. Each list is read once in a job: what the job adds to them it knows itself,
// and nobody else speaks for the bot under its lease.
type view struct {
	gitlab historian
	of     triage.Ref
	bot    *identity
	levels *accessLevels
	now    func() time.Time
	log    *zap.Logger
	called bool // GitLab answered in this job

	past     []triage.ResourceEvent
	pastRead bool

	own     []gitlab.Note
	former  []gitlab.Note // by users that the bot was
	ownRead bool

	comments []gitlab.Comment // the newest first
	since    time.Time        // from when on
	at       time.Time        // when they were asked for
	listed   bool

	awards map[int64][]gitlab.Award // by comment
}

// changes are who changed labels and weight, the oldest first.
func (v *view) changes(ctx context.Context) ([]triage.ResourceEvent, error) {
	if v.pastRead {
		return v.past, nil
	}
	past, err := v.gitlab.ResourceEvents(ctx, v.of)
	if err != nil {
		return nil, err
	}
	for n := range past {
		if v.bot.is(past[n].Actor.ID) {
			past[n].Actor = v.bot.self // or somebody that the bot was
		}
	}
	v.past, v.pastRead, v.called = past, true, true
	return past, nil
}

// byBot reports whether the bot made a change, as one of its users.
func (v *view) byBot(e triage.ResourceEvent) bool { return e.Actor.ID == v.bot.self.ID }

// ownNotes are the bot's comments, the oldest first. Those of users that it was are in former then.
func (v *view) ownNotes(ctx context.Context) ([]gitlab.Note, error) {
	if v.ownRead {
		return v.own, nil
	}
	notes, err := v.gitlab.OwnNotes(ctx, v.of, v.isMarked)
	if err != nil {
		return nil, err
	}
	v.own, v.former = nil, nil
	for _, n := range notes {
		if n.Author.ID == v.bot.self.ID {
			v.own = append(v.own, n)
			continue
		}
		if err := v.recognize(ctx, n.Author); err != nil {
			return nil, err
		}
		if v.bot.is(n.Author.ID) {
			v.former = append(v.former, n)
		}
	}
	v.ownRead, v.called = true, true
	return v.own, nil
}

// isMarked reports whether a comment is the bot's, or may be: by its author, or by its mark.
func (v *view) isMarked(n gitlab.Note) bool {
	if mine := v.bot.is(n.Author.ID); mine || !botName.MatchString(n.Author.Username) {
		return mine
	}
	_, state := note.ParseMarker(n.Body, v.of)
	_, _, answers := note.ParseReply(n.Body, v.of)
	_, _, says := note.ParsePolicyComment(n.Body, v.of)
	return state == note.Known || answers || says
}

// recognize finds out whether somebody who left the bot's marks is a user that the bot was, where no store remembers. Anybody can write a mark
// and choose a name, so GitLab has to say that it is no person, and it has to be a member of this project: only who may make bots for the
// project could deceive with one, and they may edit the bot's comments as well.
func (v *view) recognize(ctx context.Context, who triage.Person) error {
	if who.ID == v.bot.self.ID || !botName.MatchString(who.Username) || v.bot.store == nil || v.bot.decided(who.ID) {
		return nil
	}
	is, err := v.gitlab.IsBot(ctx, who.ID)
	if err != nil && gitlab.ClassOf(err) != gitlab.NotFound {
		return err
	}
	if is {
		level, err := v.levels.of(ctx, v.of.Project, who.ID)
		if err != nil {
			return err
		}
		is = level >= triage.Planner
	}
	v.bot.put(who.ID, is)
	if !is {
		return nil
	}
	v.log.Warn("the bot was another user before", zap.String("user", who.Username))
	_, err = v.bot.remember(ctx)
	return err
}

// commentsSince are everybody's comments from a moment on, the newest first. The caller may change the slice.
func (v *view) commentsSince(ctx context.Context, since time.Time) ([]gitlab.Comment, error) {
	if !v.listed || since.Before(v.since) {
		at := v.now()
		comments, err := v.gitlab.Comments(ctx, v.of, since)
		if err != nil {
			return nil, err
		}
		for n := range comments {
			if comments[n].Author.IsSupportBot() {
				comments[n].Body = "" // a customer's mail holds no commands and no agreement
			}
		}
		v.comments, v.since, v.at, v.listed, v.called = comments, since, at, true, true
	}
	return slices.DeleteFunc(slices.Clone(v.comments), func(c gitlab.Comment) bool { return c.CreatedAt.Before(since) }), nil
}

// awardsOf are the reactions to a comment.
func (v *view) awardsOf(ctx context.Context, note int64) ([]gitlab.Award, error) {
	if awards, read := v.awards[note]; read {
		return awards, nil
	}
	awards, err := v.gitlab.Awards(ctx, v.of, note)
	if err != nil {
		return nil, err
	}
	if v.awards == nil {
		v.awards = map[int64][]gitlab.Award{}
	}
	v.awards[note] = awards
	return awards, nil
}

// findMarked finds the issue of the same project with a marker that one of the bot's users opened since.
func (v *view) findMarked(ctx context.Context, marker string, since time.Time) (issue triage.Issue, found bool, err error) {
	for _, user := range v.bot.all() {
		if issue, found, err = v.gitlab.FindIssueByMarker(ctx, v.of.Project, user, marker, since); found || err != nil {
			return issue, found, err
		}
	}
	return triage.Issue{}, false, nil
}
