package note

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// The tags stand between blank lines: GitLab renders the Markdown between them only then.
const (
	detailsBegin = "<details><summary>Why am I seeing this?</summary>\n\n"
	detailsEnd   = "</details>\n\n"
)

// writeDetails writes the details section: what did not fit into the summary, further people to be mentioned, and the rules with their
// reasons. It writes nothing if there is nothing of that.
func writeDetails(b *strings.Builder, p summary, others []string, s engine.Note, team *triage.Team, decision string, commands bool) {
	paragraphs := slices.Concat(p.linesBelow, p.full)
	if len(others) > 0 {
		paragraphs = append(paragraphs, "Also for @"+strings.Join(others, " @")+" to see.")
	}
	rows := detailsRows(p, s, team, decision, commands)
	if len(paragraphs) == 0 && len(rows) == 0 {
		return
	}
	b.WriteString(detailsBegin)
	for _, text := range paragraphs {
		b.WriteString(text + "\n\n")
	}
	for _, row := range rows {
		b.WriteString(row)
	}
	if len(rows) > 0 {
		b.WriteString("\n")
	}
	b.WriteString(detailsEnd)
}

// detailsRows is one list, because two lists would run into one another; each row ends with a newline. Where rules give their reasons, the last
// row says how to silence one and where to read more; decision is a link, "" for none. Without commands,
// as on a merge request, it only says where to read more.
func detailsRows(p summary, s engine.Note, team *triage.Team, decision string, commands bool) []string {
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
		rows = append(rows, "- "+joinDots(ruleLink(why.Rule, team), Escape(why.Section, maxName), Escape(why.Reason, maxReason))+"\n")
	}
	for _, r := range s.Inactive {
		rows = append(rows, "- "+inactiveRow(r, team)+"\n")
	}
	switch {
	case len(s.Why) == 0:
	case commands:
		rows = append(rows, "- Quiet one rule here: "+team.CommandCode("ignore <rule> why")+". Everything I know: "+team.CommandCode("why")+decision+".\n")
	case decision != "":
		rows = append(rows, "- More about it: the page of the rule"+decision+".\n")
	}
	return rows
}

// inactiveRow says why a rule is suspended or silenced here.
func inactiveRow(r engine.InactiveRule, team *triage.Team) string {
	if !r.Asked {
		return ruleLink(r.Rule, team) + " is suspended here: " + unmentioned(r.By) + " undid " + undoneChange(r.What) + "."
	}
	rule, is := ruleLink(r.Rule, team), " is "
	if r.Rule == triage.AllRules {
		rule, is = "All rules", " are "
	}
	state := "ignored here"
	if !r.Until.IsZero() {
		state = "quiet here until " + r.Until.UTC().Format("2 January 15:04 MST")
	}
	why := Escape(r.Why, maxQuote)
	if why == "" {
		return rule + is + state + ": " + unmentioned(r.By) + " asked."
	}
	return rule + is + state + ", " + unmentioned(r.By) + " says: “" + why + "”"
}

// unmentioned names a person without mentioning them.
func unmentioned(username string) string {
	if username == "" {
		return "someone"
	}
	return Escape("@"+username, maxName)
}

func undoneChange(change string) string {
	if text := Escape(change, maxName); text != "" {
		return "“" + text + "”"
	}
	return "what it did"
}

// joinDots joins the parts that are not empty with dots.
func joinDots(parts ...string) string {
	var some []string
	for _, part := range parts {
		if part != "" {
			some = append(some, part)
		}
	}
	return strings.Join(some, " · ")
}

// ruleLink is a rule's name as a link to its page, or without a link if it has none: a command has no page there.
func ruleLink(rule string, team *triage.Team) string {
	if team == nil || !addressForm.MatchString(team.Docs) || !ruleForm.MatchString(rule) {
		return ruleCode(rule)
	}
	return "[" + ruleCode(rule) + "](" + team.Docs + "#" + rule + ")"
}

// decisionLink leads to what the bot's own pages tell of an issue, as the end of a sentence; "" if they are not known.
func decisionLink(issue triage.Ref, team *triage.Team) string {
	if team == nil || !addressForm.MatchString(team.Admin) || !issue.Names() {
		return ""
	}
	path := strconv.FormatInt(issue.IID, 10)
	if issue.Kind == triage.SubjectMergeRequest {
		path = "merge_requests/" + path
	}
	return ", or [all decisions](" + team.Admin + "/decisions/" + strconv.FormatInt(issue.Project, 10) + "/" + path + ")"
}

var ruleForm = regexp.MustCompile(`^[a-z0-9-]{1,60}$`)

// ruleCode is a rule's name as a code span.
func ruleCode(rule string) string {
	rule = string(visible(strings.ReplaceAll(rule, "`", ""), maxName))
	if rule == "" {
		return "a rule"
	}
	return "`" + rule + "`"
}
