package triage_test

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"flowkeeper/rules/triage"
)

func drawRef(t *rapid.T) triage.Ref {
	return triage.Ref{
		Project: rapid.Int64Range(1, 1e18-1).Draw(t, "project"),
		Kind:    rapid.SampledFrom([]triage.SubjectKind{triage.SubjectIssue, triage.SubjectMergeRequest}).Draw(t, "kind"),
		IID:     rapid.Int64Range(1, 1e18-1).Draw(t, "number"),
	}
}

func TestRefIsReadAsItIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ref := drawRef(t)
		if got, err := triage.ParseRef(ref.String()); err != nil || got != ref {
			t.Errorf("%s is read as %v, %v", ref, got, err)
		}
		text, err := json.Marshal(ref)
		var got triage.Ref
		if err == nil {
			err = json.Unmarshal(text, &got)
		}
		if err != nil || got != ref {
			t.Errorf("%s is read as %v, %v", text, got, err)
		}
	})
}

func TestRefWritesKinds(t *testing.T) {
	for _, test := range []struct {
		ref        triage.Ref
		text, json string
	}{
		{triage.Ref{Project: 7, IID: 12}, "7#12", `{"p":7,"i":12}`},
		{triage.Ref{Project: 7, Kind: triage.SubjectMergeRequest, IID: 12}, "7!12", `{"p":7,"k":"merge_request","i":12}`},
	} {
		text, err := json.Marshal(test.ref)
		if test.ref.String() != test.text || string(text) != test.json || err != nil || !test.ref.Names() {
			t.Errorf("got %s and %s, %v; want %s and %s", test.ref, text, err, test.text, test.json)
		}
	}
}

func TestRefRefusesWhatNamesNothing(t *testing.T) {
	for _, text := range []string{"", "7", "#12", "7#", "7#0", "0#7", "07#1", "7#12 ", "7/12", "7&12", "7!-1", "7#" + strings.Repeat("9", 19)} {
		if ref, err := triage.ParseRef(text); err == nil {
			t.Errorf("%q is read as %s", text, ref)
		}
	}
	var ref triage.Ref
	if err := json.Unmarshal([]byte(`{"p":7,"k":"epic","i":1}`), &ref); err == nil {
		t.Errorf("an epic is read as %s", ref)
	}
	for _, ref := range []triage.Ref{{}, {Project: 7}, {IID: 1}, {Project: -7, IID: 1}, {Project: 7, Kind: 2, IID: 1}} {
		if ref.Names() {
			t.Errorf("%+v names something", ref)
		}
	}
}
