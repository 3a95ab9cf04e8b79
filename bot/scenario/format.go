package scenario

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// lookAgain begins the last line of a decision after which the bot wants to be woken.
const lookAgain = "look again in "

// Format writes a decision for people: what the rules said and want, what becomes of the issue and of the note. Of several rules only
// those with something to say are shown.
func Format(d engine.Decision, before triage.Issue, now time.Time, err error) string {
	var b strings.Builder
	if err != nil {
		fmt.Fprintf(&b, "error: %v\n", err)
	}
	if d.InScope && d.Reason != "" {
		fmt.Fprintf(&b, "left alone by the team's own rules: %s\n", d.Reason)
	}
	if !d.InScope && err == nil {
		fmt.Fprintf(&b, "not ours: %s\n", d.Reason)
		return b.String()
	}
	speaks := map[string]bool{}
	for _, w := range d.Note.Why {
		speaks[w.Rule] = true
	}
	for _, c := range d.Comments {
		speaks[c.Rule] = true
	}
	for _, f := range d.Findings {
		if len(d.Findings) > 1 && len(f.Wants) == 0 && !f.Overridden && !speaks[f.Rule] {
			continue
		}
		fmt.Fprintf(&b, "%s: %s\n", f.Rule, f.Reason)
		if f.Overridden {
			b.WriteString("  suspended, a person undid it\n")
		}
		for _, w := range f.Wants {
			fmt.Fprintf(&b, "  %s (%s)\n", w, f.Mode)
		}
	}
	formatIssue(&b, before, d.Result)
	formatComments(&b, d.Comments)
	formatNote(&b, d.Note)
	if !d.WakeAt.IsZero() {
		fmt.Fprintf(&b, "%s%s\n", lookAgain, d.WakeAt.Sub(now).Round(time.Second))
	}
	return b.String()
}

// formatDuration writes a time that has passed, to the second: "31d", "1d12h0m0s", "5m0s".
func formatDuration(d time.Duration) string {
	d = d.Round(time.Second)
	days, rest := d/(24*time.Hour), d%(24*time.Hour)
	switch {
	case days == 0:
		return rest.String()
	case rest == 0:
		return fmt.Sprintf("%dd", days)
	}
	return fmt.Sprintf("%dd%s", days, rest)
}

func formatIssue(b *strings.Builder, before, after triage.Issue) {
	if now := triage.WithoutStatus(after.Labels); !slices.Equal(triage.WithoutStatus(before.Labels), now) {
		fmt.Fprintf(b, "labels: %s\n", strings.Join(now, ", "))
	}
	if now := after.ShownStatus(); now != before.StatusName {
		fmt.Fprintf(b, "status: %s\n", now)
	}
	if !triage.SameWeight(before.Weight, after.Weight) {
		fmt.Fprintf(b, "weight: %d\n", *after.Weight)
	}
	if before.Milestone != after.Milestone {
		fmt.Fprintf(b, "milestone: %s\n", after.MilestoneTitle)
	}
	if before.Closed != after.Closed {
		if after.Closed {
			b.WriteString("closed\n")
		} else {
			b.WriteString("reopened\n")
		}
	}
	if before.DueDate != after.DueDate {
		fmt.Fprintf(b, "due date: %s\n", after.DueDate)
	}
	if edit := triage.Difference(before, after); len(edit.Assign)+len(edit.Unassign) > 0 {
		fmt.Fprintf(b, "assignees: %s\n", names(after.Assignees))
	}
	if after.MoveTo != "" {
		fmt.Fprintf(b, "moved to: %s\n", after.MoveTo)
	}
}

// names lists people, "nobody" if there are none.
func names(people []triage.Person) string {
	if len(people) == 0 {
		return "nobody"
	}
	all := make([]string, len(people))
	for n, p := range people {
		all[n] = p.Username
	}
	return strings.Join(all, ", ")
}

// formatComments writes the comments that policies make beside the note.
func formatComments(b *strings.Builder, comments []engine.OwnComment) {
	for _, c := range comments {
		kind := "comment"
		if c.Thread {
			kind = "thread"
		}
		if c.Internal {
			kind = "internal " + kind
		}
		fmt.Fprintf(b, "%s: %s\n", kind, sayText(c.Text, c.Mentions, true))
	}
}

// sayText is what a policy says, on one line, with those whom it mentions.
func sayText(text triage.Prose, people []string, mention bool) string {
	said := strings.Join(strings.Fields(text.Plain()), " ")
	if mention && len(people) > 0 {
		said += " @" + strings.Join(people, " @")
	}
	return strings.TrimSpace(said)
}

func formatNote(b *strings.Builder, s engine.Note) {
	for _, i := range s.Items {
		switch {
		case len(i.Say) > 0 && i.Met:
			fmt.Fprintf(b, "note: [x] %s\n", sayText(i.Say, nil, false))
		case len(i.Say) > 0:
			fmt.Fprintf(b, "note: [ ] %s\n", sayText(i.Say, i.People, i.Mention))
			formatDetails(b, i.Details)
		case i.Met:
			fmt.Fprintf(b, "note: [x] %s\n", i.Title)
		case i.Mention:
			fmt.Fprintf(b, "note: [ ] %s asks %s\n", itemText(i), roleList(i.Asks))
		default:
			fmt.Fprintf(b, "note: [ ] %s\n", itemText(i))
		}
	}
	for _, l := range s.Lines {
		fmt.Fprintf(b, "note: %s\n", l)
	}
	for _, r := range s.Remarks {
		fmt.Fprintf(b, "note: %s\n", sayText(r.Say, r.People, r.Mention))
		formatDetails(b, r.Details)
	}
	if s.Waiting && s.Open() == 0 && !s.Empty() {
		b.WriteString("note: more will follow\n")
	}
	for _, r := range s.Inactive {
		switch {
		case !r.Asked:
			fmt.Fprintf(b, "suspended: %s, %s undid %q\n", r.Rule, byWhom(r.By), r.What)
		case r.Until.IsZero():
			fmt.Fprintf(b, "quiet: %s, %s: %q\n", r.Rule, byWhom(r.By), r.Why)
		default:
			fmt.Fprintf(b, "quiet: %s until %s, %s\n", r.Rule, r.Until.UTC().Format(time.DateTime), byWhom(r.By))
		}
	}
}

// formatDetails writes what stands in the note's fold.
func formatDetails(b *strings.Builder, details triage.Prose) {
	if len(details) > 0 {
		fmt.Fprintf(b, "note, folded: %s\n", sayText(details, nil, false))
	}
}

// itemText is an item as the note reads.
func itemText(i engine.NoteItem) string {
	text := i.Text
	if i.QuoteAuthor != "" {
		text += " from @" + i.QuoteAuthor + ":"
	}
	if i.Quote != "" {
		text += " “" + i.Quote + "”"
	}
	if i.Then != "" {
		text += " " + i.Then
	}
	text = strings.TrimLeft(text, " ")
	if first, _ := utf8.DecodeRuneInString(text); unicode.IsUpper(first) || unicode.IsDigit(first) {
		return i.Title + ". " + text
	} else if first == ':' || text == "" {
		return i.Title + text
	}
	return i.Title + " " + text
}

func byWhom(name string) string {
	if name == "" {
		return "somebody"
	}
	return name
}

func roleList(asks []triage.Role) string {
	names := make([]string, len(asks))
	for i, r := range asks {
		names[i] = string(r)
	}
	return strings.Join(names, ", ")
}
