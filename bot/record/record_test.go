package record_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/record"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

var (
	ref  = triage.Ref{Project: 7, IID: 12}
	noon = time.Date(2026, 5, 4, 12, 0, 0, 123_000_000, time.UTC)
	ann  = triage.Person{ID: 41, Username: "ann"}
)

// event has all that is kept of an event.
func event() record.Event {
	return record.Event{
		Event: triage.Event{
			Kind: triage.Updated | triage.Noted | triage.LabelsChanged | triage.WeightChanged, Actor: ann, At: noon, ReceivedAt: noon.Add(time.Second),
			Changes: triage.Changes{
				Added: []string{"a"}, Removed: []string{"b"}, Weight: &triage.WeightChange{To: triage.Int(0)}, ClosedAt: noon.Add(-time.Minute),
			},
			Note:  &triage.Note{ID: 801, Discussion: "d", Text: "/flow weight 3 & <b>", Internal: true, Edited: true, OnlyCommands: true, MaybeEdited: true},
			Emoji: &triage.Emoji{Name: "thumbsup", NoteID: 802},
		},
		Issue: triage.Issue{
			Ref: ref, ID: 900, Path: "team/project", URL: "https://gitlab.example/team/project/-/issues/12", Type: "Issue", Title: "t", Closed: true,
			Confidential: true, Moved: true, Duplicated: true, Status: "done", ServiceDesk: true, Labels: []string{"a", "type::bug"}, Weight: triage.Int(0),
			NoWeights: true, Author: ann, Assignees: []triage.Person{ann, {ID: 42}}, Milestone: 5, DueDate: "2026-05-08", HealthStatus: "at_risk", CreatedAt: noon.Add(-time.Hour), UpdatedAt: noon, SecondPrecision: true,
		},
		Came: noon.Add(-48 * time.Hour), Since: noon.Add(-24 * time.Hour), Adopted: true, Task: "compose", Edits: []triage.ReportEdit{{Person: "ann"}},
		TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	}
}

// decision has all that is kept of a decision.
func decision() record.Decision {
	return record.Decision{
		Events: []string{"opened", "noted"}, Path: "team/project", Confidential: true, InScope: true, Reason: "r", Done: []string{"added ~a"}, Attempt: 2, Deliveries: []string{"0193-a"}, Error: "e",
		Commands: []engine.Result{{By: "ann", Command: "weight", Reason: "done", Refused: true}},
		Findings: []engine.Finding{{
			Rule: "team-labels", Mode: triage.Shadow, Reason: "f", Wants: []string{"add ~a"}, Evaluated: true, Overridden: true, Would: []string{"add ~b"}, Notable: true,
		}},
	}
}

// TestStoredForm holds what is written to files that earlier releases could have written: stores keep it over an upgrade, and replicas of two
// releases share one. If a file has to change in more than a new key, the format is a new one.
func TestStoredForm(t *testing.T) {
	t.Run("event", func(t *testing.T) {
		kept := stored(t, "event.json")
		data, err := event().Encode()
		same(t, err, string(kept), string(data))
		e, err := record.DecodeEvent(kept, ref)
		same(t, err, event(), e)
		same(t, nil, event().TraceParent, record.TraceParent(kept))
		same(t, nil, "", record.TraceParent([]byte(`{"tp":`)))
	})
	t.Run("decision", func(t *testing.T) {
		kept := stored(t, "decision.json")
		data, err := decision().Encode()
		same(t, err, string(kept), string(data))
		d, err := record.DecodeDecision(kept)
		same(t, err, decision(), d)
	})
}

func stored(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSpace(data)
}

func same(t *testing.T, err error, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

// TestOtherReleases: what is missing is empty and what is new is skipped, unless whoever wrote it says that it is not to be read that way.
func TestOtherReleases(t *testing.T) {
	e, err := record.DecodeEvent([]byte(`{"e":{"k":1,"new":{}},"i":{"p":7,"i":12},"new":[]}`), ref)
	same(t, err, record.Event{Event: triage.Event{Kind: triage.Opened}, Issue: triage.Issue{Ref: ref}}, e)
	d, err := record.DecodeDecision([]byte(`{"v":1,"ours":true,"new":1}`))
	same(t, err, record.Decision{InScope: true}, d)

	for body, word := range map[string]string{
		`{"v":2,"e":"opened","i":{"p":7,"i":12}}`: "a newer release wrote it, in format 2; this one reads format 1",
		`{"e":"opened","i":{"p":7,"i":12}}`:       "another release wrote it, or it is damaged",
		`{"e":{"k":1},"i":{"p":7,"i":`:            "another release wrote it, or it is damaged",
		``:                                        "another release wrote it, or it is damaged",
		`{"e":{"k":1},"i":{"p":7,"i":13}}`:        "it is of the issue 7#13",
	} {
		e, err := record.DecodeEvent([]byte(body), ref)
		if err == nil || !strings.HasPrefix(err.Error(), "a kept event of 7#12 cannot be read: "+word) || !cmp.Equal(e, record.Event{}) {
			t.Errorf("%s is read as %+v with the error %v, want one that says %q", body, e, err, word)
		}
	}
	for _, body := range []string{`{"v":2}`, `{"ours":1}`, `[]`} {
		if d, err := record.DecodeDecision([]byte(body)); err == nil || !cmp.Equal(d, record.Decision{}) {
			t.Errorf("%s is read as %+v with the error %v", body, d, err)
		}
	}
}
