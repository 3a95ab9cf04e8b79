package faults_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// story is what people do to an issue. Its end does not depend on who is quicker: a step that answers the bot waits for the bot.
type story struct {
	name  string
	open  sandbox.IssueOptions
	steps []step
}

// step is one thing that somebody does, or waits for.
type step func(context.Context, *play) error

// play is a story on one issue. Each has a person of its own, because the commands of one person are limited.
type play struct {
	story
	lab      *sandbox.Server
	gate     *sync.RWMutex // held while somebody acts; who holds it alone has all people wait
	project  int64
	statuses bool // the team keeps its states in them, too
	who      string
	ref      triage.Ref
	comments []int64 // those with commands
	requests []triage.Ref
}

// patience is how long a step may wait: until the trouble is over, in which no sweep may come to its end, and for the sweep after it.
const patience = 4 * time.Minute

// run plays the story to its end.
func (p *play) run(ctx context.Context) error {
	if _, err := p.lab.AddUser(p.who, p.who, sandbox.Developer); err != nil {
		return err
	}
	err := p.act(func() (err error) {
		options := p.open
		options.Title = p.name + " " + p.who
		p.ref, err = p.lab.Open("ann", p.project, options)
		return err
	})
	if err != nil {
		return err
	}
	for n, s := range p.steps {
		ctx, cancel := context.WithTimeout(ctx, patience)
		err := s(ctx, p)
		cancel()
		if err != nil {
			return fmt.Errorf("%s, step %d of %s: %w\n%s", p.ref, n+1, p.name, err, p.history())
		}
	}
	return nil
}

func (p *play) act(do func() error) error {
	p.gate.RLock()
	defer p.gate.RUnlock()
	return do()
}

// edit changes the issue.
func edit(c sandbox.Change) step {
	return func(_ context.Context, p *play) error {
		return p.act(func() error { return p.lab.Edit(p.who, p.ref, c) })
	}
}

// say writes a comment with commands and waits until it is answered. %s stands for the person's name, which no other issue has.
func say(text string) step {
	return func(ctx context.Context, p *play) error {
		err := p.act(func() error {
			id, err := p.lab.Comment(p.who, p.ref, strings.ReplaceAll(text, "%s", p.who))
			p.comments = append(p.comments, id)
			return err
		})
		if err != nil {
			return err
		}
		return p.lab.Await(ctx, func() bool {
			reactions, replies := answers(p.lab.Issue(p.ref), p.comments[len(p.comments)-1])
			return len(reactions)+replies > 0
		})
	}
}

// label waits until the issue has a label.
func label(name string) step {
	return func(ctx context.Context, p *play) error {
		if err := p.lab.Await(ctx, func() bool { return p.lab.Issue(p.ref).Has(name) }); err != nil {
			return fmt.Errorf("waiting for ~%q: %w", name, err)
		}
		return nil
	}
}

// weighs waits until the issue has a weight.
func weighs(n int) step {
	return func(ctx context.Context, p *play) error {
		err := p.lab.Await(ctx, func() bool { w := p.lab.Issue(p.ref).Weight; return w != nil && *w == n })
		if err != nil {
			return fmt.Errorf("waiting for weight %d: %w", n, err)
		}
		return nil
	}
}

// noted waits until a note of the bot has a word.
func noted(word string) step {
	return func(ctx context.Context, p *play) error {
		err := p.lab.Await(ctx, func() bool {
			return slices.ContainsFunc(p.lab.Issue(p.ref).CommentsBy(botName), func(n sandbox.Note) bool { return strings.Contains(n.Text, word) })
		})
		if err != nil {
			return fmt.Errorf("waiting for a note about %s: %w", word, err)
		}
		return nil
	}
}

// answers is how the bot answered a comment: its reactions, and how many replies it gave in the thread.
func answers(i sandbox.Issue, comment int64) (reactions []string, replies int) {
	thread := ""
	for _, n := range i.Comments() {
		if n.ID != comment {
			continue
		}
		thread = n.Discussion
		for _, a := range n.Awards {
			if a.User == botName {
				reactions = append(reactions, a.Name)
			}
		}
	}
	for _, n := range i.CommentsBy(botName) {
		if n.Discussion == thread {
			replies++
		}
	}
	return reactions, replies
}

// ours are labels of an issue that has the team's already: what the bot adds then is no matter of who is quicker.
func ours(labels ...string) []string {
	return append(labels, "backend", "devops::create", "Category:Source Code Management", "group::source code")
}

// stories are the kinds of issues. Each lets something be done that must not be done twice, or that people took back.
func stories() []story {
	urgent := ours("security", "type::bug", "severity::1", "priority::1", "workflow::start")
	typed := ours("type::maintenance", "workflow::start")
	return append(mergeStories(), []story{
		{
			name: "a security issue is weighed", open: sandbox.IssueOptions{Labels: urgent, Assignees: []string{"ann"}},
			steps: []step{
				edit(sandbox.Change{Weight: triage.Int(2)}), weighs(3),
				edit(sandbox.Change{RemoveLabels: []string{"security"}}),
				edit(sandbox.Change{AddLabels: []string{"security"}}),
			},
		},
		{
			name: "an issue is weighed by command", open: sandbox.IssueOptions{Labels: urgent, Assignees: []string{"ann"}},
			steps: []step{say("/flow weight 2\n\n/flow next"), say("/flow next"), weighs(3)},
		},
		{
			name: "an issue walks the path", open: sandbox.IssueOptions{Labels: typed},
			steps: []step{say("/flow next"), say("/flow next"), say("/flow to planning breakdown"), say("/flow weight 2"), say("/flow back")},
		},
		{
			name: "a person takes the bot's label away", open: sandbox.IssueOptions{Labels: typed},
			steps: []step{
				edit(sandbox.Change{AddLabels: []string{"workflow::design"}}), label("UX"),
				edit(sandbox.Change{RemoveLabels: []string{"UX"}}),
				edit(sandbox.Change{Description: new("after all there is nothing to design")}),
				edit(sandbox.Change{AddLabels: []string{"workflow::ready for design"}}),
			},
		},
		{
			name: "a spike ends", open: sandbox.IssueOptions{Labels: ours("spike", "type::maintenance", "workflow::in dev"), Weight: triage.Int(2)},
			steps: []step{say("/flow back\n\n/flow spike done weight=3 What %s found")},
		},
		{
			name: "an issue is reviewed", open: sandbox.IssueOptions{Labels: ours("type::feature", "workflow::needs issue review"), Weight: triage.Int(2)},
			steps: []step{say("/flow agree"), say("/flow next"), say("/flow to nowhere"), say("/flow why")},
		},
		{
			name: "an issue is closed in development", open: sandbox.IssueOptions{Labels: ours("type::bug", "severity::3", "priority::3", "workflow::in dev")},
			steps: []step{edit(sandbox.Change{Close: true}), label("workflow::complete")},
		},
		{
			name: "an issue is edited in a burst", open: sandbox.IssueOptions{Labels: []string{"workflow::start"}},
			steps: []step{
				edit(sandbox.Change{AddLabels: []string{"type::maintenance"}}), edit(sandbox.Change{Weight: triage.Int(4)}),
				edit(sandbox.Change{Title: new("burst")}), edit(sandbox.Change{AddLabels: []string{"workflow::design"}}), label("needs research"), label("UX"),
				edit(sandbox.Change{Weight: triage.Int(2)}), edit(sandbox.Change{AddLabels: []string{"workflow::refinement"}}),
			},
		},
	}...)
}

// outcome is the state that a story ends in, without what differs from issue to issue.
type outcome struct {
	Labels    []string
	Weight    int // -1 is none
	State     string
	Status    string // "" where the team keeps its states in labels alone
	Words     int    // comments that policies made
	Links     []string
	FollowUps []outcome
	Answers   []answer // one a comment with commands
	Requests  []request
}

// answer is how the bot answered a comment.
type answer struct {
	Reactions []string
	Replies   int
}

// ended is how the play ended. All are the project's issues.
func (p *play) ended(all []sandbox.Issue) outcome {
	i := p.lab.Issue(p.ref)
	o := p.stateOf(i)
	o.Requests = p.requestsOf()
	for _, other := range all {
		if strings.HasSuffix(other.Title, "What "+p.who+" found") {
			o.FollowUps = append(o.FollowUps, p.stateOf(other))
		}
	}
	for _, id := range p.comments {
		reactions, replies := answers(i, id)
		o.Answers = append(o.Answers, answer{reactions, replies})
	}
	return o
}

func (p *play) stateOf(i sandbox.Issue) outcome {
	o := outcome{Labels: slices.Sorted(slices.Values(i.Labels)), Weight: -1, State: i.State, Words: words(i)}
	if p.statuses {
		o.Status = i.Status
	}
	if i.Weight != nil {
		o.Weight = *i.Weight
	}
	for _, l := range i.Links {
		o.Links = append(o.Links, l.Kind)
	}
	return o
}

// stickies counts the bot's sticky notes.
func (p *play) stickies() int {
	count := 0
	for _, n := range p.lab.Issue(p.ref).CommentsBy(botName) {
		if strings.Contains(n.Text, "<!-- flowkeeper:v1 ") {
			count++
		}
	}
	return count
}
