package policy

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"flowkeeper/rules/triage"
)

// KnownField reports whether a template may name the field. Others stay as they are written, as with the gem.
func KnownField(name string) bool { return fields[name].value != nil }

// Fields are the names that templates may name, in their order.
func Fields() []string { return slices.Sorted(maps.Keys(fields)) }

// field is something of an issue that templates may name.
type field struct {
	value  func(*triage.Input) string // "" where there is none
	needs  func(*triage.Input) triage.Need
	people bool // the value is usernames with "@", which are to be mentioned
	plain  bool // GitLab made the value: nobody can write anything else into it
}

var fields = map[string]field{
	"author":         {value: author, needs: authorName, people: true},
	"assignee":       {value: func(in *triage.Input) string { return usernames(in.Issue.Assignees[:min(1, len(in.Issue.Assignees))]) }, people: true},
	"assignees":      {value: func(in *triage.Input) string { return usernames(in.Issue.Assignees) }, people: true},
	"title":          {value: func(in *triage.Input) string { return in.Issue.Title }},
	"type":           {value: func(in *triage.Input) string { return subjectType(&in.Issue) }, plain: true},
	"state":          {value: func(in *triage.Input) string { return string(stateOf(&in.Issue)) }, plain: true},
	"labels":         {value: labelsOf},
	"milestone":      {value: milestoneOf, needs: milestoneTitle},
	"due_date":       {value: func(in *triage.Input) string { return in.Issue.DueDate }, plain: true},
	"web_url":        {value: func(in *triage.Input) string { return in.Issue.URL }, plain: true},
	"url":            {value: func(in *triage.Input) string { return in.Issue.URL }, plain: true},
	"iid":            {value: func(in *triage.Input) string { return strconv.FormatInt(in.Issue.IID, 10) }, plain: true},
	"full_reference": {value: fullReference, plain: true},
	"created_at":     {value: func(in *triage.Input) string { return timestamp(in.Issue.CreatedAt) }, plain: true},
	"updated_at":     {value: func(in *triage.Input) string { return timestamp(in.Issue.UpdatedAt) }, plain: true},
	"closed_at":      {value: func(in *triage.Input) string { return timestamp(in.Issue.ClosedAt) }, plain: true},
	"merged_at":      {value: func(in *triage.Input) string { return timestamp(mergeRequest(in).MergedAt) }, plain: true},
	"source_branch":  {value: func(in *triage.Input) string { return mergeRequest(in).SourceBranch }},
	"target_branch":  {value: func(in *triage.Input) string { return mergeRequest(in).TargetBranch }},
	"upvotes":        {value: func(in *triage.Input) string { return strconv.Itoa(in.Memory.Context.Votes.Up) }, needs: votes, plain: true},
	"downvotes":      {value: func(in *triage.Input) string { return strconv.Itoa(in.Memory.Context.Votes.Down) }, needs: votes, plain: true},
}

// needs are what the template's fields ask for and is not known yet.
func (t Template) needs(in *triage.Input) (n triage.Need) {
	for _, p := range t {
		if f := fields[p.Field]; f.needs != nil {
			n |= f.needs(in)
		}
	}
	return n &^ in.Memory.Context.Known
}

// values are those of the template's fields, without those that have none.
func (t Template) values(in *triage.Input) map[string]string {
	var values map[string]string
	for _, p := range t {
		f := fields[p.Field]
		if f.value == nil {
			continue
		}
		if v := f.value(in); v != "" {
			if values == nil {
				values = map[string]string{}
			}
			values[p.Field] = v
		}
	}
	return values
}

// prose is the text with these values. A field without a value stays as it is written.
func (t Template) prose(values map[string]string) triage.Prose {
	var text triage.Prose
	for _, p := range t {
		switch value, known := values[p.Field]; {
		case p.Field == "":
			text = text.Say(p.Text)
		case !known:
			text = text.Say("{{" + p.Field + "}}")
		case fields[p.Field].people:
			text = append(text, mentions(value)...)
		case fields[p.Field].plain:
			text = text.Say(value)
		default:
			text = text.Untrusted(value)
		}
	}
	return text
}

// username is what GitLab accepts as one, and what is therefore safe to be written as a mention.
var username = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)

// mentions are usernames as pieces of a text. They notify people, as they do with the gem.
func mentions(names string) triage.Prose {
	var text triage.Prose
	for n, name := range strings.Split(names, ", ") {
		if n > 0 {
			text = text.Say(", ")
		}
		if username.MatchString(strings.TrimPrefix(name, "@")) {
			text = text.Say(name)
		} else {
			text = text.Untrusted(name)
		}
	}
	return text
}

func usernames(people []triage.Person) string {
	var names []string
	for _, p := range people {
		if p.Username != "" {
			names = append(names, "@"+p.Username)
		}
	}
	return strings.Join(names, ", ")
}

func author(in *triage.Input) string { return usernames([]triage.Person{in.Issue.Author}) }

func authorName(in *triage.Input) triage.Need {
	if in.Issue.Author.Username == "" {
		return triage.NeedAuthorName
	}
	return 0
}

func votes(*triage.Input) triage.Need { return triage.NeedVotes }

func milestoneTitle(in *triage.Input) triage.Need {
	if _, known := in.MilestoneFacts(); in.Issue.Milestone > 0 && !known {
		return triage.NeedMilestone
	}
	return 0
}

func milestoneOf(in *triage.Input) string {
	title := in.Issue.MilestoneTitle
	if facts, known := in.MilestoneFacts(); known {
		title = facts.Title
	}
	if in.Issue.Milestone == 0 || title == "" {
		return ""
	}
	return `%"` + title + `"`
}

func labelsOf(in *triage.Input) string {
	quoted := make([]string, len(in.Issue.Labels))
	for n, l := range in.Issue.Labels {
		quoted[n] = triage.Quoted(l)
	}
	return strings.Join(quoted, ", ")
}

func fullReference(in *triage.Input) string {
	if in.Issue.Path == "" {
		return ""
	}
	return in.Issue.Path + in.Issue.Kind.Sign() + strconv.FormatInt(in.Issue.IID, 10)
}

// subjectType is what the gem calls the kind of a thing: "issues" or "merge_requests".
func subjectType(i *triage.Issue) string { return i.Kind.String() + "s" }

func stateOf(i *triage.Issue) State {
	switch {
	case i.MergeRequest != nil && i.MergeRequest.State != "":
		return State(i.MergeRequest.State)
	case i.Closed:
		return Closed
	}
	return Opened
}

func mergeRequest(in *triage.Input) triage.MergeRequestDetails {
	if in.Issue.MergeRequest == nil {
		return triage.MergeRequestDetails{}
	}
	return *in.Issue.MergeRequest
}

// timestamp is a time as GitLab's API writes it, "" for none.
func timestamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}
