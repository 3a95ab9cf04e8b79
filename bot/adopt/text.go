package adopt

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"flowkeeper/bot/legible"
)

// Text writes for a terminal what the rules would do on an issue.
func (i Issue) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d#%d  %s\n", i.Project, i.IID, legible.Printable(i.URL))
	switch {
	case i.Left != "":
		fmt.Fprintf(&b, "  left alone: %s\n", legible.Printable(i.Left))
	case len(i.Would) == 0:
		b.WriteString("  nothing\n")
	}
	for _, would := range i.Would {
		fmt.Fprintf(&b, "  %-26s %-7s %s\n", would.Rule, would.Mode, legible.Printable(cmp.Or(strings.Join(would.Wants, ", "), "say: "+would.Reason)))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
