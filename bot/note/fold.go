package note

import (
	"regexp"
	"strings"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// The tags stand between blank lines: GitLab renders the Markdown between them only then.
const (
	foldBegin = "<details><summary>Why am I seeing this?</summary>\n\n"
	foldEnd   = "</details>\n\n"
)

// writeFold writes the fold: what did not fit before it, further people to be mentioned, and the rules with their reasons. There is no
// fold without content.
func writeFold(b *strings.Builder, p above, others []string, s engine.Note, team *triage.Team) {
	paragraphs := p.linesBelow
	if len(others) > 0 {
		paragraphs = append(paragraphs, "Also for @"+strings.Join(others, " @")+" to see.")
	}
	rows := foldRows(p, s, team)
	if len(paragraphs) == 0 && len(rows) == 0 {
		return
	}
	b.WriteString(foldBegin)
	for _, text := range paragraphs {
		b.WriteString(text + "\n\n")
	}
	for _, row := range rows {
		b.WriteString(row)
	}
	if len(rows) > 0 {
		b.WriteString("\n")
	}
	b.WriteString(foldEnd)
}

// foldRows is one list, each row with its newline. Two lists would run into one another. Where rules give their reasons, the last row says
// how to quiet one and where to read more.
func foldRows(p above, s engine.Note, team *triage.Team) []string {
	var rows []string
	for _, e := range p.entries {
		if e.cut {
			rows = append(rows, "- "+e.full()+"\n")
		}
	}
	for _, e := range p.below {
		rows = append(rows, e.task())
	}
	for _, why := range s.Why {
		rows = append(rows, "- "+joined(linked(why.Rule, team), Inert(why.Section, maxName), Inert(why.Reason, maxReason))+"\n")
	}
	for _, r := range s.Inactive {
		rows = append(rows, "- "+resting(r, team)+"\n")
	}
	if len(s.Why) > 0 {
		rows = append(rows, "- Quiet one rule here: "+team.CommandCode("ignore <rule> why")+". Everything I know: "+team.CommandCode("why")+".\n")
	}
	return rows
}

// resting says why a rule is quiet here.
func resting(r engine.InactiveRule, team *triage.Team) string {
	if !r.Asked {
		return linked(r.Rule, team) + " rests here: " + who(r.By) + " undid " + what(r.What) + "."
	}
	rule, is := linked(r.Rule, team), " is "
	if r.Rule == triage.AllRules {
		rule, is = "All rules", " are "
	}
	state := "ignored here"
	if !r.Until.IsZero() {
		state = "quiet here until " + r.Until.UTC().Format("2 January 15:04 MST")
	}
	why := Inert(r.Why, maxQuote)
	if why == "" {
		return rule + is + state + ": " + who(r.By) + " asked."
	}
	return rule + is + state + ", " + who(r.By) + " says: “" + why + "”"
}

// who names a person without a mention.
func who(username string) string {
	if username == "" {
		return "someone"
	}
	return Inert("@"+username, maxName)
}

func what(change string) string {
	if text := Inert(change, maxName); text != "" {
		return "“" + text + "”"
	}
	return "what it did"
}

// joined writes the parts that are not empty with dots between them.
func joined(parts ...string) string {
	var some []string
	for _, part := range parts {
		if part != "" {
			some = append(some, part)
		}
	}
	return strings.Join(some, " · ")
}

// linked is a rule's name as a link to its page, or as it is if there is none: a command has no page there.
func linked(rule string, team *triage.Team) string {
	if team == nil || !addressForm.MatchString(team.Docs) || !ruleForm.MatchString(rule) {
		return code(rule)
	}
	return "[" + code(rule) + "](" + team.Docs + "#" + rule + ")"
}

var ruleForm = regexp.MustCompile(`^[a-z0-9-]{1,60}$`)

// code is a rule's name as a code span.
func code(rule string) string {
	rule = string(visible(strings.ReplaceAll(rule, "`", ""), maxName))
	if rule == "" {
		return "a rule"
	}
	return "`" + rule + "`"
}
