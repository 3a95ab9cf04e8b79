package triage_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/rules/triage"
)

var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func team(c triage.TeamConfig) *triage.Team {
	if c.Side == "" {
		c.Side = "backend"
	}
	return triage.NewTeam(c)
}

func input(issue triage.Issue, events ...triage.Event) triage.Input {
	return triage.NewInput(team(triage.TeamConfig{}), events, issue, nil, monday)
}

func TestScope(t *testing.T) {
	for label, want := range map[string][2]string{
		"workflow::in dev": {"workflow", "in dev"}, "a::b::c": {"a::b", "c"}, "UX": {"", "UX"}, "::x": {"", "::x"}, "x::": {"x", ""}, "": {"", ""},
	} {
		if got := [2]string{triage.Scope(label), triage.Value(label)}; got != want {
			t.Errorf("%q: scope and value %q, want %q", label, got, want)
		}
	}
}

func TestCanonical(t *testing.T) {
	tm := team(triage.TeamConfig{Labels: []string{"devops::create", "security"}, Names: map[triage.LabelRole][]string{triage.UX: {"UX", "Ux"}}})
	for label, want := range map[string]string{
		"workflow:: in dev": "workflow::in dev", " Workflow ::In Dev ": "workflow::in dev", "SPIKE": "spike", "devops ::create": "devops::create",
		"Ux": "Ux", "ux": "UX", "workflow::indev": "workflow::indev", "Ünïcode:: X": "Ünïcode:: X", "": "", "::": "::",
	} {
		if got := tm.Canonical(label); got != want {
			t.Errorf("%q means %q, want %q", label, got, want)
		}
	}
}

func TestWeight(t *testing.T) {
	two := triage.Int(2)
	tests := map[string]struct {
		issue triage.Issue
		want  *int
		field bool // a new weight goes into the field
	}{
		"none":                      {triage.Issue{}, nil, true},
		"the field":                 {triage.Issue{Weight: two}, two, true},
		"0 is a weight":             {triage.Issue{Weight: triage.Int(0)}, triage.Int(0), true},
		"the side's label":          {triage.Issue{Labels: []string{"backend-weight::3"}, Weight: two}, triage.Int(3), false},
		"the other side's label":    {triage.Issue{Labels: []string{"frontend-weight::3"}, Weight: two}, two, true},
		"two-sided, only a field":   {triage.Issue{Labels: []string{"backend", "frontend"}, Weight: two}, nil, false},
		"no field":                  {triage.Issue{NoWeights: true}, nil, false},
		"a label that is no weight": {triage.Issue{Labels: []string{"backend-weight::large"}, Weight: two}, two, true},
		"a negative label":          {triage.Issue{Labels: []string{"backend-weight::-1"}}, nil, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(tt.issue)
			if got := in.Weight(); !triage.SameWeight(got, tt.want) {
				t.Errorf("weight %v, want %v", got, tt.want)
			}
			if field := in.WeightAction(1).Side == ""; field != tt.field {
				t.Errorf("a new weight goes to the field: %t, want %t", field, tt.field)
			}
		})
	}
}

func TestWinner(t *testing.T) {
	added := func(minute int, labels ...string) triage.Event {
		return triage.Event{At: monday.Add(time.Duration(minute) * time.Minute), Changes: triage.Changes{Added: labels}}
	}
	tests := map[string]struct {
		labels []string
		events []triage.Event
		want   string
	}{
		"none":                       {nil, nil, ""},
		"one":                        {[]string{"workflow::start"}, nil, "workflow::start"},
		"further along":              {[]string{"workflow::in dev", "workflow::start"}, nil, "workflow::in dev"},
		"added last":                 {[]string{"workflow::in dev", "workflow::start"}, []triage.Event{added(1, "workflow::in dev"), added(2, "workflow::start")}, "workflow::start"},
		"added last, misspelt":       {[]string{"workflow::in dev", "workflow:: start"}, []triage.Event{added(2, "workflow:: start")}, "workflow::start"},
		"added in one change":        {[]string{"workflow::in dev", "workflow::start"}, []triage.Event{added(1, "workflow::in dev", "workflow::start")}, "workflow::in dev"},
		"unknown states: the last":   {[]string{"workflow::x", "workflow::y"}, nil, "workflow::y"},
		"a known one beats unknown":  {[]string{"workflow::start", "workflow::y"}, nil, "workflow::start"},
		"blocked is beside the path": {[]string{"workflow::blocked", "workflow::start"}, nil, "workflow::start"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(triage.Issue{Labels: tt.labels}, tt.events...)
			if got := in.Winner("workflow"); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestSecurity(t *testing.T) {
	for name, tt := range map[string]struct {
		labels []string
		want   bool
	}{
		"none": {nil, false}, "the label": {[]string{"security"}, true}, "a vulnerability": {[]string{"bug::vulnerability", "type::bug"}, true},
		"hardening as a feature": {[]string{"security", "type::feature"}, true}, "as maintenance": {[]string{"security", "type::maintenance"}, true},
		"misspelt": {[]string{"Security"}, true},
	} {
		in := input(triage.Issue{Labels: tt.labels})
		if got := in.IsSecurity(); got != tt.want {
			t.Errorf("%s: %t, want %t", name, got, tt.want)
		}
	}
}

func TestNewerThan(t *testing.T) {
	at := func(ms int, coarse bool) *triage.Issue {
		u := monday.Add(time.Duration(ms) * time.Millisecond)
		if coarse {
			u = u.Truncate(time.Second)
		}
		return &triage.Issue{UpdatedAt: u, SecondPrecision: coarse}
	}
	tests := map[string]struct {
		a, b *triage.Issue
		want bool
	}{
		"than nothing":                        {at(0, false), nil, true},
		"later":                               {at(2, false), at(1, false), true},
		"earlier":                             {at(1, false), at(2, false), false},
		"the same":                            {at(1, false), at(1, false), false},
		"coarse in the second of a precise":   {at(900, true), at(100, false), false},
		"coarse in the next second":           {at(1100, true), at(900, false), true},
		"precise in the second of a coarse":   {at(100, false), at(900, true), true},
		"precise in the second before coarse": {at(900, false), at(1100, true), false},
	}
	for name, tt := range tests {
		if got := tt.a.NewerThan(tt.b); got != tt.want {
			t.Errorf("%s: %t, want %t", name, got, tt.want)
		}
	}
}

func TestKinds(t *testing.T) {
	if got := (triage.Opened | triage.LabelsChanged).String(); got != "opened, labels changed" {
		t.Errorf("printed as %q", got)
	}
	for k, want := range map[triage.Kind]string{
		triage.Closed: "closed", triage.Woken: "woken", triage.MilestoneChanged: "milestone changed", 0: "",
	} {
		if k.String() != want {
			t.Errorf("%q is printed as %q", want, k)
		}
	}
	if got := triage.Noted.Effective(); got != triage.Noted {
		t.Errorf("a comment implies %s", got)
	}
	if got := triage.Reopened.Effective(); got != triage.Reopened|triage.AllChanges {
		t.Errorf("a reopened issue implies %s", got)
	}
}

func TestCode(t *testing.T) {
	for text, want := range map[string]string{"/label ~UX": "`/label ~UX`", "a`b": "`a'b`", "a\nb": "`a b`"} {
		if diff := cmp.Diff(want, triage.Code(text)); diff != "" {
			t.Error(diff)
		}
	}
}
