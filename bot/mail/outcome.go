package mail

import (
	"fmt"
	"strings"
	"time"
)

// Outcome is what became of the mails of a report so far. The names are usernames.
type Outcome struct {
	Sent      []string
	Waiting   []string // tried again
	Refused   []string // for good
	Unknown   []string // nobody knows; not sent again
	NoAddress []string
	Causes    []string  // why not, "eric: …", each once
	Again     time.Time // when to call Send again; zero if nobody waits
}

// outcome sums up the records.
func (b *batch) outcome() Outcome {
	var o Outcome
	people := map[string][]string{} // by cause
	for _, p := range b.people {
		name, r := p.letter.To, p.record
		again := r.Again
		switch r.State {
		case stateSent:
			o.Sent = append(o.Sent, name)
		case stateWaiting, stateSending:
			o.Waiting = append(o.Waiting, name)
			if r.State == stateSending {
				again = r.At.Add(abandoned)
			}
			if o.Again.IsZero() || again.Before(o.Again) {
				o.Again = again
			}
		case stateRefused:
			o.Refused = append(o.Refused, name)
		case stateNoAddress:
			o.NoAddress = append(o.NoAddress, name)
		case stateUnknown, stateNone: // none: the store was emptied
			o.Unknown = append(o.Unknown, name)
		}
		if r.Cause == "" {
			continue
		}
		if people[r.Cause] == nil {
			o.Causes = append(o.Causes, r.Cause)
		}
		people[r.Cause] = append(people[r.Cause], name)
	}
	for n, cause := range o.Causes {
		o.Causes[n] = strings.Join(people[cause], ", ") + ": " + cause
	}
	return o
}

// String says it in a line for people: "mail: 5 sent, 1 waiting (eric); …".
func (o Outcome) String() string {
	var parts []string
	if len(o.Sent) > 0 {
		parts = append(parts, fmt.Sprintf("%d sent", len(o.Sent)))
	}
	for _, group := range []struct {
		people []string
		what   string
	}{{o.Waiting, "waiting"}, {o.Refused, "not sent"}, {o.Unknown, "unknown whether sent, not sent again"}, {o.NoAddress, "without an address"}} {
		if len(group.people) > 0 {
			parts = append(parts, fmt.Sprintf("%d %s (%s)", len(group.people), group.what, strings.Join(group.people, ", ")))
		}
	}
	if len(parts) == 0 {
		return "no mail"
	}
	return strings.Join(append([]string{"mail: " + strings.Join(parts, ", ")}, o.Causes...), "; ")
}
