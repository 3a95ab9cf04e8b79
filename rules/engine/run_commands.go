package engine

import (
	"slices"
	"time"

	"flowkeeper/rules/triage"
)

// CommandLimit is how many commands a person may write within CommandWindow.
const (
	CommandLimit  = 60
	CommandWindow = time.Hour
)

// commandRun runs the commands of a case.
type commandRun struct {
	policy  Policy
	facts   Facts
	events  []triage.Event
	now     time.Time
	known   triage.Context // before the first command
	issue   triage.Issue   // as the commands want it so far
	memory  triage.Memory
	pending Pending
	needs   Needs // if there are any, nothing is decided
}

// runCommands runs the commands of the case's comments, in order, each on what the ones before it made of the issue. One that is refused
// leaves nothing behind but its reply.
func runCommands(p Policy, c Case) commandRun {
	r := commandRun{policy: p, facts: c.Facts, now: c.Now, known: c.Memory.Context, memory: c.Memory.Clone(), pending: c.Pending.clone()}
	r.issue = r.pending.Target(c.Issue)
	for _, l := range r.pending.Intent.Links {
		r.link(triage.Link{Kind: l.Kind, Ref: l.To, Created: r.pending.Intent.At})
	}
	r.linkPending()
	if len(c.Comments) == 0 {
		return r // most cases have none, and this stays off the heap
	}
	return r.afterComments(c)
}

// afterComments is the run when the comments have been gone through.
func (r commandRun) afterComments(c Case) commandRun {
	if c.RunOn != nil {
		r.issue = r.pending.Target(*c.RunOn)
	}
	r.events = slices.Concat(c.Events, c.Pending.Events)
	known := r.memory.StateEntry
	updateStateEntry(new(r.input(slices.SortedStableFunc(slices.Values(r.events), byTime))))
	for _, comment := range c.Comments {
		r.comment(comment)
	}
	r.memory.StateEntry = known // the rules that follow find out what moved, from the events
	r.issue = r.pending.Target(c.Issue)
	return r
}

func (r *commandRun) input(events []triage.Event) triage.Input {
	return triage.NewInput(r.policy.Team, events, r.issue, &r.memory, r.now)
}

// comment runs the lines of one comment and adds its answer.
func (r *commandRun) comment(c Comment) {
	before, intent := r.issue, &r.pending.Intent
	answer := triage.Reaction{Note: c.Event.Note.ID, Discussion: c.Event.Note.Discussion, Internal: c.Event.Note.Internal}
	var parts replies
	spoke := false
	for _, line := range c.Lines {
		h, meant := parseLine(r.policy, line)
		if !meant {
			continue
		}
		spoke = true
		call := r.policy.call(c, h.args)
		out := r.run(c, line, h, call)
		if out.FindIssue != "" {
			r.needs.FindIssues = append(r.needs.FindIssues, out.FindIssue)
		}
		r.needs.LookUp |= out.LookUp
		r.needs.Facts |= out.Needs
		if out.Explain != nil {
			r.pending.Questions = append(r.pending.Questions, Question{Note: answer.Note, Rule: *out.Explain})
		}
		if h.command == nil || !h.command.Answers {
			answer.Emoji = triage.DoneEmoji
		}
		parts.add(line, out, len(c.Lines) > 1, r.policy.Team)
		r.pending.Results = append(r.pending.Results, Result{
			By: c.Event.Actor.Username, Command: h.name(), Reason: out.Reason, Refused: out.Refused, Reports: out.Report != nil,
		})
		if !out.Refused {
			r.applyOutcome(c, call, out)
		}
	}
	if !spoke {
		return // talk, not commands
	}
	if parts.refused {
		answer.Emoji = triage.RefusedEmoji
	}
	answer.Reply = parts.reply()
	intent.Answers = append(intent.Answers, answer)
	r.memory.MarkExecuted(answer.Note)
	if intent.By == (triage.Person{}) {
		intent.By, intent.At = c.Event.Actor, c.Event.At
	}
	if edit := triage.Difference(before, r.issue); !edit.Empty() {
		r.pending.Events = append(r.pending.Events, edit.AsEvent(c.Event.Actor, before, c.Event))
	}
}

// applyOutcome applies what a command wants to the copies of issue and memory.
func (r *commandRun) applyOutcome(c Comment, call triage.Call, out triage.Outcome) {
	before, intent := r.issue, &r.pending.Intent
	for _, change := range out.Changes {
		change.Apply(&r.memory, call)
	}
	for _, a := range out.Actions {
		a = r.policy.Team.Exclusive(a, r.issue)
		if r.alreadyMoved(a, call.At) {
			continue
		}
		r.pending.WantedActions = append(r.pending.WantedActions, WantedAction{a, call.Note})
		r.issue = a.Apply(r.issue)
		clearBotChange(&r.memory, a)
	}
	// The state begins with the comment, however late it is read: who agrees right behind it agrees in this state.
	in := r.input([]triage.Event{triage.Difference(before, r.issue).AsEvent(c.Event.Actor, before, c.Event)})
	if updateStateEntry(&in) && in.Is(triage.Review) && !r.facts.AgreementsCounted {
		r.memory.Context.Known &^= triage.NeedAgreements // a new review is agreed anew
	}
	if out.RecheckAll && !r.pending.RecheckAll {
		r.pending.RecheckAll = true
		// It was received with the comment: what is loaded for this decision is not outdated by it when the commands run again.
		r.pending.Events = append(r.pending.Events, triage.Event{Kind: triage.Swept, At: r.now, ReceivedAt: c.Event.ReceivedAt})
	}
	for _, l := range out.Links {
		l.Note = call.Note
		intent.Links = append(intent.Links, l)
		r.link(triage.Link{Kind: l.Kind, Ref: l.To, Created: r.now})
		r.memory.Context.LoadedAt = r.now
	}
	if out.Report != nil {
		edit := *out.Report
		edit.Note = call.Note
		intent.Reports = append(intent.Reports, edit)
		if report := r.facts.Report; report != nil {
			edited := *report
			edited.State = edited.State.Edited(edit)
			r.facts.Report = &edited
		}
	}
	if out.Promotes {
		intent.Promotes = call.Note
	}
	if out.Opens != nil {
		intent.Opens, intent.OpensBy = out.Opens, call.Note
	}
	if out.Opens != nil && out.Opens.IsFollowUp() {
		r.link(triage.Link{Kind: triage.RelatesTo, Created: r.now, Labels: out.Opens.Labels})
		r.memory.Context.Known |= triage.NeedLinks
		r.memory.Context.LoadedAt = r.now
	}
}

// surroundings are those of a memory without the links that commands want.
func (r *commandRun) surroundings(m *triage.Memory) triage.Context {
	around := m.Context.Clone()
	around.Links = r.known.Links
	if r.known.Known&triage.NeedLinks == 0 {
		around.Known &^= triage.NeedLinks
	}
	return around
}

// linkPending adds the link to a follow-up that an earlier attempt wanted, unless it is there: rules must not ask for what is about to be opened.
func (r *commandRun) linkPending() {
	intent := &r.pending.Intent
	if intent.Opens == nil || !intent.Opens.IsFollowUp() {
		return
	}
	opened := func(l triage.Link) bool { return l.Kind == triage.RelatesTo && !l.Created.Before(intent.At) }
	if !slices.ContainsFunc(r.memory.Context.Links, opened) {
		r.link(triage.Link{Kind: triage.RelatesTo, Created: r.now, Labels: intent.Opens.Labels})
	}
}

// link adds a link that commands want to those that are known, once.
func (r *commandRun) link(l triage.Link) {
	around := &r.memory.Context
	if !slices.ContainsFunc(around.Links, func(known triage.Link) bool { return known.Kind == l.Kind && known.Ref == l.Ref }) {
		around.Links = append(slices.Clip(around.Links), l)
	}
}

// clearBotChange forgets that the bot set a state, or that a person undid it: a person has now decided about it.
func clearBotChange(m *triage.Memory, a triage.Action) {
	delete(m.BotChanges, a.Key())
	delete(m.Undone, a.Key())
	if s, ok := a.(triage.SetWeight); ok && s.Side != "" {
		delete(m.BotChanges, triage.AddLabel{Label: triage.LabelOf(s)}.Key())
	}
}
