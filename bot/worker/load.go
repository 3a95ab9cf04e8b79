package worker

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

const (
	// maxLoads bounds how often a job looks up more for its decisions: each need, and each once more.
	maxLoads = 20
	// maxLevels bounds how many people's access levels are asked for at once. Who is left out counts as no member until then.
	maxLevels = 50
)

// load gets from GitLab and from the store what a decision needs to know, so that it can be made again.
func (j *job) load(ctx context.Context, d engine.Decision, needs engine.Needs) error {
	if j.loads++; j.loads > maxLoads {
		return errors.New("the decision needs to know what was loaded already")
	}
	for _, text := range needs.FindIssues {
		found, err := j.find(ctx, text)
		if err != nil {
			return err
		}
		if j.facts.FoundIssues == nil {
			j.facts.FoundIssues = map[string]triage.FoundIssue{}
		}
		j.facts.FoundIssues[text] = found
	}
	for _, rule := range needs.PastFindings {
		if j.facts.PastFindings == nil {
			j.facts.PastFindings = map[string][]engine.PastFinding{}
		}
		j.facts.PastFindings[rule] = j.sights(ctx, rule)
	}
	if needs.Facts == 0 {
		return nil
	}
	return j.loadSurroundings(ctx, d, needs)
}

// loadSurroundings gets what is around the issue into the memory.
func (j *job) loadSurroundings(ctx context.Context, d engine.Decision, needs engine.Needs) error {
	around, began := needs.Known, j.o.Now()
	if needs.Facts&triage.NeedClosingReason != 0 {
		if err := j.loadClosing(ctx); err != nil {
			return err
		}
	}
	if needs.Facts&triage.NeedLinks != 0 {
		links, err := j.o.GitLab.Links(ctx, j.batch.Issue)
		if err != nil {
			return err
		}
		around.Links = links
	}
	if needs.Facts&(triage.NeedAgreements|triage.NeedComments) != 0 {
		if err := j.loadComments(ctx, d, needs.Facts, &around); err != nil {
			return err
		}
	}
	if needs.Facts&triage.NeedAccessLevels != 0 {
		if err := j.loadLevels(ctx, &around); err != nil {
			return err
		}
	}
	if needs.Facts&triage.NeedAuthorLevel != 0 {
		level, err := j.level(ctx, j.batch.Issue.Project, j.issue.Author.ID)
		if err != nil {
			return err
		}
		around.AuthorLevel = level
	}
	if needs.Facts&triage.NeedStateEntry != 0 && !j.recovered {
		if err := j.recover(ctx); err != nil {
			return err
		}
	}
	around.Known |= needs.Facts
	// The clock of the replica that took a delivery may be ahead: what was seen is not newer than what is loaded after it.
	around.LoadedAt = began
	if needs.Facts&(triage.NeedAgreements|triage.NeedComments) != 0 && j.history.at.Before(began) {
		around.LoadedAt = j.history.at
	}
	for _, e := range j.events {
		if e.ReceivedAt.After(around.LoadedAt) {
			around.LoadedAt = e.ReceivedAt
		}
	}
	j.memory.Context = around
	return nil
}

// loadClosing reads an issue that was closed when GitLab has finished that. What the bot itself is about to close needs no look.
func (j *job) loadClosing(ctx context.Context) error {
	if !j.issue.Closed {
		return nil
	}
	for _, e := range j.events {
		if early := e.ReceivedAt.Add(j.policy.Settle).Sub(j.o.Now()); e.Kind&triage.Closed != 0 && early > 0 {
			if err := j.doubt("why the issue was closed", []time.Duration{early}, errors.New("GitLab may not have finished closing the issue")); err != nil {
				return err
			}
		}
	}
	return j.read(ctx)
}

// loadComments looks at what people wrote since the issue is in its state: when they last did, and who agrees if that is asked.
func (j *job) loadComments(ctx context.Context, d engine.Decision, facts triage.Need, around *triage.Context) error {
	since, review := d.Memory.StateEntry.RelevantFrom(), d.Memory.StateEntry.At
	if j.policy.Team.Workflow.State(d.Memory.StateEntry.State).Is != triage.Review && facts&triage.NeedAgreements != 0 {
		since, review = j.issue.CreatedAt, j.issue.CreatedAt // the review was before this state
	}
	comments, err := j.commentsSince(ctx, since)
	if err != nil {
		return err
	}
	comments = j.withDelivered(comments, since)
	comments = slices.DeleteFunc(comments, func(c gitlab.Comment) bool { return j.mine(c.Author.ID) })
	for _, c := range comments {
		if c.CreatedAt.After(around.LastComment) && !j.onlyCommands(c.Body) {
			around.LastComment = c.CreatedAt
		}
	}
	around.Known |= triage.NeedComments
	if facts&triage.NeedAgreements == 0 {
		return nil
	}
	comments = slices.DeleteFunc(comments, func(c gitlab.Comment) bool { return c.CreatedAt.Before(review) })
	around.Agreements, err = j.agreements(ctx, d.Memory.Note.ID, comments)
	return err
}

// agreements counts who agrees: by a thumbsup on the issue or on the bot's note, or by a comment that says nothing else.
func (j *job) agreements(ctx context.Context, note int64, comments []gitlab.Comment) (map[string]triage.Agreement, error) {
	awards, err := j.o.GitLab.Awards(ctx, j.batch.Issue, 0)
	if err != nil {
		return nil, err
	}
	awards = j.withReactions(awards, 0)
	if note != 0 {
		more, err := j.o.GitLab.Awards(ctx, j.batch.Issue, note)
		if err != nil {
			if deleted, err := j.gone(ctx, note, err); !deleted || err != nil {
				return nil, err
			}
			j.dismiss(&j.memory)
		}
		awards = append(awards, j.withReactions(more, note)...)
	}
	agreed := map[string]triage.Agreement{}
	for _, a := range awards {
		if triage.IsThumbsup(a.Name) && a.User.Username != "" && !j.mine(a.User.ID) {
			agreed[triage.UsernameKey(a.User.Username)] = triage.Agreement{ID: a.User.ID, Thumb: true}
		}
	}
	for _, c := range comments {
		if who := c.Author; j.agrees(c.Body) && who.Username != "" {
			key := triage.UsernameKey(who.Username)
			agreed[key] = triage.Agreement{ID: who.ID, Thumb: agreed[key].Thumb, Comment: true}
		}
	}
	return agreed, nil
}

// delivered is how long after its delivery an event may be missing in a list that GitLab shows.
const delivered = time.Minute

// withDelivered adds the comments that were delivered a moment ago and that a list which lags does not show yet.
func (j *job) withDelivered(listed []gitlab.Comment, since time.Time) []gitlab.Comment {
	for _, e := range j.events {
		if e.Note == nil || e.Kind&triage.Noted == 0 || e.Note.Edited || j.o.Now().Sub(e.ReceivedAt) > delivered {
			continue
		}
		at := e.At.Truncate(time.Second).Add(time.Second - time.Millisecond) // deliveries tell the second only
		if at.Before(since) {
			continue
		}
		if !slices.ContainsFunc(listed, func(c gitlab.Comment) bool { return c.ID == e.Note.ID }) {
			listed = append(listed, gitlab.Comment{
				ID: e.Note.ID, Author: e.Actor, Body: e.Note.Text, Internal: e.Note.Internal, CreatedAt: at, UpdatedAt: at,
			})
		}
	}
	return listed
}

// withReactions brings a list of reactions to a comment, or to the issue if note is 0, up to what was delivered a moment ago.
func (j *job) withReactions(listed []gitlab.Award, note int64) []gitlab.Award {
	for _, e := range j.events {
		if e.Emoji == nil || e.Emoji.NoteID != note || j.o.Now().Sub(e.ReceivedAt) > delivered {
			continue
		}
		same := func(a gitlab.Award) bool { return a.Name == e.Emoji.Name && a.User.Is(e.Actor) }
		switch {
		case e.Kind&triage.Revoked != 0: // it comes with the second in which the reaction was given
			if n := slices.IndexFunc(listed, func(a gitlab.Award) bool { return same(a) && a.At.Before(e.At.Add(time.Second)) }); n >= 0 {
				listed = slices.Delete(slices.Clone(listed), n, n+1)
			}
		case e.Kind&triage.Awarded != 0 && !slices.ContainsFunc(listed, same):
			listed = append(slices.Clip(listed), gitlab.Award{User: e.Actor, Name: e.Emoji.Name, At: e.At})
		}
	}
	return listed
}

// onlyCommands reports whether a comment says nothing but commands.
func (j *job) onlyCommands(text string) bool {
	lines := 0
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			lines++
		}
	}
	return lines > 0 && len(j.lines(text)) == lines
}

// agrees reports whether a comment says that its writer agrees, in words or by the command.
func (j *job) agrees(text string) bool {
	if triage.IsAgreement(text) {
		return true
	}
	for _, line := range j.lines(text) {
		if c, args, _ := triage.FindCommand(j.policy.Commands, line.Text); c != nil && c.Agrees && args == "" {
			return true
		}
	}
	return false
}

// loadLevels adds the access levels of those who agree and whose level is not known, first of those who said so in words: on a popular issue
// a thumbsup is a vote.
func (j *job) loadLevels(ctx context.Context, around *triage.Context) error {
	unknown := slices.DeleteFunc(slices.Sorted(maps.Keys(around.Agreements)), func(name string) bool {
		_, known := around.AccessLevels[name]
		return known
	})
	silent := func(name string) int {
		if around.Agreements[name].Comment {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(unknown, func(a, b string) int { return cmp.Compare(silent(a), silent(b)) })
	if around.AccessLevels == nil {
		around.AccessLevels = make(map[string]int, len(unknown))
	}
	for _, name := range unknown[:min(len(unknown), maxLevels)] {
		level, err := j.o.GitLab.AccessLevel(ctx, j.batch.Issue.Project, around.Agreements[name].ID)
		if err != nil {
			return err
		}
		around.AccessLevels[name] = level
	}
	return nil
}
