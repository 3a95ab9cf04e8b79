package check

import (
	"fmt"
	"io"
	"unicode/utf8"

	"flowkeeper/bot/legible"
)

// Print writes findings for people: how it is, what, and the detail in a line; what to do about it in the next one. Names in it come from GitLab and
// may hold anything.
func Print(w io.Writer, findings []Finding) {
	const widest = 24
	wide := 0
	for _, f := range findings {
		if n := utf8.RuneCountInString(f.What); n <= widest {
			wide = max(wide, n)
		}
	}
	for _, f := range findings {
		fmt.Fprintf(w, "%-4s  %-*s  %s\n", f.Status, wide, legible.Printable(f.What), legible.Printable(f.Detail))
		if f.Do != "" {
			fmt.Fprintf(w, "      %s\n", legible.Printable(f.Do))
		}
	}
}
