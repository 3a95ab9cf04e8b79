package engine

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"flowkeeper/rules/triage"
)

// Comment is what somebody wrote with commands in it.
type Comment struct {
	Event triage.Event // with its Note
	Lines []Line
	Late  bool // it was looked for and found, after whatever happened since
	Level int  // the writer's access level in the project, 0 for none
}

// Line is one line of a comment that is meant for the bot.
type Line struct {
	Text    string        // behind the prefix: "weight 3"
	Mention bool          // addressed by the bot's name, as conversation may be
	Wait    time.Duration // the writer has used up their commands: how long until the next; 0 if not
	Told    bool          // and was told so in answer to an earlier comment
}

// Facts are what commands asked for and somebody looked up.
type Facts struct {
	Found map[string]triage.Found // issues by what people wrote
	// Moved are the workflow states and weights that the bot set since the comment was written, as resource events tell, where it is not
	// remembered what has run. A command that is relative to the state it found must not be run on its own outcome.
	Moved []triage.Past
	// Past is all that anybody changed, where a comment is late.
	Past []triage.Past
}

// Obeyed is what the commands of some comments come to, before the rules look at it.
type Obeyed struct {
	Issue   triage.Issue // as the commands want it
	Memory  triage.Memory
	Orders  triage.Orders   // without the Edit, which the rules may add to
	Actions []triage.Action // that lead to Issue, to be repeated on a newer state
	Events  []triage.Event  // as if the writers had made the changes themselves
	Results []Result
	Why     []WhyAsked
	Look    bool // the rules look at everything, and nothing waits

	// If one of the next two is set, nothing was decided: look it up and obey again.
	Needs triage.Need
	Find  []string
}

// Result is one command for the record.
type Result struct {
	By      string `json:"by"`
	Command string `json:"command"` // its name, "" if there is none like it
	Reason  string `json:"reason"`
	Refused bool   `json:"refused,omitempty"`
}

// WhyAsked is a question for what the rules say, to be added to the reply of an answer in Orders. Rule is "" for all.
type WhyAsked struct {
	Answer int
	Rule   string
}

// Obey runs the commands of the comments, in order, each on what the ones before it made of the issue. One that is refused leaves nothing
// behind but its reply. Events are all that happened since the memory was kept; the issue shows what they made of it.
func Obey(p Policy, comments []Comment, events []triage.Event, issue triage.Issue, memory *triage.Memory, facts Facts, now time.Time) Obeyed {
	o := obeying{policy: p, facts: facts, events: events, now: now}
	if memory != nil {
		o.Memory = memory.Clone()
	}
	o.Issue = issue
	known := o.Memory.Since
	since(new(o.input(slices.SortedStableFunc(slices.Values(events), byTime))))
	for _, c := range comments {
		o.comment(c)
	}
	o.Memory.Since = known // the decision that follows finds out what moved, from the events
	return o.Obeyed
}

// obeying is a run of Obey.
type obeying struct {
	Obeyed
	policy Policy
	facts  Facts
	events []triage.Event
	now    time.Time
}

func (o *obeying) input(events []triage.Event) triage.Input {
	return triage.NewInput(o.policy.Team, events, o.Issue, &o.Memory, o.now)
}

// comment runs the lines of one comment and adds its answer.
func (o *obeying) comment(c Comment) {
	before := o.Issue
	answer := triage.Reaction{Note: c.Event.Note.ID, Discussion: c.Event.Note.Discussion, Internal: c.Event.Note.Internal}
	var parts replies
	done, spoke := 0, false
	for _, line := range c.Lines {
		name, out, meant := o.line(c, line)
		if !meant {
			continue
		}
		spoke = true
		o.Find = appendSome(o.Find, out.Find)
		o.Needs |= out.Needs
		if out.Why != nil {
			o.Why = append(o.Why, WhyAsked{Answer: len(o.Orders.Answers), Rule: *out.Why})
		}
		if cmd, _, _ := triage.FindCommand(o.policy.Commands, name); cmd == nil || !cmd.Answers || out.Refused {
			done++
		}
		parts.add(line, out, len(c.Lines) > 1, o.policy.Team)
		o.Results = append(o.Results, Result{By: c.Event.Actor.Username, Command: name, Reason: out.Reason, Refused: out.Refused})
		if !out.Refused {
			o.take(c, out)
		}
	}
	if !spoke {
		return // talk, not commands
	}
	if done > 0 {
		answer.Emoji = triage.DoneEmoji
	}
	if parts.refused {
		answer.Emoji = triage.RefusedEmoji
	}
	answer.Reply = parts.reply()
	o.Orders.Answers = append(o.Orders.Answers, answer)
	o.Memory.MarkRun(answer.Note)
	if o.Orders.By == (triage.Person{}) {
		o.Orders.By, o.Orders.At = c.Event.Actor, c.Event.At
	}
	if edit := triage.Difference(before, o.Issue); !edit.Empty() {
		o.Events = append(o.Events, edit.Event(c.Event.Actor, before, c.Event))
	}
}

// line runs one line. It reports false for talk that only begins with the bot's name.
func (o *obeying) line(c Comment, line Line) (name string, out triage.Outcome, meant bool) {
	if strings.TrimSpace(line.Text) == "" {
		if line.Mention {
			return "", out, false
		}
		line.Text = "help"
	}
	cmd, args, near := triage.FindCommand(o.policy.Commands, line.Text)
	if cmd == nil {
		if line.Mention && near == "" {
			return "", out, false
		}
		return "", o.unknown(line.Text, near), true
	}
	return cmd.Name, o.run(c, line, cmd, args), true
}

// run checks whether the command may be run at all, and runs it.
func (o *obeying) run(c Comment, line Line, cmd *triage.Command, args string) triage.Outcome {
	in := o.input([]triage.Event{c.Event})
	call := triage.Call{
		By: c.Event.Actor, Level: c.Level, Args: args, At: c.Event.At, Note: c.Event.Note.ID, Internal: c.Event.Note.Internal,
		Commands: o.policy.Commands, Rules: ids(o.policy), Options: options(o.policy),
	}
	team := o.policy.Team
	switch {
	case line.Told:
		return triage.Outcome{Reason: "too many commands", Refused: true}
	case line.Wait > 0:
		return triage.Refuse(triage.Say("this was more than " + strconv.Itoa(CommandLimit) + " commands in an hour; try again in " + roughly(line.Wait)))
	case !cmd.Who.Allows(in, call.By, call.Level):
		return triage.Refuse(triage.Say(team.Flow(cmd.Name) + " is for " + cmd.Who.String()))
	case o.Issue.Closed && !cmd.Closed:
		return triage.Refuse(triage.Say("the issue is closed; reopen it first"))
	}
	out := cmd.Run(in, call)
	if out.Find != "" {
		if found, ok := o.facts.Found[out.Find]; ok {
			call.Found, out.Find = &found, ""
			out = cmd.Run(in, call)
		}
	}
	if !out.Refused && slices.ContainsFunc(out.Actions, func(a triage.Action) bool { return o.superseded(a, c) }) {
		return triage.Refuse(triage.Say("somebody changed this after the comment was written, before the bot could read it; write it again if it still holds"))
	}
	out.Needs &^= o.Memory.Around.Known
	if reason := notOurs(in); reason != "" && !out.Always && !out.Refused {
		return triage.Refuse(triage.Say("").Words(reason).Say(", so the bot leaves it alone"))
	}
	return out
}

// Meant reports whether a line is for the bot. Talk may begin with its name, too.
func Meant(p Policy, line Line) bool {
	if !line.Mention {
		return true
	}
	cmd, _, near := triage.FindCommand(p.Commands, line.Text)
	return strings.TrimSpace(line.Text) != "" && (cmd != nil || near != "")
}

// unknown refuses what is no command, with those that were probably meant: one that is nearly so, or all that begin with this word.
func (o *obeying) unknown(text, near string) triage.Outcome {
	team := o.policy.Team
	words := strings.Fields(text)
	first := words[0]
	written := strings.Join(words[:min(len(words), max(1, len(strings.Fields(near))))], " ")
	var meant []string
	for _, c := range o.policy.Commands {
		begin, _, several := strings.Cut(c.Name, " ")
		if c.Name == near || near == "" && several && strings.EqualFold(begin, first) {
			meant = append(meant, team.Flow(c.Usage()))
		}
	}
	why, help := triage.Say("there is no command ").Quote(written), team.Flow("help")+" lists them all"
	switch {
	case len(meant) == 0:
		return triage.Refuse(why.Say("; " + help))
	case near != "":
		return triage.Refuse(why.Say("; did you mean " + meant[0] + "? " + help))
	}
	return triage.Refuse(why.Say(" alone, there is " + strings.Join(meant, ", ") + "; " + help))
}

// take carries out what a command wants, on the copy.
func (o *obeying) take(c Comment, out triage.Outcome) {
	call := triage.Call{By: c.Event.Actor, Level: c.Level, At: c.Event.At, Note: c.Event.Note.ID, Internal: c.Event.Note.Internal}
	before := o.Issue
	for _, change := range out.Changes {
		change.Make(&o.Memory, call)
	}
	for _, a := range out.Actions {
		if o.moved(a, c.Event.At) {
			continue
		}
		o.Actions = append(o.Actions, a)
		o.Issue = a.Apply(o.Issue)
		forget(&o.Memory, a)
	}
	// The state begins with the comment, however late it is read: who agrees right behind it agrees in this state.
	in := o.input([]triage.Event{triage.Difference(before, o.Issue).Event(c.Event.Actor, before, c.Event)})
	if since(&in) && in.State() == triage.StateNeedsReview {
		o.Memory.Around.Known &^= triage.NeedAgreements // a new review is agreed anew
	}
	o.Look = o.Look || out.Look
	if out.Opens != nil {
		o.Orders.Opens, o.Orders.OpensBy = out.Opens, c.Event.Note.ID
	}
	for _, l := range out.Links {
		l.By = call.Note
		o.Orders.Links = append(o.Orders.Links, l)
		o.Memory.Around.Links = append(o.Memory.Around.Links, triage.Link{Kind: l.Kind, Ref: l.To, Created: o.now})
		o.Memory.Around.Loaded = o.now
	}
	if out.Opens != nil {
		o.Memory.Around.Links = append(o.Memory.Around.Links, triage.Link{Kind: triage.RelatesTo, Created: o.now})
		o.Memory.Around.Known |= triage.NeedLinks
		o.Memory.Around.Loaded = o.now
	}
}

// forget drops what the memory holds of a state that a person now decides for themselves.
func forget(m *triage.Memory, a triage.Action) {
	delete(m.Own, a.Key())
	delete(m.Undone, a.Key())
	if s, ok := a.(triage.SetWeight); ok && s.Side != "" {
		delete(m.Own, triage.AddLabel{Label: triage.WeightLabel(s.Side, s.Value)}.Key())
	}
}

// CommandLimit is how many commands a person may write within CommandWindow.
const (
	CommandLimit  = 60
	CommandWindow = time.Hour
)

// roughly says a duration as people do.
func roughly(d time.Duration) string {
	minutes := int(d.Minutes()) + 1
	if minutes == 1 {
		return "a minute"
	}
	return fmt.Sprintf("%d minutes", minutes)
}

func ids(p Policy) []string {
	all := make([]string, len(p.Settings))
	for n, s := range p.Settings {
		all[n] = s.ID
	}
	return all
}

func options(p Policy) map[string]triage.Options {
	all := make(map[string]triage.Options, len(p.Settings))
	for _, s := range p.Settings {
		all[s.ID] = s.Options
	}
	return all
}

func appendSome(list []string, s string) []string {
	if s == "" {
		return list
	}
	return append(list, s)
}
