package worker

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/note"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// recall is how much younger than the memory a comment must be for the memory alone to know whether its commands were run: more than
// clocks differ. Of older ones GitLab tells, by the bot's reaction or its reply.
const recall = time.Minute

// maxAsked bounds how often commands may ask for more facts.
const maxAsked = 4

// obey runs the commands in the batch's comments, each comment once. What they want is not written yet: the rules look at it first.
func (j *job) obey(ctx context.Context) error {
	if j.memory.Orders != nil {
		if err := j.resume(ctx); err != nil {
			return err
		}
	}
	if err := j.missed(ctx); err != nil {
		return err
	}
	comments := j.comments()
	if len(comments) == 0 {
		return nil
	}
	if !j.known {
		if err := j.recover(ctx); err != nil {
			return err
		}
	}
	if !j.fresh() {
		if err := j.read(ctx); err != nil {
			return err
		}
	}
	comments, moved, err := j.notRun(ctx, comments)
	if err != nil || len(comments) == 0 {
		return err
	}
	for i := range comments {
		if err := j.permit(ctx, &comments[i]); err != nil {
			return err
		}
	}
	told, err := j.command(ctx, comments, moved)
	if err != nil {
		return err
	}
	j.order(told)
	return nil
}

// missed adds the comments with commands that GitLab did not deliver, where the issue is looked at because something may have been missed.
// A comment that was edited is not one of them: nobody knows who wrote what in it.
func (j *job) missed(ctx context.Context) error {
	if triage.KindsOf(j.events)&triage.Swept == 0 || j.o.Lookback == 0 {
		return nil
	}
	comments, err := j.o.GitLab.Comments(ctx, j.batch.Issue, j.o.Now().Add(-j.o.Lookback))
	if err != nil {
		return err
	}
	j.called = true
	for _, c := range slices.Backward(comments) {
		if c.Author.ID == j.o.Self.ID || c.Edited || len(j.reader.Read(c.Body)) == 0 {
			continue
		}
		if n := slices.IndexFunc(j.events, func(e triage.Event) bool { return e.Note != nil && e.Note.ID == c.ID }); n >= 0 {
			j.events[n].At = c.CreatedAt // it was delivered after all, with its second only
			continue
		}
		if j.found == nil {
			j.found = map[int64]bool{}
		}
		j.found[c.ID] = true
		j.events = append(j.events, triage.Event{
			Kind: triage.Noted, Actor: c.Author, At: c.CreatedAt, Seen: j.o.Now(),
			Note: &triage.Note{ID: c.ID, Text: c.Body, Internal: c.Internal, Orders: j.onlyCommands(c.Body)},
		})
	}
	return nil
}

// comments are those of the batch that have commands and are not known to have been run.
func (j *job) comments() []engine.Comment {
	var all []engine.Comment
	for _, e := range j.events {
		if e.Note == nil || e.Kind&triage.Noted == 0 || e.Note.Edited || j.memory.HasRun(e.Note.ID) {
			continue
		}
		c := engine.Comment{Event: e, Late: j.found[e.Note.ID]}
		for _, l := range j.reader.Read(e.Note.Text) {
			if line := (engine.Line{Text: l.Text, Mention: l.Mention}); engine.Meant(j.policy, line) {
				c.Lines = append(c.Lines, line)
			}
		}
		if len(c.Lines) > 0 && !has(all, e.Note.ID) {
			all = append(all, c)
		}
	}
	return all
}

func has(comments []engine.Comment, note int64) bool {
	for _, c := range comments {
		if c.Event.Note.ID == note {
			return true
		}
	}
	return false
}

// notRun leaves out the comments that GitLab shows to have been run, where the memory is too young to know. What is left of those may
// have had its effect and no answer yet: moved is what the bot did since.
func (j *job) notRun(ctx context.Context, comments []engine.Comment) (left []engine.Comment, moved []triage.Past, err error) {
	unsure := false
	for _, c := range comments {
		if c.Event.At.After(j.memory.Born.Add(recall)) && j.memory.Recalls(c.Event.Note.ID) {
			left = append(left, c)
			continue
		}
		ran, err := j.answered(ctx, c.Event.Note.ID)
		if err != nil {
			return nil, nil, err
		}
		if ran {
			j.memory.MarkRun(c.Event.Note.ID)
			j.keep = true
			continue
		}
		ended, err := j.ended(ctx, c)
		if err != nil {
			return nil, nil, err
		}
		if ended {
			continue
		}
		unsure = true
		left = append(left, c)
	}
	if unsure && !j.memory.FromBirth {
		if moved, err = j.pastOfOurs(ctx); err == nil {
			// What the bot did since it remembers, it knows of which comment.
			moved = slices.DeleteFunc(moved, func(p triage.Past) bool { return p.At.After(j.memory.Born) })
			left, err = j.dated(ctx, left)
		}
	}
	return left, moved, err
}

// ended reports whether a comment's command was carried out up to its answer: it opened the follow-up and closed the issue, and nobody
// remembers. The answer is made up for.
func (j *job) ended(ctx context.Context, c engine.Comment) (bool, error) {
	opens := slices.ContainsFunc(c.Lines, func(l engine.Line) bool {
		cmd, _, _ := triage.FindCommand(j.policy.Commands, l.Text)
		return cmd != nil && cmd.Opens
	})
	if !opens || !j.issue.Closed {
		return false, nil
	}
	id := c.Event.Note.ID
	_, found, err := j.o.GitLab.FindMarked(ctx, j.batch.Issue.Project, j.o.Self.ID, note.DraftMarker(j.batch.Issue, id), j.issue.CreatedAt)
	if err != nil || !found {
		return false, err
	}
	j.memory.MarkRun(id)
	j.order(engine.Obeyed{Memory: j.memory, Orders: triage.Orders{
		By: c.Event.Actor, At: c.Event.At, Opens: &triage.Draft{}, OpensBy: id,
		Answers: []triage.Reaction{{Note: id, Discussion: c.Event.Note.Discussion, Internal: c.Event.Note.Internal, Emoji: triage.DoneEmoji}},
	}})
	return true, nil
}

// dated gives the comments their exact times: deliveries tell whole seconds, in which the bot may have changed the issue before. A comment
// that is gone is left out.
func (j *job) dated(ctx context.Context, comments []engine.Comment) ([]engine.Comment, error) {
	written, err := j.o.GitLab.Comments(ctx, j.batch.Issue, comments[0].Event.At.Add(-time.Second))
	if err != nil {
		return nil, err
	}
	var there []engine.Comment
	for _, c := range comments {
		n := slices.IndexFunc(written, func(w gitlab.Comment) bool { return w.ID == c.Event.Note.ID })
		if n < 0 {
			continue
		}
		c.Event.At = written[n].CreatedAt
		there = append(there, c)
	}
	return there, nil
}

// answered reports whether the bot has reacted to a comment or replied to it. A comment that is gone counts as answered: it was taken back.
func (j *job) answered(ctx context.Context, id int64) (bool, error) {
	awards, err := j.o.GitLab.Awards(ctx, j.batch.Issue, id)
	if gitlab.ClassOf(err) == gitlab.Gone {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	for _, a := range awards {
		if a.User.ID == j.o.Self.ID && (a.Name == triage.DoneEmoji || a.Name == triage.RefusedEmoji) {
			return true, nil
		}
	}
	return j.replied(ctx, id)
}

// replied reports whether one of the bot's comments answers this one.
func (j *job) replied(ctx context.Context, id int64) (bool, error) {
	if j.notes == nil {
		notes, err := j.o.GitLab.OwnNotes(ctx, j.batch.Issue, j.o.Self.ID)
		if err != nil {
			return false, err
		}
		j.notes = notes
	}
	for _, n := range j.notes {
		if to, ok := note.ReplyTo(n.Body); ok && to == id {
			return true, nil
		}
	}
	return false, nil
}

// pastOfOurs is what the bot did to labels and weight.
func (j *job) pastOfOurs(ctx context.Context) ([]triage.Past, error) {
	past, err := j.o.GitLab.Past(ctx, j.batch.Issue)
	if err != nil {
		return nil, err
	}
	var ours []triage.Past
	for _, p := range past {
		if p.Actor.ID == j.o.Self.ID {
			ours = append(ours, p)
		}
	}
	return ours, nil
}

// permit finds out what the writer of a comment may do, and whether they still may today.
func (j *job) permit(ctx context.Context, c *engine.Comment) error {
	level, err := j.level(ctx, j.batch.Issue.Project, c.Event.Actor.ID)
	if err != nil {
		return err
	}
	c.Level = level
	who, id := strconv.FormatInt(c.Event.Actor.ID, 10), strconv.FormatInt(c.Event.Note.ID, 10)
	for n := range c.Lines {
		counted, err := j.o.Inbox.Count(ctx, inbox.Use{Who: who, ID: id + "/" + strconv.Itoa(n), Limit: engine.CommandLimit, Window: engine.CommandWindow})
		if err != nil {
			return err
		}
		if counted.Allowed {
			continue
		}
		c.Lines[n].Wait = max(counted.Again, time.Second)
		told, err := j.o.Inbox.Count(ctx, inbox.Use{Who: who + "/told", ID: id, Limit: 1, Window: engine.CommandWindow})
		if err != nil {
			return err
		}
		c.Lines[n].Told = !told.Allowed
	}
	return nil
}

// command lets the commands run, looking up what they ask for.
func (j *job) command(ctx context.Context, comments []engine.Comment, moved []triage.Past) (engine.Obeyed, error) {
	facts := engine.Facts{Found: map[string]triage.Found{}, Moved: moved}
	if slices.ContainsFunc(comments, func(c engine.Comment) bool { return c.Late }) {
		past, err := j.o.GitLab.Past(ctx, j.batch.Issue)
		if err != nil {
			return engine.Obeyed{}, err
		}
		facts.Past = slices.DeleteFunc(past, func(p triage.Past) bool { return p.Actor.ID == j.o.Self.ID })
	}
	for range maxAsked {
		told := engine.Obey(j.policy, comments, j.events, j.target(), &j.memory, facts, j.now())
		if told.Needs == 0 && len(told.Find) == 0 {
			return told, nil
		}
		for _, text := range told.Find {
			found, err := j.find(ctx, text)
			if err != nil {
				return told, err
			}
			facts.Found[text] = found
		}
		if told.Needs != 0 {
			if err := j.load(ctx, engine.Decision{Needs: told.Needs, Memory: told.Memory}); err != nil {
				return told, err
			}
		}
	}
	return engine.Obeyed{}, errors.New("the commands keep asking for what was looked up already")
}

// find looks up an issue as people name it.
func (j *job) find(ctx context.Context, text string) (triage.Found, error) {
	issue, err := j.o.GitLab.Resolve(ctx, j.batch.Issue.Project, text)
	if _, unreadable := errors.AsType[*gitlab.BadReference](err); unreadable {
		return triage.Found{Wrong: "that does not name an issue; write `#12`, `group/project#12` or its address"}, nil
	}
	if gitlab.ClassOf(err) == gitlab.Gone {
		return triage.Found{Wrong: "there is no such issue that the bot can see"}, nil
	}
	return triage.Found{Ref: issue.Ref}, err
}

// order takes over what the commands want.
func (j *job) order(told engine.Obeyed) {
	if len(told.Orders.Answers) == 0 {
		return
	}
	j.keep = true
	if j.orders == nil {
		j.told = j.memory
		j.orders = &told.Orders
	} else {
		j.orders.Answers = append(j.orders.Answers, told.Orders.Answers...)
		j.orders.Links = append(j.orders.Links, told.Orders.Links...)
		if told.Orders.Opens != nil {
			j.orders.Opens, j.orders.OpensBy = told.Orders.Opens, told.Orders.OpensBy
		}
	}
	for _, w := range told.Why {
		j.asked = append(j.asked, asked{j.orders.Answers[len(j.orders.Answers)-len(told.Orders.Answers)+w.Answer].Note, w.Rule})
	}
	j.memory = told.Memory
	j.wanted = append(j.wanted, told.Actions...)
	j.events = append(j.events, told.Events...)
	j.results = append(j.results, told.Results...)
	if told.Look {
		j.look = true
		j.events = append(j.events, triage.Event{Kind: triage.Swept, At: j.o.Now(), Seen: j.o.Now()})
	}
	for _, r := range told.Results {
		j.metrics.commands.WithLabelValues(r.Command, outcome(r)).Inc()
	}
}

func outcome(r engine.Result) string {
	if r.Refused {
		return "refused"
	}
	return "done"
}

// resume takes up orders that an earlier attempt wrote down and may have carried out in part. What was done of them since, or set otherwise
// by a person, is not done again.
func (j *job) resume(ctx context.Context) error {
	j.orders, j.resumed, j.keep = j.memory.Orders, true, true
	j.told = j.memory
	if e := j.orders.Edit; !e.Empty() {
		past, err := j.o.GitLab.Past(ctx, j.batch.Issue)
		if err != nil {
			return err
		}
		e = e.Left(past, j.orders.Base)
		j.wanted = e.Actions()
		of := triage.Event{At: j.orders.At, Seen: j.o.Now()}
		j.events = append(j.events, e.Event(j.orders.By, j.issue, of))
	}
	j.o.Log.Info("taking up what an earlier attempt began", zap.Stringer("issue", j.batch.Issue))
	return nil
}

// target is the issue as GitLab shows it with what commands want of it.
func (j *job) target() triage.Issue {
	issue := j.issue
	for _, a := range j.wanted {
		issue = a.Apply(issue)
	}
	return issue
}
