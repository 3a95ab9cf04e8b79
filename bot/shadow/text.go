package shadow

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"flowkeeper/bot/legible"
)

func byIssues(a, b Tally) int {
	return cmp.Or(cmp.Compare(b.Issues, a.Issues), cmp.Compare(a.Rule, b.Rule))
}

// Text writes a report for a terminal: the issues, the newest first, then the rules.
func Text(w io.Writer, r Report, since time.Time) error {
	var b strings.Builder
	if len(r.Issues) == 0 {
		fmt.Fprintf(&b, "Since %s no rule in shadow would have done anything.\n", clock(since))
	}
	for _, i := range r.Issues {
		fmt.Fprintf(&b, "%s%s%d  %s\n", legible.Printable(cmp.Or(i.Path, strconv.FormatInt(i.Project, 10))), i.Kind.Sign(), i.IID, clock(i.At))
		for _, would := range i.Would {
			fmt.Fprintf(&b, "  %-26s %s\n", legible.Printable(would.Rule), legible.Printable(strings.Join(would.Would, ", ")))
		}
	}
	if r.More > 0 {
		fmt.Fprintf(&b, "… and %d more issues\n", r.More)
	}
	if len(r.Rules) > 0 {
		fmt.Fprintf(&b, "\nIssues on which a rule would have done something since %s:\n", clock(since))
	}
	for _, t := range r.Rules {
		fmt.Fprintf(&b, "  %-26s %d\n", legible.Printable(t.Rule), t.Issues)
	}
	if !r.Oldest.IsZero() {
		fmt.Fprintf(&b, "\nDecisions before %s are not kept any more.\n", clock(r.Oldest))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func clock(at time.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") }
