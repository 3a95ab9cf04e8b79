package backtest

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"flowkeeper/bot/legible"
	"flowkeeper/bot/report/document"
	"flowkeeper/rules/triage"
)

// WriteText writes the report for a terminal.
func (r Report) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s to %s: %s played with %s.\n", legible.Printable(r.Project), day(r.Since), day(r.Until), count(r.Issues, "issue"), count(r.Calls, "call"))
	if r.Left > 0 {
		fmt.Fprintf(&b, "%s left: the calls were used up. To go on: --resume\n", count(r.Left, "issue"))
	}
	if r.Gone > 0 {
		fmt.Fprintf(&b, "%s left out: deleted meanwhile, or the token may not see the past of it.\n", count(r.Gone, "issue"))
	}
	if len(r.Rules) == 0 {
		fmt.Fprintln(&b, r.verdict())
	} else {
		r.writeRules(&b)
	}
	for _, e := range r.Contradict {
		fmt.Fprintf(&b, "  %s: %s\n", legible.Printable(e.where()), legible.Printable(e.What))
	}
	for _, remark := range r.Remarks {
		fmt.Fprintf(&b, "%s is %s.\n", remark.Rule, remark.What)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeRules writes what the rules would have done, and where people disagreed.
func (r Report) writeRules(b *strings.Builder) {
	b.WriteString("\n")
	table := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "RULE\tMODE\tFIRED\tLABELS\tWEIGHTS\tREMINDERS\tMENTIONS\tAGREED\tDISAGREED")
	for _, x := range r.Rules {
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\n", x.Rule, x.Mode, x.Fired, x.WouldLabel, x.WouldWeigh, x.WouldRemind, x.WouldMention, x.Agreed, x.Disagreed)
	}
	_ = table.Flush() // into memory
	fmt.Fprintf(b, "\n%s\n%s\n", r.verdict(), r.noise(legible.Printable))
	for _, x := range r.Rules {
		for _, e := range x.Examples {
			if e.People == "disagreed" {
				fmt.Fprintf(b, "  people disagreed: %s: %s, %s\n", x.Rule, legible.Printable(e.What), legible.Printable(e.where()))
			}
		}
	}
}

// verdict is the report in a sentence.
func (r Report) verdict() string {
	fired, same, opposite := r.Totals()
	if fired == 0 {
		return "No rule would have done or said anything."
	}
	return fmt.Sprintf("The rules would have fired %s. People did the same themselves in %s of these cases, the opposite in %s.",
		times(fired), percent(same, fired), percent(opposite, fired))
}

// noise says how much the bot would have written; quoted is a username as it is written there.
func (r Report) noise(quoted func(string) string) string {
	text := fmt.Sprintf("It would have written a comment on %s (%.1f a day)", count(r.Notes, "issue"), r.NotesPerDay)
	own := 0
	for _, x := range r.Rules {
		own += x.WouldComment
	}
	if own > 0 {
		text += ", with " + count(own, "comment") + " of policies beside it,"
	}
	var people []string
	for _, who := range slices.Sorted(maps.Keys(r.Mentions)) {
		people = append(people, quoted(who)+" "+times(r.Mentions[who]))
	}
	if len(people) == 0 {
		return text + " and mentioned nobody."
	}
	return text + " and mentioned " + strings.Join(people, ", ") + "."
}

// where is the address of an example's issue, or what may be said of it.
func (e Example) where() string {
	if e.URL != "" {
		return e.URL
	}
	return e.Issue
}

// markdown is a link to an example's issue, or what may be said of it.
func (e Example) markdown() string {
	if e.URL == "" {
		return e.Issue
	}
	return document.Link(e.URL, triage.Code(e.Issue))
}

// WriteMarkdown writes the report for the description of a merge request, the verdict in its first line.
func (r Report) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s**\n\n%s, %s to %s: %s. %s\n", r.verdict(), triage.Code(r.Project), day(r.Since), day(r.Until), count(r.Issues, "issue"), r.noise(triage.Code))
	if r.Left > 0 {
		fmt.Fprintf(&b, "\n%s were not played: the calls were used up.\n", count(r.Left, "issue"))
	}
	if r.Gone > 0 {
		fmt.Fprintf(&b, "\n%s were left out: deleted meanwhile, or the token may not see the past of it.\n", count(r.Gone, "issue"))
	}
	for _, e := range r.Contradict {
		fmt.Fprintf(&b, "\nRules contradict each other on %s: %s\n", e.markdown(), triage.Code(e.What))
	}
	for _, remark := range r.Remarks {
		fmt.Fprintf(&b, "\n`%s` is %s.\n", remark.Rule, remark.What)
	}
	if len(r.Rules) > 0 {
		b.WriteString("\n| Rule | Mode | Fired | Labels | Weights | Reminders | Mentions | Agreed | Disagreed |\n|---|---|--:|--:|--:|--:|--:|--:|--:|\n")
	}
	for _, x := range r.Rules {
		fmt.Fprintf(&b, "| `%s` | %s | %d | %d | %d | %d | %d | %d | %d |\n", x.Rule, x.Mode, x.Fired, x.WouldLabel, x.WouldWeigh, x.WouldRemind, x.WouldMention, x.Agreed, x.Disagreed)
	}
	writeExamples(&b, r.Rules)
	_, err := io.WriteString(w, b.String())
	return err
}

// writeExamples writes the examples folded, those with which people disagreed named as such.
func writeExamples(b *strings.Builder, rules []Rule) {
	for _, x := range rules {
		fmt.Fprintf(b, "\n<details><summary>%s: %s</summary>\n\n", x.Rule, count(len(x.Examples), "example"))
		for _, e := range x.Examples {
			fmt.Fprintf(b, "- %s, %s: %s", e.markdown(), day(e.At), triage.Code(e.What))
			if e.People != "" {
				fmt.Fprintf(b, " (people %s)", e.People)
			}
			b.WriteString("\n")
		}
		b.WriteString("\n</details>\n")
	}
}

const dayForm = "2 January 2006"

func day(t interface{ Format(string) string }) string { return t.Format(dayForm) }

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}

// percent is a share in whole percent.
func percent(part, whole int) string {
	return fmt.Sprintf("%d %%", (200*part+whole)/(2*whole))
}
