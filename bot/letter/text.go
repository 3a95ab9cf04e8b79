package letter

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"flowkeeper/bot/legible"
	"flowkeeper/bot/record"
	"flowkeeper/rules/triage"
)

// maxCause is how much of a cause a list shows, in characters.
const maxCause = 100

// List writes letters for a terminal, one a line, in the order in which they are given.
func List(w io.Writer, letters []Letter, now time.Time) error {
	if len(letters) == 0 {
		_, err := fmt.Fprintln(w, "no dead letters")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ISSUE\tAGE\tATTEMPTS\tCAUSE")
	for _, l := range letters {
		first, _, _ := strings.Cut(strings.TrimSpace(l.Cause), "\n")
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\n", l.Issue(), age(l.Buried, now), l.Attempts, legible.Cut(legible.Printable(first), maxCause))
	}
	return table.Flush()
}

// Show writes a whole letter for a terminal: what happened, why it was given up, what every rule said. Comments are not shown.
func Show(w io.Writer, l Letter, now time.Time) error {
	var b strings.Builder
	events := l.events()
	fmt.Fprintf(&b, "%s", l.Issue())
	if i := latestState(events); i != nil {
		fmt.Fprintf(&b, " %s", legible.Printable(i.URL))
	}
	fmt.Fprintf(&b, "\nGiven up %s ago, at %s, attempt %d.\n\nCause:\n", age(l.Buried, now), clock(l.Buried), l.Attempts)
	for line := range strings.Lines(strings.TrimSpace(l.Cause)) {
		fmt.Fprintf(&b, "  %s\n", legible.Printable(line))
	}
	b.WriteString("\nEvents, oldest first:\n")
	for _, e := range events {
		fmt.Fprintf(&b, "  %s  %s\n", clock(e.At), e)
	}
	if l.Woken {
		b.WriteString("  the bot's own wake-up was due\n")
	}
	writeDecision(&b, l.decision())
	_, err := io.WriteString(w, b.String())
	return err
}

// writeDecision writes what the rules said at the time.
func writeDecision(b *strings.Builder, d record.Decision) {
	b.WriteString("\nDecision:\n")
	if len(d.Events)+len(d.Findings) == 0 {
		b.WriteString("  none was made\n")
		return
	}
	if !d.InScope && d.Reason != "" {
		fmt.Fprintf(b, "  left alone: %s\n", legible.Printable(d.Reason))
	}
	for _, c := range d.Commands {
		fmt.Fprintf(b, "  command %s: %s\n", legible.Printable(c.Command), legible.Printable(c.Reason))
	}
	for _, f := range d.Findings {
		fmt.Fprintf(b, "  %-28s %-7s %s\n", legible.Printable(f.Rule), f.Mode, legible.Printable(f.Reason))
		for _, want := range f.Wants {
			fmt.Fprintf(b, "  %37s%s\n", "→ ", legible.Printable(want))
		}
		if f.Overridden {
			fmt.Fprintf(b, "  %37sit is suspended here, a person undid it\n", "→ ")
		}
	}
	for _, did := range d.Done {
		fmt.Fprintf(b, "  done before it was given up: %s\n", legible.Printable(did))
	}
}

// DescribeLoss says what is lost if a letter is dropped, in a sentence without full stop.
func DescribeLoss(l Letter) string {
	lost := fmt.Sprintf("%d deliveries", l.Deliveries)
	if l.Deliveries == 1 {
		lost = "1 delivery"
	}
	if l.Woken {
		lost += " and a wake-up"
	}
	var what []string
	count := map[string]int{}
	for _, e := range l.events() {
		kind := e.Kind.String()
		if count[kind]++; count[kind] == 1 {
			what = append(what, kind)
		}
	}
	for n, kind := range what {
		what[n] = fmt.Sprintf("%d× %s", count[kind], kind)
	}
	if len(what) > 0 {
		lost += " (" + strings.Join(what, "; ") + ")"
	}
	return lost + ": commands in them are not carried out and no rule looks at them"
}

// String is an event on one line: what, by whom, which labels and which weight.
func (t mailEvent) String() string {
	if !t.known {
		return "a delivery that this version cannot read"
	}
	var s strings.Builder
	s.WriteString(t.Kind.String())
	if t.Actor.Username != "" {
		s.WriteString(" by @" + t.Actor.Username)
	}
	for _, l := range t.Changes.Added {
		s.WriteString(" +" + triage.Quoted(l))
	}
	for _, l := range t.Changes.Removed {
		s.WriteString(" -" + triage.Quoted(l))
	}
	if w := t.Changes.Weight; w != nil {
		fmt.Fprintf(&s, " weight %s→%s", weight(w.From), weight(w.To))
	}
	return legible.Printable(s.String())
}

func weight(w *int) string {
	if w == nil {
		return "none"
	}
	return fmt.Sprint(*w)
}

// age is how long ago something was, in its largest units: "3m", "2h5m", "4d".
func age(at, now time.Time) string {
	d := max(0, now.Sub(at))
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
	default:
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	}
}

func clock(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05 UTC") }
