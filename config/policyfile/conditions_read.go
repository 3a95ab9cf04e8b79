package policyfile

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

func readState(r *ruleReader, e entry) policy.Condition {
	allowed := []string{string(policy.Opened), string(policy.Closed)}
	if r.rule.Subject == triage.SubjectMergeRequest {
		allowed = append(allowed, string(policy.Merged))
	}
	state, ok := r.choice(e, allowed...)
	if !ok {
		return nil
	}
	return policy.InState{State: policy.State(state)}
}

// noLabel are the words for no label at all, in lower case; GitLab reads them in any.
var noLabel = []string{"none", "no label"}

func readLabels(r *ruleReader, e entry) policy.Condition {
	labels, ok := r.words(e)
	if !ok {
		return nil
	}
	if len(labels) == 0 {
		r.refuse(e.at, "name a label, or leave it out", "labels is empty, and the rule holds for more")
		return nil
	}
	expanded, err := expand(labels)
	if err != nil {
		r.refuse(e.value.at, "write the labels out, or use several rules", "labels: %v", err)
		return nil
	}
	for _, list := range expanded {
		for _, label := range list {
			if !r.labelName(e, label) {
				return nil
			}
		}
	}
	for i, list := range expanded {
		none := slices.ContainsFunc(list, func(l string) bool { return slices.Contains(noLabel, strings.ToLower(l)) })
		some := slices.ContainsFunc(list, func(l string) bool { return strings.EqualFold(l, policy.Any) })
		switch {
		case (none || some) && len(list) > 1:
			r.refuse(e.value.at, "keep one of them", "labels: None and Any stand alone, beside them GitLab ignores other labels")
			return nil
		case none:
			expanded[i] = []string{policy.None}
		case some:
			expanded[i] = []string{policy.Any}
		}
	}
	return policy.HasLabels{AnyOf: expanded}
}

func readForbidden(r *ruleReader, e entry) policy.Condition {
	labels, ok := r.words(e)
	if !ok {
		return nil
	}
	for _, l := range labels {
		if braceList.MatchString(l) || braceSequence.MatchString(l) {
			r.refuse(e.value.at, "write the labels out", "forbidden_labels: braces are not expanded here, the gem looks for a label that is called %q", l)
			return nil
		}
		if !r.labelName(e, l) {
			return nil
		}
	}
	switch {
	case slices.ContainsFunc(labels, func(l string) bool {
		return slices.Contains(noLabel, strings.ToLower(l)) || strings.EqualFold(l, policy.Any)
	}):
		r.refuse(e.value.at, "write labels: [None] or labels: [Any]", "forbidden_labels: None and Any are no labels")
		return nil
	case len(labels) == 0:
		return nil
	}
	return policy.LacksLabels{Labels: labels}
}

func readMilestone(r *ruleReader, e entry) policy.Condition {
	titles, ok := r.words(e)
	if !ok {
		return nil
	}
	if len(titles) == 0 {
		r.refuse(e.at, "name a milestone, or leave it out", "milestone is empty, which the gem ignores")
		return nil
	}
	title := titles[0]
	if len(titles) > 1 {
		r.differ(e.value.at, "any: with a list for each milestone", "only the first milestone counts, %q, as for the gem", title)
	}
	words := []string{policy.MilestoneNone, policy.MilestoneAny, policy.MilestoneUpcoming, policy.MilestoneStarted}
	lower := strings.ToLower(title)
	switch {
	case lower == "no milestone" || lower == "any milestone":
		return policy.InMilestone{Title: strings.TrimSuffix(strings.Replace(lower, "no ", "none ", 1), " milestone")}
	case lower == "#upcoming" || lower == "#started":
		lower = lower[1:]
	case !slices.Contains(words, lower):
		return policy.InMilestone{Title: title}
	}
	if r.rule.Subject == triage.SubjectMergeRequest && (lower == policy.MilestoneUpcoming || lower == policy.MilestoneStarted) {
		r.refuse(e.value.at, "none, any, or a title", "milestone: of merge requests the gem looks for a milestone that is called %s", lower)
		return nil
	}
	return policy.InMilestone{Title: lower}
}

// noneOrAny is None or Any in the vocabulary's spelling, "" for another word.
func noneOrAny(text string) string {
	for _, w := range []string{policy.None, policy.Any} {
		if strings.EqualFold(text, w) {
			return w
		}
	}
	return ""
}

func readIteration(r *ruleReader, e entry) policy.Condition {
	title, ok := r.text(e)
	if !ok {
		return nil
	}
	if w := noneOrAny(title); w != "" {
		title = w
	}
	return policy.InIteration{Title: title}
}

func readWeight(r *ruleReader, e entry) policy.Condition {
	if e.value.kind == word {
		switch noneOrAny(strings.TrimSpace(e.value.text)) {
		case policy.None:
			return policy.Weighs{}
		case policy.Any:
			return policy.Weighs{Any: true}
		}
	}
	n, ok := r.number(e, 0)
	if !ok {
		return nil
	}
	return policy.Weighs{Weight: triage.Int(n)}
}

func readHealth(r *ruleReader, e entry) policy.Condition {
	if e.value.kind == word {
		if w := noneOrAny(strings.TrimSpace(e.value.text)); w != "" {
			return policy.HasHealth{Status: w}
		}
	}
	status, ok := r.choice(e, policy.None, policy.Any, "on_track", "needs_attention", "at_risk")
	if !ok {
		return nil
	}
	return policy.HasHealth{Status: status}
}

func readType(r *ruleReader, e entry) policy.Condition {
	kind, ok := r.choice(e, "issue", "incident", "test_case", "task")
	if !ok {
		return nil
	}
	return policy.IsType{Type: kind}
}

func readAuthor(r *ruleReader, e entry) policy.Condition {
	name, ok := r.text(e)
	if !ok || !r.username(e, name) {
		return nil
	}
	return policy.IsBy{Username: name}
}

var usernameForm = regexp.MustCompile(`^[A-Za-z0-9_.][A-Za-z0-9_.-]*$`)

// username checks a username that is written without @.
func (r *ruleReader) username(e entry, name string) bool {
	if !usernameForm.MatchString(name) {
		r.refuse(e.value.at, "write the name behind the @ of the profile", "%s: %q is not a username", e.key, name)
		return false
	}
	return true
}

// fields reads a mapping of a condition that has to have these keys, and may have others.
func (r *ruleReader) fields(e entry, must []string, may ...string) (map[string]entry, bool) {
	if e.value.kind == null {
		_, ok := r.text(e)
		return nil, ok
	}
	if !r.wantMapping(e.value, "write "+strings.Join(must, ", ")+" below it, further indented") {
		return nil, false
	}
	r.lostKeys(e.value, nil)
	found, good := map[string]entry{}, true
	for _, f := range e.value.entries {
		if !slices.Contains(must, f.key) && !slices.Contains(may, f.key) {
			r.refuse(f.at, near(f.key, append(slices.Clone(must), may...)), "%s has no %s", e.key, f.key)
			good = false
		}
		found[f.key] = entry{key: e.key + "." + f.key, at: f.at, value: f.value}
	}
	for _, key := range must {
		if _, ok := found[key]; !ok {
			r.refuse(e.at, "add "+key, "%s has no %s, without which the gem stops", e.key, key)
			good = false
		}
	}
	return found, good
}

func readMember(r *ruleReader, e entry) policy.Condition {
	f, ok := r.fields(e, []string{"source", "condition", "source_id"})
	if !ok {
		return nil
	}
	source, ok1 := r.choice(f["source"], "project", "group")
	verb, ok2 := r.choice(f["condition"], "member_of", "not_member_of")
	id, ok3 := r.text(f["source_id"])
	if !ok1 || !ok2 || !ok3 {
		return nil
	}
	c := policy.IsMember{Assignee: e.key == "assignee_member", Group: source == "group", Source: id, Not: verb == "not_member_of"}
	if c.Assignee {
		r.differ(e.at, "", "of several assignees all count; the gem looks at the first")
	}
	return c
}

func readVotes(r *ruleReader, e entry) policy.Condition {
	return r.count(e, map[string]policy.Countable{"upvotes": policy.Upvotes, "downvotes": policy.Downvotes})
}

func readDiscussions(r *ruleReader, e entry) policy.Condition {
	return r.count(e, map[string]policy.Countable{"threads": policy.Threads, "notes": policy.Notes})
}

// count reads a condition on a number.
func (r *ruleReader) count(e entry, attributes map[string]policy.Countable) policy.Condition {
	f, ok := r.fields(e, []string{"attribute", "condition", "threshold"})
	if !ok {
		return nil
	}
	attribute, ok1 := r.choice(f["attribute"], sortedKeys(attributes)...)
	verb, ok2 := r.choice(f["condition"], "less_than", "greater_than")
	threshold, ok3 := r.number(f["threshold"], 0)
	if !ok1 || !ok2 || !ok3 {
		return nil
	}
	return policy.Counts{What: attributes[attribute], Above: verb == "greater_than", Threshold: threshold}
}

func readDate(r *ruleReader, e entry) policy.Condition {
	f, ok := r.fields(e, []string{"attribute", "condition", "interval_type", "interval"}, "filter_in_ruby")
	if !ok {
		return nil
	}
	dates := []string{string(policy.CreatedAt), string(policy.UpdatedAt)}
	if r.rule.Subject == triage.SubjectMergeRequest {
		dates = append(dates, string(policy.MergedAt))
	}
	attribute, ok1 := r.choice(f["attribute"], dates...)
	verb, ok2 := r.choice(f["condition"], "older_than", "newer_than")
	unit, ok3 := r.choice(f["interval_type"], "minutes", "hours", "days", "weeks", "months", "years")
	interval, ok4 := r.number(f["interval"], 1)
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return nil
	}
	if policy.DateField(attribute) == policy.UpdatedAt && verb == "newer_than" {
		r.differ(e.at, "", "updated_at newer_than asks for what people do; for the gem, its own comments and labels count as well")
	}
	return policy.Age{Of: policy.DateField(attribute), Older: verb == "older_than", Interval: interval, Unit: policy.Unit(unit)}
}

func readDraft(r *ruleReader, e entry) policy.Condition {
	draft, ok := r.yesNo(e)
	if !ok {
		return nil
	}
	return policy.IsDraft{Draft: draft}
}

func readBranch(r *ruleReader, e entry) policy.Condition {
	name, ok := r.text(e)
	switch {
	case !ok:
		return nil
	case e.key == "source_branch":
		return policy.FromBranch{Name: name}
	}
	return policy.ToBranch{Name: name}
}

func readReviewer(r *ruleReader, e entry) policy.Condition {
	text, ok := r.text(e)
	if !ok {
		return nil
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id <= 0 {
		r.refuse(e.value.at, "the numeric id of a person", "reviewer_id: %q is no id; none and any are not asked for here", text)
		return nil
	}
	return policy.HasReviewer{ID: id}
}
