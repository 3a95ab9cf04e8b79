package demo

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

// Own is a configuration of one's own. The story is then made of its states, needs, moves and policies.
type Own struct {
	Name     string // of the file
	Policy   engine.Policy
	Policies []policy.Rule // as the files have them
	Watching string        // why no rule of it writes; empty if some do
}

// tour is the story of a configuration.
type tour struct {
	Own
	team *triage.Team
}

// playTour tells what the team's own board and policies do.
func (s *stage) playTour(ctx context.Context, own Own) error {
	t := tour{own, own.Policy.Team}
	fmt.Fprintf(s.out, "The rules are those of %s, and so are the words.\n", own.Name)
	if own.Watching != "" {
		fmt.Fprintf(s.out, "No rule writes (shadow): %s. Commands are carried out. The story is not told; an issue waits for you.\n", own.Watching)
		return s.openIssue("ann", t.opening("Try your own rules here"))
	}
	story := []act{{scenes: t.board(), ending: t.endBoard}}
	if aged, ok := t.agedScene(); ok {
		story = append(story, act{title: "Second act: time passes", scenes: []scene{aged}, ending: (*stage).endTime})
	}
	return s.playActs(ctx, story)
}

// opening is a new issue that the team's rules look at.
func (t tour) opening(title string) sandbox.IssueOptions {
	o := sandbox.IssueOptions{Title: title}
	if t.team.LabelledOnly {
		o.Labels = []string{t.team.GroupLabel}
	}
	return o
}

// acts reports whether the configuration lets a built-in rule act.
func (t tour) acts(rule string) bool {
	return slices.ContainsFunc(t.Policy.Settings, func(s engine.Setting) bool { return s.ID == rule && s.Mode == triage.Act })
}

// command is a line for the bot.
func (t tour) command(text string) string { return "/" + t.team.CommandPrefix() + " " + text }

// isIn reports whether the issue is in the state, and in no other.
func (t tour) isIn(v view, state string) bool {
	return slices.Equal(statesOf(t.team, v.Issue), []string{state})
}

// board is an issue that walks along the team's board.
func (t tour) board() []scene {
	w := t.team.Workflow
	scenes := t.begin()
	if refused, ok := t.refusal(); ok {
		scenes = append(scenes, refused)
	}
	from := w.State(w.Start)
	given := map[triage.Requirement]bool{}
	for _, to := range w.Path[max(w.Rank(w.Start), 0)+1:] {
		if to.Is == triage.SecurityRelease { // only security issues wait for one
			continue
		}
		if !w.MayMove(from.Name, to.Name) {
			break
		}
		scenes = append(scenes, t.supply(from.Name, to, given)...)
		scenes = append(scenes, commentStep("omar", t.command("next"), func(v view) bool { return v.isDone() && t.isIn(v, to.Name) }))
		from = to
	}
	if t.team.KeepsStatus() && from.Is == triage.Done { // with such a status GitLab closes the issue
		return scenes
	}
	return append(scenes, scene{
		who: "mia", does: "closes it",
		do: func(_ context.Context, s *stage) error {
			s.told.closed = true // not by the bot
			return s.gitlab.Edit("mia", s.ref, sandbox.Change{Close: true})
		},
		until: func(v view) bool {
			return v.State == "closed" && len(v.handled) > 0 && strings.Contains(strings.Join(v.handled[0].Events, " "), "closed")
		},
	})
}

// begin opens the issue and puts it at the beginning of the board, if no rule does.
func (t tour) begin() []scene {
	const title = "Tickets are printed twice"
	start := t.team.Workflow.Start
	opened := scene{
		who: "ann", does: fmt.Sprintf("opens %q", title),
		do:    func(_ context.Context, s *stage) error { return s.openIssue("ann", t.opening(title)) },
		until: func(v view) bool { return len(v.handled) > 0 },
	}
	if t.acts("workflow-intake") || t.team.KeepsStatus() { // GitLab gives a new issue its status
		opened.until = func(v view) bool { return t.isIn(v, start) }
		return []scene{opened}
	}
	label := t.team.State(start)
	return []scene{opened, {
		who: "pat", does: "adds " + triage.Quoted(label),
		do: func(_ context.Context, s *stage) error {
			return s.gitlab.Edit("pat", s.ref, sandbox.Change{AddLabels: []string{label}})
		},
		until: func(v view) bool { return t.isIn(v, start) && len(v.handled) > 1 },
	}}
}

// refusal is a command that cannot be carried out: a move that the team does not make, or else a state misspelt.
func (t tour) refusal() (scene, bool) {
	w := t.team.Workflow
	for _, s := range w.States() {
		if !w.MayMove(w.Start, s.Name) {
			return commentStep("omar", t.command("to "+s.Name), func(v view) bool {
				return v.isRefused(append(w.After(w.Start), s.Name)...) && t.isIn(v, w.Start)
			}), true
		}
	}
	for _, s := range w.Path[1:] {
		letters := []rune(s.Name)
		if len(letters) < 4 {
			continue
		}
		wrong := string(letters[:len(letters)-2]) + string(letters[len(letters)-1]) + string(letters[len(letters)-2])
		if _, known := w.Find(wrong); !known {
			return commentStep("omar", t.command("to "+wrong), func(v view) bool { return v.isRefused("did you mean", s.Name) && t.isIn(v, w.Start) }), true
		}
	}
	return scene{}, false
}

// supply lets people give the issue what a state needs and it was not given before, after the bot has said what that is.
func (t tour) supply(from string, to triage.State, before map[triage.Requirement]bool) []scene {
	var given []scene
	for _, need := range to.Needs {
		if !before[need] {
			given = append(given, t.give(need)...)
		}
		before[need] = true
	}
	if len(given) == 0 {
		return nil
	}
	refused := commentStep("omar", t.command("next"), func(v view) bool { return v.isRefused(to.Name) && t.isIn(v, from) })
	return append([]scene{refused}, given...)
}

// give is somebody who supplies what a state needs, nil for what an issue like this one does not need.
func (t tour) give(need triage.Requirement) []scene {
	edit := func(who, does string, c sandbox.Change, until func(view) bool) []scene {
		return []scene{{who: who, does: does, until: until, do: func(_ context.Context, s *stage) error { return s.gitlab.Edit(who, s.ref, c) }}}
	}
	add := func(label string) []scene {
		return edit("pat", "adds "+triage.Quoted(label), sandbox.Change{AddLabels: []string{label}}, func(v view) bool { return v.Has(label) })
	}
	switch need {
	case triage.RequireAssignee:
		return edit("mia", "assigns omar", sandbox.Change{Assignees: &[]string{"omar"}}, func(v view) bool { return len(v.Assignees) > 0 })
	case triage.RequireWeight:
		return []scene{commentStep("omar", t.command("weight 2"), func(v view) bool { return v.hasReaction(triage.DoneEmoji) })}
	case triage.RequireMilestone:
		const title = "Next"
		return []scene{{
			who: "pat", does: "plans it for %" + title, until: func(v view) bool { return v.Milestone == title },
			do: func(_ context.Context, s *stage) error {
				if _, err := s.gitlab.AddMilestone(s.project, title); err != nil {
					return err
				}
				next := title
				return s.gitlab.Edit("pat", s.ref, sandbox.Change{Milestone: &next})
			},
		}}
	case triage.RequireType:
		return add(triage.Scoped(t.team.Label(triage.TypeScope), "bug"))
	case triage.RequireAgreement:
		return nil // only features wait for one
	}
	return add(need.Label())
}

// endBoard looks at the issue once more: each comment has one answer, and the bot has one comment of its own at most.
func (t tour) endBoard(s *stage) error {
	for _, a := range s.asked {
		if reactions, replies := answers(s.gitlab.Issue(a.on), a.note); len(reactions) != 1 || len(replies) > 1 {
			return fmt.Errorf("comment %d should be answered once, it has the reactions %v and %d replies", a.note, reactions, len(replies))
		}
	}
	issue := s.gitlab.Issue(s.ref)
	if n := len(ownNotes(issue)); n > 1 {
		return fmt.Errorf("the bot should have one comment of its own on the issue, it has %d", n)
	}
	states := statesOf(t.team, issue)
	if len(states) != 1 {
		return fmt.Errorf("the issue should be in one state, it is in %q", states)
	}
	state := strconv.Quote(states[0])
	if !t.team.KeepsStatus() {
		state = triage.Quoted(t.team.State(states[0]))
	}
	fmt.Fprintf(s.out, "\n%d comments with commands: each answered once. The issue is in one state, %s.\n", len(s.asked), state)
	return nil
}
