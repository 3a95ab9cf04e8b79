package policyfile

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"flowkeeper/config/document"
	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

// parseQuickAction finds a line that some GitLab carries out.
func parseQuickAction(line string) (name, args string, ok bool) {
	m := quickActionForm.FindStringSubmatch(line)
	if m == nil || !triage.IsQuickAction(strings.ToLower(m[1])) {
		return "", "", false
	}
	return strings.ToLower(m[1]), strings.TrimSpace(m[2]), true
}

// insteadOfQuickAction says what does the same as a quick action that is not carried out.
var insteadOfQuickAction = map[string]string{
	"relabel":          "labels and remove_labels",
	"status":           "a label for the state, or status: close",
	"move":             "move: group/project",
	"reassign":         "/unassign and /assign",
	"remove_milestone": "nothing takes a milestone away",
	"title":            "nothing changes titles; a comment that asks for it",
}

// carryOut makes an action of a quick action, or refuses the rule.
func (c *commentReader) carryOut(at document.Location, name, args string) {
	a := &c.rule.Actions
	if strings.Contains(args, "{{") {
		c.refuse(at, "write the value", "comment: /%s with a field in it is not carried out", name)
		return
	}
	var ok bool
	switch name {
	case "label", "labels", "unlabel", "remove_label":
		labels, good := labelReferences(args)
		if ok = good; !ok {
			break
		}
		if name == "label" || name == "labels" {
			a.Labels = appendNew(a.Labels, labels...)
		} else {
			a.RemoveLabels = appendNew(a.RemoveLabels, labels...)
		}
	case "milestone":
		a.Milestone, ok = milestoneReference(args)
	case "assign":
		names, good := userReferences(args)
		ok = good && len(names) > 0
		a.Assign = appendNew(a.Assign, names...)
	case "unassign":
		names, good := userReferences(args)
		ok = good
		a.UnassignAll = a.UnassignAll || len(names) == 0
		a.Unassign = appendNew(a.Unassign, names...)
	case "cc":
		names, good := userReferences(args)
		ok = good
		a.Mentions = appendNew(a.Mentions, names...)
	case "close", "reopen":
		ok = args == ""
		c.setState(at, map[string]policy.State{"close": policy.Closed, "reopen": policy.Opened}[name])
	case "weight":
		if ok = regexp.MustCompile(`^[0-9]{1,6}$`).MatchString(args); ok {
			c.setWeight(entry{key: "comment: /weight", at: at}, args)
		}
	case "due":
		ok = c.setDue(at, args)
	default:
		do := insteadOfQuickAction[name]
		if do == "" {
			do = "leave the line out; the gem in a scheduled pipeline can do it"
		}
		c.refuse(at, do, "comment: /%s is not carried out", name)
		return
	}
	if !ok {
		c.refuse(at, "write it as "+quickActionExamples[name], "comment: %s is not understood", strings.TrimSpace("/"+name+" "+args))
	}
}

var quickActionExamples = map[string]string{
	"label": `/label ~a ~"b c"`, "labels": `/label ~a ~"b c"`, "unlabel": `/unlabel ~a ~"b c"`, "remove_label": `/unlabel ~a ~"b c"`, "milestone": `/milestone %"title"`,
	"assign": "/assign @alice", "unassign": "/unassign, or /unassign @alice", "cc": "/cc @alice", "close": "/close", "reopen": "/reopen",
	"weight": "/weight 3", "due": "/due 2026-12-31",
}

// setWeight sets the weight that the rule wants.
func (r *ruleReader) setWeight(e entry, digits string) {
	if r.rule.Subject == triage.SubjectMergeRequest {
		r.refuse(e.at, "leave it out", "%s: merge requests have no weight", e.key)
		return
	}
	if n, err := strconv.Atoi(digits); err == nil {
		r.rule.Actions.Weight = triage.Int(n)
	}
}

// setDue sets the due date that the rule wants.
func (c *commentReader) setDue(at document.Location, date string) bool {
	if c.rule.Subject == triage.SubjectMergeRequest {
		c.refuse(at, "leave it out", "comment: merge requests have no due date")
		return true
	}
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		return false
	}
	c.rule.Actions.DueDate = date
	return true
}

var (
	labelReference     = regexp.MustCompile(`^(?:~"([^"]+)"|"([^"]+)"|~?([^\s~"]+))(?:\s+|$)`)
	milestoneQuoted    = regexp.MustCompile(`^%?"([^"]+)"$`)
	milestoneOneWord   = regexp.MustCompile(`^%([^\s"%]+)$`)
	onlyDigits         = regexp.MustCompile(`^[0-9]+$`)
	userReference      = regexp.MustCompile(`^@([A-Za-z0-9_.][A-Za-z0-9_.-]*)$`)
	separatorsOfPeople = strings.NewReplacer(",", " ")
)

// labelReferences reads ~a ~"b c". A number stands for the label of that id, which is not looked up.
func labelReferences(args string) ([]string, bool) {
	var labels []string
	for rest := strings.TrimSpace(args); rest != ""; {
		m := labelReference.FindStringSubmatch(rest)
		if m == nil {
			return nil, false
		}
		label := m[1] + m[2] + m[3]
		if onlyDigits.MatchString(m[3]) {
			return nil, false
		}
		labels, rest = appendNew(labels, label), strings.TrimSpace(rest[len(m[0]):])
	}
	return labels, len(labels) > 0
}

// milestoneReference reads %"a b" or %a. A number stands for the milestone of that number, which is not looked up.
func milestoneReference(args string) (string, bool) {
	if m := milestoneQuoted.FindStringSubmatch(args); m != nil {
		return m[1], true
	}
	m := milestoneOneWord.FindStringSubmatch(args)
	if m == nil || onlyDigits.MatchString(m[1]) {
		return "", false
	}
	return m[1], true
}

// userReferences reads @a @b. "me" would be the bot, and is not understood.
func userReferences(args string) ([]string, bool) {
	var names []string
	for word := range strings.FieldsSeq(separatorsOfPeople.Replace(args)) {
		m := userReference.FindStringSubmatch(word)
		if m == nil {
			return nil, false
		}
		if !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
	}
	return names, true
}
