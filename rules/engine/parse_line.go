package engine

import (
	"strings"

	"flowkeeper/rules/triage"
)

// parsedLine is a line of a comment as the bot understands it.
type parsedLine struct {
	text    string
	command *triage.Command // nil for what is no command
	args    string
	near    string // the name of the command that was probably meant, "" if none is close
}

// name is the command's, "" for what is no command.
func (h parsedLine) name() string {
	if h.command == nil {
		return ""
	}
	return h.command.Name
}

// parseLine reads a line. The prefix alone asks for help. A line that only begins with the bot's name in a conversation is not addressed to
// it.
func parseLine(p Policy, line Line) (h parsedLine, addressed bool) {
	h.text = line.Text
	if strings.TrimSpace(h.text) == "" && !line.Mention {
		h.text = "help"
	}
	h.command, h.args, h.near = triage.FindCommand(p.Commands, h.text)
	return h, !line.Mention || h.command != nil || h.near != ""
}

// Addressed reports whether a line is meant for the bot: conversation may begin with its name, too.
func Addressed(p Policy, line Line) bool {
	_, meant := parseLine(p, line)
	return meant
}

// IsSilenceCommand reports whether a line, without the prefix, silences a rule or lifts that.
func IsSilenceCommand(p Policy, line string) bool {
	h, _ := parseLine(p, Line{Text: line})
	return h.command != nil && h.command.OnlySilences
}

// unknown refuses a line that is no command and names the commands that were probably meant: one that is spelt similarly, or all that begin with
// the same word.
func unknown(p Policy, h parsedLine) triage.Outcome {
	team := p.Team
	words := strings.Fields(h.text)
	written := strings.Join(words[:min(len(words), max(1, len(strings.Fields(h.near))))], " ")
	var meant []string
	for _, c := range p.Commands {
		begin, _, several := strings.Cut(c.Name, " ")
		if c.Name == h.near || h.near == "" && several && strings.EqualFold(begin, words[0]) {
			meant = append(meant, team.CommandCode(c.Usage()))
		}
	}
	why, help := triage.Say("there is no command ").Quote(written), team.CommandCode("help all")+" lists them all"
	native, own := quickAction(words[0])
	switch {
	case native != "":
		why = why.Say("; that is GitLab's own " + triage.Code(native) + ", on a line of its own")
		if own != "" {
			why = why.Say(". See also " + team.CommandCode(own))
		}
		return triage.Refuse(why)
	case len(meant) == 0:
		return triage.Refuse(why.Say("; " + help))
	case h.near != "":
		return triage.Refuse(why.Say("; did you mean " + meant[0] + "? " + help))
	}
	return triage.Refuse(why.Say(" alone, there is " + strings.Join(meant, ", ") + "; " + help))
}
