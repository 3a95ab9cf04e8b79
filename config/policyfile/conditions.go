package policyfile

import (
	"slices"
	"strings"

	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

// condition reads one condition of a rule; nil if it is refused.
type condition struct {
	only string // the one resource for which the gem looks at it; "" for all
	read func(r *ruleReader, e entry) policy.Condition
}

// The conditions that are read beside the others.
const (
	keyNoAdditional = "no_additional_labels"
	keyAny          = "any" // ours
)

// conditions are those of the language.
var conditions = map[string]condition{
	"state":            {read: readState},
	"labels":           {read: readLabels},
	"forbidden_labels": {read: readForbidden},
	"milestone":        {read: readMilestone},
	"iteration":        {only: issues, read: readIteration},
	"weight":           {only: issues, read: readWeight},
	"health_status":    {only: issues, read: readHealth},
	"issue_type":       {only: issues, read: readType},
	"author_username":  {read: readAuthor},
	"author_member":    {read: readMember},
	"assignee_member":  {read: readMember},
	"votes":            {read: readVotes},
	"upvotes":          {read: readVotes},
	"discussions":      {read: readDiscussions},
	"date":             {read: readDate},
	"draft":            {only: mergeRequests, read: readDraft},
	"source_branch":    {only: mergeRequests, read: readBranch},
	"target_branch":    {only: mergeRequests, read: readBranch},
	"reviewer_id":      {only: mergeRequests, read: readReviewer},
	"ruby":             {read: readRuby},
}

// isCondition reports whether a key is a condition, be it ours.
func isCondition(key string) bool {
	_, known := conditions[key]
	return known || key == keyNoAdditional || key == keyAny
}

func (r *ruleReader) readConditions(e entry) {
	if e.value.kind == null {
		return
	}
	if r.wantMapping(e.value, `write "state: opened" or another condition below it, further indented`) {
		r.rule.When = r.conditions(e.value)
	}
}

// conditions reads conditions all of which have to hold.
func (r *ruleReader) conditions(n *node) []policy.Condition {
	r.lostKeys(n, nil)
	var all []policy.Condition
	for _, e := range n.entries {
		if !r.step(e.at) {
			return nil
		}
		known, ok := conditions[e.key]
		var read policy.Condition
		switch {
		case e.key == keyNoAdditional:
			continue
		case e.key == keyAny:
			read = r.any(e)
		case !ok:
			r.unknownCondition(e)
		case known.only != "" && known.only != r.entry.Resource:
			r.refuse(e.at, "move the rule to "+known.only+", or leave the condition out", "%s is for %s; here the gem ignores it and the rule holds for more", e.key, known.only)
		default:
			read = known.read(r, e)
		}
		if read != nil {
			all = append(all, read)
		}
	}
	if i, ok := n.index[keyNoAdditional]; ok {
		all = append(all, r.noAdditional(n.entries[i], all)...)
	}
	return all
}

// unknownCondition says what is wrong with a condition that the language has not. The gem ignores it, and so the rule would hold for more.
func (r *ruleReader) unknownCondition(e entry) {
	const ignored = "the gem ignores it and the rule holds for more"
	own := append(slices.Clone(ownRuleKeys), keyAny)
	var known []string
	for key := range conditions {
		known = append(known, key)
	}
	known = append(known, keyNoAdditional)
	slices.Sort(known)
	name := strings.TrimPrefix(e.key, ":")
	switch {
	case slices.Contains(ownRuleKeys, e.key):
		r.reportf(e.at, "write it beside conditions and actions", "%s is no condition", e.key)
	case e.key == keyActions:
		r.refuse(e.at, "indent actions less, so that it stands beside conditions", "actions stands within conditions, where the gem takes it for an unknown condition; it does nothing")
	case e.key == "limits" || e.key == "name":
		r.refuse(e.at, "indent it less, so that it stands beside conditions", "%s stands within conditions, where %s", e.key, ignored)
	case name != e.key && isCondition(name):
		r.refuse(e.at, "write "+name, "%s is a symbol of Ruby and no condition", e.key)
	case insteadOf[e.key] != "":
		r.refuse(e.at, insteadOf[e.key], "there is no condition %s: %s", e.key, ignored)
	case triage.Nearest(e.key, known) != "":
		r.refuse(e.at, near(e.key, known), "there is no condition %s: %s", e.key, ignored)
	case triage.Nearest(e.key, own) != "":
		r.reportf(e.at, near(e.key, own), "there is no condition %s", e.key)
	default:
		r.refuse(e.at, "leave it out if it is not needed", "there is no condition %s: %s", e.key, ignored)
	}
}

// insteadOf says what to write for conditions that people expect and the language has not.
var insteadOf = map[string]string{
	"title":         "nothing looks at titles; a label can say what they say, and draft: true finds merge requests that are drafts",
	"description":   "nothing looks at descriptions; a label can say what they say",
	"assignee":      "nothing asks who is assigned; assignee_member asks whether they belong to a project or a group",
	"assignees":     "nothing asks who is assigned; assignee_member asks whether they belong to a project or a group",
	"author":        "write author_username",
	"confidential":  "nothing looks at that; a label can say it",
	"name":          "that is a condition of branches",
	"protected":     "that is a condition of branches",
	"not_labels":    "write forbidden_labels",
	"remove_labels": "write forbidden_labels for labels that are not there, or move it below actions",
	"type":          "write issue_type",
	"created_at":    "write date: {attribute: created_at, condition: older_than, interval_type: days, interval: 30}",
	"updated_at":    "write date: {attribute: updated_at, condition: older_than, interval_type: days, interval: 30}",
}

// noAdditional reads the condition that depends on the labels of the others.
func (r *ruleReader) noAdditional(e entry, others []policy.Condition) []policy.Condition {
	wanted, ok := r.yesNo(e)
	if !ok {
		return nil
	}
	if !wanted {
		r.refuse(e.at, "leave it out, or write true", "%s: false is read as true by the gem", e.key)
		return nil
	}
	for _, c := range others {
		if labels, ok := c.(policy.HasLabels); ok {
			return []policy.Condition{policy.OnlyLabels(labels)}
		}
	}
	r.refuse(e.at, "add labels", "%s has no meaning without labels: the gem stops there", e.key)
	return nil
}

// any reads lists of conditions, one of which has to hold.
func (r *ruleReader) any(e entry) policy.Condition {
	const write = `write a list of conditions: [{milestone: none}, {labels: [a]}]`
	switch {
	case e.value.kind != list:
		r.reportf(e.value.at, write, "any is %s", kindText(e.value))
		return nil
	case len(e.value.items) == 0:
		r.reportf(e.value.at, write, "any lists no conditions")
		return nil
	}
	var found policy.AnyOf
	for _, item := range e.value.items {
		if item.kind != mapping || len(item.entries) == 0 {
			r.reportf(item.at, write, "this is %s, conditions are wanted", kindText(item))
			continue
		}
		if all := r.conditions(item); len(all) > 0 {
			found.Lists = append(found.Lists, all)
		}
	}
	if len(found.Lists) == 0 {
		return nil
	}
	return found
}
