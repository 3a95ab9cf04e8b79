package planning_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

func days(from, to string) planning.DateRange {
	return planning.DateRange{From: date(from), To: date(to)}
}

func TestAway(t *testing.T) {
	for name, tt := range map[string]struct {
		edits []triage.ReportEdit
		want  []planning.DateRange
	}{
		"days away":           {[]triage.ReportEdit{{AwayFrom: "2026-12-21", AwayTo: "2027-01-02"}}, []planning.DateRange{days("2026-12-21", "2027-01-02")}},
		"one day":             {[]triage.ReportEdit{{AwayFrom: "2026-12-21", AwayTo: "2026-12-21"}}, []planning.DateRange{days("2026-12-21", "2026-12-21")}},
		"an end before":       {[]triage.ReportEdit{{AwayFrom: "2026-12-21", AwayTo: "2026-12-20"}}, nil},
		"no end":              {[]triage.ReportEdit{{AwayFrom: "2026-12-21"}}, nil},
		"no date":             {[]triage.ReportEdit{{AwayFrom: "soon", AwayTo: "later"}}, nil},
		"an overlap":          {[]triage.ReportEdit{{AwayFrom: "2026-12-21", AwayTo: "2026-12-24"}, {AwayFrom: "2026-12-24", AwayTo: "2026-12-28"}}, []planning.DateRange{days("2026-12-21", "2026-12-28")}},
		"over two":            {[]triage.ReportEdit{{AwayFrom: "2026-12-01", AwayTo: "2026-12-02"}, {AwayFrom: "2026-12-05", AwayTo: "2026-12-06"}, {AwayFrom: "2026-12-02", AwayTo: "2026-12-05"}}, []planning.DateRange{days("2026-12-01", "2026-12-06")}},
		"apart, in order":     {[]triage.ReportEdit{{AwayFrom: "2026-12-24", AwayTo: "2026-12-28"}, {AwayFrom: "2026-12-01", AwayTo: "2026-12-02"}}, []planning.DateRange{days("2026-12-01", "2026-12-02"), days("2026-12-24", "2026-12-28")}},
		"back from the first": {[]triage.ReportEdit{{AwayFrom: "2026-12-21", AwayTo: "2027-01-02"}, {Back: "2026-12-21"}}, nil},
		"back earlier":        {[]triage.ReportEdit{{AwayFrom: "2026-12-21", AwayTo: "2027-01-02"}, {Back: "2026-12-28"}}, []planning.DateRange{days("2026-12-21", "2026-12-27")}},
		"back on the last":    {[]triage.ReportEdit{{AwayFrom: "2026-12-21", AwayTo: "2026-12-22"}, {Back: "2026-12-22"}}, []planning.DateRange{days("2026-12-21", "2026-12-21")}},
		"back from nothing":   {[]triage.ReportEdit{{AwayFrom: "2026-12-21", AwayTo: "2026-12-22"}, {Back: "2026-12-23"}}, []planning.DateRange{days("2026-12-21", "2026-12-22")}},
	} {
		t.Run(name, func(t *testing.T) {
			s := planning.State{Away: map[string][]planning.DateRange{"Erin": {days("2026-12-21", "2026-12-31")}}}
			for _, e := range tt.edits {
				e.Person = "eric"
				s = s.Edited(e)
			}
			if diff := cmp.Diff(tt.want, s.Away["eric"]); diff != "" {
				t.Errorf("eric is away (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]planning.DateRange{days("2026-12-21", "2026-12-31")}, s.Away["Erin"]); diff != "" {
				t.Errorf("Erin is away (-want +got):\n%s", diff)
			}
		})
	}
}

// TestOnePersonInAnyCase: a username is one in any case, and the first spelling stays.
func TestOnePersonInAnyCase(t *testing.T) {
	issue := triage.Ref{Project: 7, IID: 12}
	var s planning.State
	s = s.Edited(triage.ReportEdit{Person: "Eric", AwayFrom: "2026-12-21", AwayTo: "2026-12-22", Takes: &issue})
	s = s.Edited(triage.ReportEdit{Person: "eric", Back: "2026-12-22", Takes: &issue})
	want := planning.State{Away: map[string][]planning.DateRange{"Eric": {days("2026-12-21", "2026-12-21")}}, Takes: map[string][]string{"7#12": {"Eric"}}}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
	facts := triage.ReportFacts{
		ReportName: triage.ReportName{Kind: "planning", Key: "19.6"}, Away: []triage.Days{{From: "2026-12-21", To: "2026-12-21"}}, Takes: []triage.Ref{issue},
	}
	if diff := cmp.Diff(facts, planning.Report{Kind: planning.KindPlanning, Key: "19.6", State: s}.FactsFor("ERIC")); diff != "" {
		t.Errorf("what a command may know (-want +got):\n%s", diff)
	}
}

// TestEditedTwice: an edit made twice is made once, it leaves the state that it was made of alone, and no days overlap.
func TestEditedTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s planning.State
		day := rapid.Map(rapid.IntRange(0, 12), func(n int) string { return date("2026-12-20").AddDays(n).String() })
		for range rapid.IntRange(1, 8).Draw(t, "edits") {
			e := triage.ReportEdit{Person: rapid.SampledFrom([]string{"eric", "Eric", "erin", ""}).Draw(t, "person")}
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				e.AwayFrom, e.AwayTo = day.Draw(t, "from"), day.Draw(t, "to")
			case 1:
				e.Back = day.Draw(t, "back")
			case 2:
				e.Takes = &triage.Ref{Project: 7, IID: rapid.Int64Range(1, 3).Draw(t, "issue")}
			}
			before := s
			text := stateText(t, s)
			s = s.Edited(e)
			if stateText(t, before) != text {
				t.Fatalf("%+v changed the state before: %s, now %s", e, text, stateText(t, before))
			}
			if diff := cmp.Diff(s, s.Edited(e)); diff != "" {
				t.Fatalf("%+v made twice: %s", e, diff)
			}
			for name, away := range s.Away {
				for n, d := range away {
					if d.To.Before(d.From) || n > 0 && !d.From.After(away[n-1].To) {
						t.Fatalf("%s is away %v", name, away)
					}
				}
			}
		}
	})
}

func stateText(t *rapid.T, s planning.State) string {
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestInherited: the next report knows what people said, not what its predecessor asked of whom.
func TestInherited(t *testing.T) {
	before := planning.State{
		Key: "19.7", Counts: map[string]int{"candidates": 3}, Before: map[string]int{"candidates": 2},
		Away:  map[string][]planning.DateRange{"ann": {days("2026-11-02", "2026-11-06"), days("2026-12-21", "2027-01-02")}, "mia": {days("2026-11-02", "2026-11-06")}},
		Takes: map[string][]string{"7#12": {"ann"}}, Dealt: map[string]string{"7#13": "mia"}, Mailed: []string{"ann"},
	}
	want := planning.State{
		Key: "19.7", Counts: before.Counts, Away: map[string][]planning.DateRange{"ann": {days("2026-12-21", "2027-01-02")}}, Takes: before.Takes,
	}
	if diff := cmp.Diff(want, before.Inherited(date("2026-12-07"))); diff != "" {
		t.Error(diff)
	}
	if len(before.Away["ann"]) != 2 {
		t.Error("the predecessor's own state was changed")
	}
	if !planning.Precedes("19.9", "19.10") || planning.Precedes("20.0", "19.11") || !planning.Precedes("2026-11-23", "2026-11-30") || planning.Precedes("19.9", "19.9") {
		t.Error("the order of reports is another one")
	}
}
