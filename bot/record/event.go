package record

import (
	"encoding/json"
	"fmt"
	"time"

	"flowkeeper/rules/triage"
)

// Event is one thing that happened to an issue and waits to be handled.
type Event struct {
	Event triage.Event `json:"e"`

	// Issue is its state as the delivery or the sweep showed it. Where that was too little to be relied on, it only says which issue it
	// is, and UpdatedAt is zero.
	Issue triage.Issue `json:"i"`

	// Came is when the bot came to the project of a swept issue, zero if that is long ago. An older issue is left in peace unless a person
	// touched it since.
	Came time.Time `json:"c,omitzero"`
	// Since is from when on a sweep looks at merge requests: one that was merged or closed before and that nothing is known of is left in peace.
	Since time.Time `json:"s,omitzero"`
	// Adopted says that the issue is taken up with its project's backlog: one that nothing is known of counts as opened, however old it is.
	Adopted bool `json:"a,omitempty"`
	// Policies is the digest of the policies that are due, see engine.PolicySet.
	Policies string `json:"pd,omitempty"`
	// Task is what to do with the document on the issue of a report, see report.Task.
	Task string `json:"t,omitempty"`
	// Edits are what commands on another issue change in that document.
	Edits []triage.ReportEdit `json:"ed,omitempty"`

	// TraceParent names the step of a trace that took the delivery, as W3C writes it; empty if nothing was traced.
	TraceParent string `json:"tp,omitempty"`
}

// Encode writes an event for the inbox, a few hundred bytes.
func (e Event) Encode() ([]byte, error) {
	data, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encoding an event of %s: %w", e.Issue.Ref, err)
	}
	return data, nil
}

// DecodeEvent reads what Encode wrote for an issue. The error says why it cannot; something happened to the issue all the same.
func DecodeEvent(data []byte, issue triage.Ref) (Event, error) {
	var kept struct {
		stored
		Event
	}
	err := json.Unmarshal(data, &kept)
	err = kept.check(err)
	if err == nil && kept.Issue.Ref != issue {
		err = fmt.Errorf("it is of the issue %s", kept.Issue.Ref)
	}
	if err != nil {
		return Event{}, fmt.Errorf("a kept event of %s cannot be read: %w", issue, err)
	}
	return kept.Event, nil
}

// TraceParent is that of what Encode wrote, "" if there is none.
func TraceParent(data []byte) string {
	var kept struct {
		TraceParent string `json:"tp"`
	}
	if json.Unmarshal(data, &kept) != nil {
		return ""
	}
	return kept.TraceParent
}
