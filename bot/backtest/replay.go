package backtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

const (
	maxWakes   = 200 // of one issue: how often the rules may ask to look again
	maxLookups = 20  // of one decision
)

// act is something that the bot would have done.
type act struct {
	rule     string
	at       time.Time
	state    string        // of the issue when that was decided
	action   triage.Action // nil for a reminder
	words    string        // "add ~UX", or the title of the reminder
	key      string        // of the reminder's item
	replaced string        // the label that gave way
	endedAt  time.Time     // when the reminder was over; zero if it never was
	closing  bool          // it was over because the issue was closed
	mentions []string      // usernames
	comment  bool          // of a policy, beside the note
}

// outcome is what the bot would have done on one issue.
type outcome struct {
	acts   []act
	noteAt time.Time // when its note would have been written; zero is never
	// contradiction says that the rules want two things that exclude each other; nothing is known from there on.
	contradiction error
}

// replay plays an issue's history to the rules on a clock that follows it. What they want is done to the replayed issue, and what people really
// did comes on top.
type replay struct {
	policy     engine.Policy
	source     facts
	milestones *milestones
	past       history
	now        triage.Issue // as it is today
	end        time.Time

	issue  triage.Issue
	memory triage.Memory
	wake   time.Time
	out    outcome
	open   map[string]int // reminders on the note, by key: where they are in out.acts
}

// facts are what rules may ask for beside the history.
type facts interface {
	links(ctx context.Context) ([]triage.Link, error)
	// discussion is who agreed until then, and the last comment of a person.
	discussion(ctx context.Context, since, until time.Time) (map[string]triage.Agreement, time.Time, error)
}

// run plays all of it.
func (r *replay) run(ctx context.Context) (outcome, error) {
	r.issue, r.open = r.past.opened, map[string]int{}
	at := r.issue.CreatedAt
	r.memory = triage.Memory{FirstSeen: at, SeenFromCreation: true}
	first := triage.Event{Kind: triage.Opened, Actor: r.issue.Author, At: at, ReceivedAt: at}
	if err := r.decide(ctx, []triage.Event{first}, at.Add(r.policy.Settle)); err != nil {
		return r.out, err
	}
	left := r.past.changes
	for wakes := 0; r.out.contradiction == nil; {
		next := r.end
		if len(left) > 0 {
			next = left[0].at
		}
		if !r.wake.IsZero() && !r.wake.After(next) && wakes < maxWakes {
			wakes++
			at := r.wake
			r.wake = time.Time{}
			if err := r.decide(ctx, []triage.Event{{Kind: triage.Woken, At: at, ReceivedAt: at}}, at); err != nil {
				return r.out, err
			}
			continue
		}
		if len(left) == 0 {
			break
		}
		var events []triage.Event
		events, left = r.burst(left)
		if err := r.decide(ctx, events, events[len(events)-1].At.Add(r.policy.Settle)); err != nil {
			return r.out, err
		}
	}
	return r.out, nil
}

// burst takes the changes that the bot would have looked at together, and makes them.
func (r *replay) burst(left []change) (events []triage.Event, rest []change) {
	began := left[0].at
	for len(left) > 0 && left[0].at.Sub(began) <= r.policy.Settle {
		events = append(events, left[0].event(r.issue))
		r.issue = left[0].apply(r.issue)
		left = left[1:]
	}
	if r.issue.Closed && len(left) == 0 {
		r.issue.Moved, r.issue.Duplicated, r.issue.Status = r.now.Moved, r.now.Duplicated, r.now.Status
	}
	return events, left
}

// decide has the rules decide, and does what they want.
func (r *replay) decide(ctx context.Context, events []triage.Event, now time.Time) error {
	c := engine.Case{Issue: r.issue, Memory: r.memory, Events: events, Now: now}
	for range maxLookups {
		d, needs, err := engine.Decide(r.policy, c)
		if err != nil {
			r.out.contradiction = err
			return nil
		}
		if needs.Empty() {
			r.take(d, now)
			r.issue, err = r.milestones.settle(ctx, r.issue)
			return err
		}
		if c.Memory.Context, err = r.lookUp(ctx, d, needs, now); err != nil {
			return err
		}
		c.Facts.AgreementsCounted = c.Facts.AgreementsCounted || needs.Facts&triage.NeedAgreements != 0
	}
	return errors.New("the rules need to know the same again and again")
}

// lookUp is the surroundings with what a decision needs of them. Who wrote the issue counts as a member.
func (r *replay) lookUp(ctx context.Context, d engine.Decision, needs engine.Needs, now time.Time) (triage.Context, error) {
	around := needs.Known
	if needs.Facts&triage.NeedLinks != 0 {
		links, err := r.source.links(ctx)
		if err != nil {
			return around, err
		}
		around.Links = slices.DeleteFunc(slices.Clone(links), func(l triage.Link) bool { return l.Created.After(now) })
	}
	if needs.Facts&(triage.NeedAgreements|triage.NeedComments) != 0 {
		agreed, last, err := r.source.discussion(ctx, d.Memory.StateEntry.RelevantFrom(), now)
		if err != nil {
			return around, err
		}
		if needs.Facts&triage.NeedAgreements != 0 {
			around.Agreements = agreed
		}
		around.LastComment = last
		around.Known |= triage.NeedComments
	}
	if needs.Facts&triage.NeedAccessLevels != 0 {
		around.AccessLevels = map[string]int{}
		for name := range around.Agreements {
			around.AccessLevels[name] = triage.Developer
		}
	}
	if needs.Facts&triage.NeedMilestone != 0 {
		facts, err := r.milestones.facts(ctx, r.issue.Milestone, now)
		if err != nil {
			return around, err
		}
		around.Milestone = facts
	}
	around.AuthorLevel = triage.Developer
	around.Known |= needs.Facts
	around.LoadedAt = now
	return around, nil
}

// take records what a decision does and does it.
func (r *replay) take(d engine.Decision, now time.Time) {
	issue, state := r.issue, r.state()
	for _, p := range d.Plan {
		done := act{rule: p.Rule, at: now, state: state, action: p.Action, words: p.Action.String()}
		if weighing, ok := p.Action.(interface{ Weighs() triage.SetWeight }); ok {
			done.action = weighing.Weighs()
		}
		if add, ok := p.Action.(triage.AddLabel); ok {
			done.replaced = add.Replaces(issue)
		}
		r.out.acts = append(r.out.acts, done)
		issue = p.Action.Apply(issue)
	}
	r.issue, r.memory, r.wake = d.Result, d.Memory, d.WakeAt
	for _, c := range d.Comments {
		r.say(c, state, now)
	}
	if !r.wake.IsZero() && !r.wake.After(now) {
		r.wake = now.Add(time.Second)
	}
	if d.UpdateNote {
		r.show(d.Note, state, now)
	}
	if r.issue.Closed {
		r.endReminders(now, nil)
	}
}

// say records a comment that a policy makes beside the note.
func (r *replay) say(c engine.OwnComment, state string, now time.Time) {
	spell := r.memory.Spells[c.Rule]
	spell.Said = 1 // its id counts for nothing here
	r.memory.Spells[c.Rule] = spell
	r.out.acts = append(r.out.acts, act{rule: c.Rule, at: now, state: state, words: "comment: " + firstWords(c.Text), comment: true, mentions: c.Mentions})
}

// show brings the reminders in line with the note. State is the one in which that was decided.
func (r *replay) show(note engine.Note, state string, now time.Time) {
	if r.out.noteAt.IsZero() && !note.Empty() {
		r.out.noteAt = now
	}
	asked := map[string]bool{}
	for _, i := range note.Items {
		if i.Met {
			continue
		}
		asked[i.Key] = true
		n, known := r.open[i.Key]
		if !known {
			n = len(r.out.acts)
			r.open[i.Key] = n
			r.out.acts = append(r.out.acts, act{rule: ruleOf(i.Key), at: now, state: state, words: itemWords(i), key: i.Key})
		}
		if i.Mention {
			r.out.acts[n].mentions = slices.Concat(r.out.acts[n].mentions, r.policy.Team.People(i.Asks...), i.People)
		}
	}
	r.endReminders(now, asked)
}

// endReminders ends all but those that are still asked for.
func (r *replay) endReminders(now time.Time, asked map[string]bool) {
	for key, n := range r.open {
		if !asked[key] {
			r.out.acts[n].endedAt, r.out.acts[n].closing = now, r.issue.Closed
			delete(r.open, key)
		}
	}
}

// ruleOf is the rule of a note's item. The id of a policy has a slash.
func ruleOf(key string) string {
	name, isPolicy := strings.CutPrefix(key, policy.Prefix)
	rule, _, _ := strings.Cut(name, "/")
	if isPolicy {
		return policy.Prefix + rule
	}
	return rule
}

// itemWords are the title of a note's item, or what a policy says there.
func itemWords(i engine.NoteItem) string {
	if i.Title == "" {
		return firstWords(i.Say)
	}
	return i.Title
}

// firstWords is the beginning of a text, on one line.
func firstWords(text triage.Prose) string {
	const most = 80
	line := []rune(strings.Join(strings.Fields(text.Plain()), " "))
	if len(line) > most {
		return string(line[:most-1]) + "…"
	}
	return string(line)
}

// state is the state of the issue, in which what a rule wants is counted once.
func (r *replay) state() string {
	for _, l := range r.issue.Labels {
		if name, ok := r.policy.Team.StateOf(l); ok {
			return fmt.Sprint(name, r.issue.Closed)
		}
	}
	return fmt.Sprint(r.issue.Closed)
}
