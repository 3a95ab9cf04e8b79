// Package letter shows dead letters to people and saves them as scenarios. A letter holds what people wrote and who they are; a saved
// one does not, so that it can be kept beside the code. It knows neither stores nor addresses: the caller passes the letters.
package letter

import (
	"encoding/json"
	"slices"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/rules/triage"
)

// Letter is a dead letter as people and programs see it. Deliveries is their number; Mail holds them, oldest first, and is empty in lists.
// Decision is a record.Decision, nil if nothing was decided.
type Letter struct {
	Project    int64              `json:"project"`
	Kind       triage.SubjectKind `json:"kind"` // "issue" or "merge_request"
	IID        int64              `json:"iid"`
	Buried     time.Time          `json:"buried"`
	Cause      string             `json:"cause"`
	Attempts   int                `json:"attempts"`
	Deliveries int                `json:"deliveries"`
	Woken      bool               `json:"woken,omitempty"` // a wake-up was being handled, too
	Decision   json.RawMessage    `json:"decision,omitempty"`
	Mail       []Mail             `json:"mail,omitempty"`
}

// Mail is one delivery of a letter. Body is a record.Event, nil if it is not JSON.
type Mail struct {
	ID       string          `json:"id,omitempty"`
	Accepted time.Time       `json:"accepted"`
	Body     json.RawMessage `json:"body,omitempty"`
}

// Summary is a letter for a list: without its mail.
func Summary(l inbox.DeadLetter) Letter {
	s := Letter{
		Project: l.Issue.Project, Kind: l.Issue.Kind, IID: l.Issue.IID, Buried: l.DeadSince, Cause: l.Cause, Attempts: l.Attempts,
		Deliveries: len(l.Deliveries), Woken: l.Woken,
	}
	if json.Valid(l.Record) {
		s.Decision = l.Record
	}
	return s
}

// Full is a letter with its mail.
func Full(l inbox.DeadLetter) Letter {
	whole := Summary(l)
	for _, d := range l.Deliveries {
		m := Mail{ID: d.ID, Accepted: d.EnqueuedAt}
		if json.Valid(d.Body) {
			m.Body = d.Body
		}
		whole.Mail = append(whole.Mail, m)
	}
	return whole
}

// Issue names whose letter it is.
func (l Letter) Issue() triage.Ref { return triage.Ref{Project: l.Project, Kind: l.Kind, IID: l.IID} }

// mailEvent is a decoded delivery. known is false if another version wrote it, so that it cannot be decoded.
type mailEvent struct {
	triage.Event
	issue triage.Issue
	known bool
}

// events decodes the mail, in the order in which things happened.
func (l Letter) events() []mailEvent {
	all := make([]mailEvent, 0, len(l.Mail)+1)
	for _, m := range l.Mail {
		e, err := record.DecodeEvent(m.Body, l.Issue())
		t := mailEvent{Event: e.Event, issue: e.Issue, known: err == nil}
		if !t.known {
			t.Kind = triage.Swept
		}
		if t.At.IsZero() {
			t.At = m.Accepted
		}
		all = append(all, t)
	}
	slices.SortStableFunc(all, func(a, b mailEvent) int { return a.At.Compare(b.At) })
	return all
}

// decision is the decision at the time, empty if there is none that can be read.
func (l Letter) decision() record.Decision {
	d, _ := record.DecodeDecision(l.Decision)
	return d
}

// latestState is the last state of the issue that the deliveries show, nil if they show none.
func latestState(events []mailEvent) *triage.Issue {
	var last *triage.Issue
	for n := range events {
		if i := &events[n].issue; !i.UpdatedAt.IsZero() && i.NewerThan(last) {
			last = i
		}
	}
	return last
}
