package backtest

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// Comparison is the same past under the configuration in force and under another one.
type Comparison struct {
	Now   Report `json:"now"`
	Other Report `json:"other"`
}

// ruleChange is what another configuration means for one rule.
type ruleChange struct {
	rule       string
	now, other Rule
}

// changes are the rules that the other configuration lets do something else, the greatest difference first.
func (c Comparison) changes() []ruleChange {
	place, all := map[string]int{}, []ruleChange{}
	at := func(rule string) *ruleChange {
		n, known := place[rule]
		if !known {
			n = len(all)
			place[rule], all = n, append(all, ruleChange{rule: rule})
		}
		return &all[n]
	}
	for _, r := range c.Now.Rules {
		at(r.Rule).now = r
	}
	for _, r := range c.Other.Rules {
		at(r.Rule).other = r
	}
	all = slices.DeleteFunc(all, func(x ruleChange) bool { return x.sameNumbers() })
	slices.SortStableFunc(all, func(a, b ruleChange) int { return b.difference() - a.difference() })
	return all
}

func (x ruleChange) sameNumbers() bool {
	return x.now.Fired == x.other.Fired && x.now.WouldRemind == x.other.WouldRemind && x.now.WouldMention == x.other.WouldMention &&
		x.now.Agreed == x.other.Agreed && x.now.Disagreed == x.other.Disagreed && x.now.Mode == x.other.Mode
}

func (x ruleChange) difference() int {
	return max(x.now.Fired-x.other.Fired, x.other.Fired-x.now.Fired)
}

// verdict is the comparison in a sentence.
func (c Comparison) verdict() string {
	fired, same, opposite := c.Now.Totals()
	otherFired, otherSame, otherOpposite := c.Other.Totals()
	if len(c.changes()) == 0 {
		return "The new configuration would have done the same."
	}
	return fmt.Sprintf("The new configuration would have fired %s, not %s. People did the same themselves in %s, not %s, of the cases, and the opposite in %s, not %s.",
		times(otherFired), times(fired), share(otherSame, otherFired), share(same, fired), share(otherOpposite, otherFired), share(opposite, fired))
}

// share is percent, or none of nothing.
func share(part, whole int) string {
	if whole == 0 {
		return "0 %"
	}
	return percent(part, whole)
}

// WriteText writes the comparison for a terminal.
func (c Comparison) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", c.verdict())
	if changes := c.changes(); len(changes) > 0 {
		b.WriteString("\n")
		table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "RULE\tFIRED\tNEW\tREMINDERS\tNEW\tMENTIONS\tNEW\tAGREED\tNEW\tDISAGREED\tNEW")
		for _, x := range changes {
			fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\n", x.rule, x.now.Fired, x.other.Fired, x.now.WouldRemind, x.other.WouldRemind,
				x.now.WouldMention, x.other.WouldMention, x.now.Agreed, x.other.Agreed, x.now.Disagreed, x.other.Disagreed)
		}
		_ = table.Flush() // into memory
	}
	b.WriteString("\nThe new configuration:\n")
	if _, err := io.WriteString(w, b.String()); err != nil {
		return err
	}
	return c.Other.WriteText(w)
}

// WriteMarkdown writes the comparison for the description of a merge request, the verdict in its first line.
func (c Comparison) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s**\n", c.verdict())
	if changes := c.changes(); len(changes) > 0 {
		b.WriteString("\n| Rule | Fired | Reminders | Mentions | Agreed | Disagreed |\n|---|--:|--:|--:|--:|--:|\n")
		for _, x := range changes {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", x.rule, step(x.now.Fired, x.other.Fired), step(x.now.WouldRemind, x.other.WouldRemind),
				step(x.now.WouldMention, x.other.WouldMention), step(x.now.Agreed, x.other.Agreed), step(x.now.Disagreed, x.other.Disagreed))
		}
	}
	b.WriteString("\n<details><summary>The new configuration alone</summary>\n\n")
	if _, err := io.WriteString(w, b.String()); err != nil {
		return err
	}
	if err := c.Other.WriteMarkdown(w); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n</details>\n")
	return err
}

// step is a number before and after.
func step(now, other int) string {
	if now == other {
		return fmt.Sprint(now)
	}
	return fmt.Sprintf("%d → %d", now, other)
}
