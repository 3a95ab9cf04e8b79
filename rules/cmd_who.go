package rules

import (
	"slices"
	"strings"

	"flowkeeper/rules/triage"
)

// commandWho follows the emoji glossary of "Communication": a reaction says where somebody stands, and nobody has to scroll for it.
var commandWho = triage.Command{
	Name: "who", Summary: "Lists who has looked at the issue, thinks about it, put it aside and agrees, by their reactions.", Example: "who",
	Section: "Communication", Who: triage.Anyone, Closed: true, Answers: true,
	Run: func(in triage.Input, call triage.Call) triage.Outcome {
		if call.Given == nil {
			return triage.Outcome{Reason: "the reactions have to be looked up", LookUp: triage.LookUpReactions, EvenOutOfScope: true}
		}
		reply := triage.Reply{}
		for _, s := range stances {
			if people := peopleWith(*call.Given, s.is); len(people) > 0 {
				reply.Rows = append(reply.Rows, triage.Say(s.says+": ").Untrusted(strings.Join(people, ", ")))
			}
		}
		reply.Text = []triage.Prose{triage.Say("What reactions to this issue and to the bot's note say:")}
		if len(reply.Rows) == 0 {
			reply.Text = []triage.Prose{triage.Say("Nobody has reacted yet. 👀 says that you are looking, 🤔 that you have to think, 📍 that you will come back to it, 👍 that you agree.")}
		}
		out := triage.Answer("lists who reacted how", reply)
		out.EvenOutOfScope = true
		return out
	},
}

// stances are the reactions with a meaning among the team, in the order in which an issue is looked at.
var stances = []struct {
	says string
	is   func(emoji string) bool
}{
	{"👀 looking", named("eyes")},
	{"🤔 thinking", named("thinking", "thinking_face")},
	{"📍 will come back to it", named("round_pushpin", "pushpin")},
	{"👍 agree", triage.IsThumbsup},
}

// named tells the emoji of these names.
func named(names ...string) func(string) bool {
	return func(emoji string) bool { return slices.Contains(names, strings.ToLower(emoji)) }
}

// peopleWith are the usernames of those who gave such a reaction, each once, in order of the first.
func peopleWith(given []triage.GivenReaction, is func(string) bool) []string {
	var people []string
	for _, g := range given {
		if is(g.Emoji) && g.By.Username != "" && !triage.HasUsername(people, g.By.Username) {
			people = append(people, g.By.Username)
		}
	}
	return people
}
