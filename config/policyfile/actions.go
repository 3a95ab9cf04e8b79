package policyfile

import (
	"regexp"
	"slices"
	"strings"

	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

// actions reads each action of the language, and those that are ours.
var actions = map[string]func(r *ruleReader, e entry){
	"labels": func(r *ruleReader, e entry) { r.rule.Actions.Labels = r.actionLabels(e, r.rule.Actions.Labels) },
	"remove_labels": func(r *ruleReader, e entry) {
		r.rule.Actions.RemoveLabels = r.actionLabels(e, r.rule.Actions.RemoveLabels)
	},
	"status":                        readStatus,
	"mention":                       readMention,
	"move":                          readMove,
	"comment":                       readComment,
	"comment_type":                  readCommentType,
	"comment_internal":              readInternal,
	"redact_confidential_resources": readRedact,
	"comment_on_summary":            refuseAction("it comments on a summary, and there are none here", insteadOfSummary),
	"summarize":                     refuseAction("it makes one issue out of many, and rules here look at one at a time", insteadOfSummary),
	"issue":                         refuseAction("it opens another issue, which rules here do not", "a comment that asks somebody to"),
	"delete":                        refuseAction("it deletes branches, which are not looked at here", "GitLab's own clean-up of merged branches"),

	keyWeight:    readSetWeight,
	keyAssign:    readAssign,
	keyCommentAs: readCommentAs,
}

// The actions that only we know.
const (
	keyWeight    = "weight"
	keyAssign    = "assign"
	keyCommentAs = "comment_as"
)

var ownActions = []string{keyAssign, keyCommentAs, keyWeight}

// refuseAction reads an action that is known and not carried out.
func refuseAction(why, do string) func(*ruleReader, entry) {
	return func(r *ruleReader, e entry) { r.refuse(e.at, do, "%s: %s", e.key, why) }
}

func (r *ruleReader) readActions(e entry) {
	if e.value.kind == null || !r.wantMapping(e.value, `write "labels: [a]" or another action below it, further indented`) {
		return
	}
	r.lostKeys(e.value, []string{})
	for _, a := range e.value.entries {
		if !r.step(a.at) {
			return
		}
		if read, ok := actions[a.key]; ok {
			read(r, a)
			continue
		}
		r.unknownAction(a)
	}
	r.checkActions(e)
}

// unknownAction says what is wrong with an action that the language has not.
func (r *ruleReader) unknownAction(e entry) {
	const ignored = "the gem ignores it and does the rest"
	known := sortedKeys(actions)
	switch {
	case slices.Contains(ownRuleKeys, e.key):
		r.reportf(e.at, "write it beside conditions and actions", "%s is no action", e.key)
	case insteadOfAction[e.key] != "":
		r.refuse(e.at, insteadOfAction[e.key], "there is no action %s: %s", e.key, ignored)
	case slices.Contains(ownActions, triage.Nearest(e.key, known)):
		r.reportf(e.at, near(e.key, known), "there is no action %s", e.key)
	case isCondition(e.key):
		r.refuse(e.at, "move it below conditions", "%s is a condition and no action: %s", e.key, ignored)
	case triage.Nearest(e.key, known) != "":
		r.refuse(e.at, near(e.key, known), "there is no action %s: %s", e.key, ignored)
	default:
		r.refuse(e.at, "leave it out if it is not needed", "there is no action %s: %s", e.key, ignored)
	}
}

// insteadOfAction says what to write for actions that people expect and the language has not.
var insteadOfAction = map[string]string{
	"add_labels":       "write labels",
	"label":            "write labels",
	"unlabel":          "write remove_labels",
	"forbidden_labels": "write remove_labels for labels that are to go, or move it below conditions",
	"close":            "write status: close",
	"reopen":           "write status: reopen",
	"state":            "write status: close or status: reopen",
	"assignee":         "write assign: [alice]",
	"assignees":        "write assign: [alice]",
	"milestone":        `write comment: '/milestone %"title"'`,
}

// checkActions checks what depends on several actions.
func (r *ruleReader) checkActions(e entry) {
	a := &r.rule.Actions
	nothing := len(a.Labels)+len(a.RemoveLabels)+len(a.Assign)+len(a.Unassign)+len(a.Comment)+len(a.Mentions) == 0 &&
		a.Weight == nil && !a.UnassignAll && a.Milestone+a.DueDate+a.MoveTo+string(a.State) == ""
	if nothing && r.entry.Status() != DoesNotRun {
		r.refuse(e.at, "write an action", "its actions do nothing")
	}
	if a.Internal || a.Thread {
		a.Own = true
	}
	if as := e.value.get(keyCommentAs); as != nil && as.text == "note" && a.Own {
		r.reportf(as.at, "write own, or leave it out", "a thread and an internal comment cannot stand on the note")
	}
}

// actionLabels reads labels behind those that are there already.
func (r *ruleReader) actionLabels(e entry, before []string) []string {
	labels, _ := r.labels(e)
	return appendNew(before, labels...)
}

// appendNew appends what is not there yet.
func appendNew(list []string, more ...string) []string {
	for _, s := range more {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

func readStatus(r *ruleReader, e entry) {
	switch status, _ := r.choice(e, "close", "reopen"); status {
	case "close":
		r.setState(e.at, policy.Closed)
	case "reopen":
		r.setState(e.at, policy.Opened)
	}
}

var mentionForm = regexp.MustCompile(`^[A-Za-z0-9_.][A-Za-z0-9_./-]*$`)

func readMention(r *ruleReader, e entry) {
	names, ok := r.words(e)
	if !ok {
		return
	}
	for _, name := range names {
		name = strings.TrimPrefix(name, "@")
		if !mentionForm.MatchString(name) {
			r.refuse(e.value.at, "write names behind the @ of profiles, or groups", "mention: %q is not a name", name)
			return
		}
		r.rule.Actions.Mentions = appendNew(r.rule.Actions.Mentions, name)
	}
}

var projectForm = regexp.MustCompile(`^[A-Za-z0-9_.][A-Za-z0-9_.-]*(/[A-Za-z0-9_.][A-Za-z0-9_.-]*)+$`)

func readMove(r *ruleReader, e entry) {
	path, ok := r.text(e)
	switch {
	case !ok:
	case r.rule.Subject == triage.SubjectMergeRequest:
		r.refuse(e.at, "leave it out", "move: merge requests cannot be moved")
	case !projectForm.MatchString(path):
		r.refuse(e.value.at, "write the full path, group/project", "move: %q is not the path of a project", path)
	default:
		r.rule.Actions.MoveTo = path
	}
}

func readCommentType(r *ruleReader, e entry) {
	kind, _ := r.choice(e, "comment", "thread")
	r.rule.Actions.Thread = kind == "thread"
}

func readInternal(r *ruleReader, e entry) {
	r.rule.Actions.Internal, _ = r.yesNo(e)
}

// readRedact reads whether comments hide what confidential issues say. Here they show it to those who see the issue.
func readRedact(r *ruleReader, e entry) {
	if redact, ok := r.yesNo(e); ok && redact {
		r.differ(e.at, "leave it out", "redact_confidential_resources: comments on confidential issues show what {{title}} and others say, to those who see the issue")
	}
}

func readSetWeight(r *ruleReader, e entry) {
	if e.value.kind != word || e.value.word != isInteger || len(e.value.text) > 6 || strings.HasPrefix(e.value.text, "-") {
		r.reportf(e.value.at, "write a whole number, 0 or more", "the weight is no number")
		return
	}
	r.setWeight(e, e.value.text)
}

func readAssign(r *ruleReader, e entry) {
	if e.value.kind == null || e.value.kind == list && len(e.value.items) == 0 {
		r.reportf(e.value.at, "write a list of usernames: [alice]", "there is nobody to assign")
		return
	}
	names, ok := r.words(e)
	for _, name := range names {
		if name = strings.TrimPrefix(name, "@"); ok && r.username(e, name) {
			r.rule.Actions.Assign = appendNew(r.rule.Actions.Assign, name)
		}
	}
}

func readCommentAs(r *ruleReader, e entry) {
	switch text := r.ownWord(e); text {
	case "own":
		r.rule.Actions.Own = true
	case "note":
		r.rule.Actions.Own = false
	case "":
	default:
		r.reportf(e.value.at, near(text, []string{"own", "note"}), "%q is not allowed here", text)
	}
}
