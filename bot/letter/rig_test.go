package letter_test

import (
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/letter"
	"flowkeeper/bot/record"
	"flowkeeper/rules"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

var (
	ref  = triage.Ref{Project: 7, IID: 12}
	noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

	ann  = triage.Person{ID: 41, Username: "annabel"}
	omar = triage.Person{ID: 42, Username: "omar.k"}
)

// ours are the labels that make an issue the team's.
var ours = []string{"backend", "devops::create", "Category:Source Code Management", "group::source code"}

// policy is the handbook's with a roster.
func policy(roster map[triage.Role][]string) engine.Policy {
	team := triage.TeamConfig{Name: "Create:Source Code BE", GroupLabel: "group::source code", Side: "backend", Labels: ours, Roster: roster}
	return engine.Policy{
		Team: triage.NewTeam(team), Settings: engine.Defaults(rules.Catalogue()), Commands: rules.Commands(), Grace: 5 * time.Minute,
	}
}

// issue is what the payloads show, touched so long after noon.
func issue(after time.Duration, labels ...string) triage.Issue {
	return triage.Issue{
		Ref: ref, Path: "secret/garden", URL: "https://gitlab.example/secret/garden/-/issues/12", Type: "Issue", Title: "Walter cannot log in",
		Labels: append(append([]string{}, ours...), labels...), Author: triage.Person{ID: ann.ID}, CreatedAt: noon.Add(-time.Hour), UpdatedAt: noon.Add(after),
	}
}

// happened is a delivery's body.
func happened(kind triage.Kind, who triage.Person, after time.Duration, i triage.Issue) record.Event {
	return record.Event{Event: triage.Event{Kind: kind, Actor: who, At: noon.Add(after), ReceivedAt: noon.Add(after)}, Issue: i}
}

func noted(who triage.Person, after time.Duration, text string, i triage.Issue) record.Event {
	b := happened(triage.Noted, who, after, i)
	b.Event.Note = &triage.Note{ID: 801, Text: text}
	return b
}

// test is a testing.T or a rapid.T.
type test interface {
	Helper()
	Fatal(...any)
}

// bury makes a letter of what happened and what was decided, if it is not nil.
func bury(t test, decision *record.Decision, bodies ...record.Event) letter.Letter {
	t.Helper()
	l := inbox.DeadLetter{Issue: ref, DeadSince: noon.Add(time.Hour), Attempts: 3, Cause: "PUT https://gitlab.example/api/v4/projects/7/issues/12: 403 Forbidden"}
	for n, b := range bodies {
		data, err := b.Encode()
		if err != nil {
			t.Fatal(err)
		}
		l.Deliveries = append(l.Deliveries, inbox.Message{Seq: int64(n), EnqueuedAt: b.Event.ReceivedAt, Body: data})
	}
	if decision != nil {
		data, err := decision.Encode()
		if err != nil {
			t.Fatal(err)
		}
		l.Record = data
	}
	return letter.Full(l)
}
