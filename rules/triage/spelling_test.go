package triage_test

import (
	"testing"

	"flowkeeper/rules/triage"
)

func TestIsAgreement(t *testing.T) {
	for _, text := range []string{
		"👍", "👍🏻", "👍🏿", "👍\ufe0f", "👍🏽\ufe0f", "👍\ufe0f🏽", " 👍 ", ":thumbsup:", ":+1:", ":thumbsup_tone1:", ":thumbsup_tone5:", ":+1_tone3:", "+1", "+1!", "LGTM", "Agreed.", "I agree",
	} {
		if !triage.IsAgreement(text) {
			t.Errorf("%q is no agreement, want it to be one", text)
		}
	}
	for _, text := range []string{"", "👎", "👍👎", ":thumbsup", ":thumbsup_tone6:", ":thumbsdown:", "+1 but", "👍 if it is small", "I disagree", ":+1::-1:"} {
		if triage.IsAgreement(text) {
			t.Errorf("%q is an agreement, want it to be none", text)
		}
	}
	for name, want := range map[string]bool{"thumbsup": true, "+1": true, "thumbsup_tone4": true, "thumbsdown": false, "tada": false, "thumbsup_tone": false} {
		if got := triage.IsThumbsup(name); got != want {
			t.Errorf("the reaction %q: got %t, want %t", name, got, want)
		}
	}
}

func TestQuoted(t *testing.T) {
	for label, want := range map[string]string{
		"UX": "~UX", "follow-up": "~follow-up", "a&b": "~a&b", "v1.2": "~v1.2",
		"needs research": `~"needs research"`, "workflow::in dev": `~"workflow::in dev"`, "type::bug": `~"type::bug"`, "a/b": `~"a/b"`, "C++": `~"C++"`,
		"2": `~"2"`, "3d": `~"3d"`, "done?": `~"done?"`, "etc.": `~"etc."`, "größe": `~"größe"`,
		`12" rack`: `“12" rack”`,
	} {
		if got := triage.Quoted(label); got != want {
			t.Errorf("%s: got %s, want %s", label, got, want)
		}
	}
	if got, want := triage.HowTo(triage.AddLabel{Label: `12" rack`}), `the sidebar to add “12" rack”`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := triage.HowTo(triage.AddLabel{Label: "UX"}), "`/label ~UX`"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A username in the roster is the person's in any case, in whatever is counted or allowed.
func TestUsernamesInAnyCase(t *testing.T) {
	for _, spelling := range []string{"omar", "Omar", "OMAR"} {
		team := triage.NewTeam(triage.TeamConfig{Roster: map[triage.Role][]string{
			triage.EngineeringManager: {spelling}, triage.ProductManager: {"pat"},
		}})
		in := triage.Input{Team: team, Issue: triage.Issue{Author: triage.Person{Username: "Ann"}}, Memory: &triage.Memory{Context: triage.Context{
			Known: triage.NeedAgreements, Agreements: map[string]triage.Agreement{"omar": {Thumb: true}, "ann": {Thumb: true}},
		}}}
		if got, want := in.Tally(), (triage.Tally{Engineering: 1, Roster: true}); got != want {
			t.Errorf("with %s in the roster: %+v, want %+v", spelling, got, want)
		}
		if !triage.HasUsername(team.People(triage.EngineeringManager), "oMaR") {
			t.Errorf("%s is not found as oMaR", spelling)
		}
	}
	if (triage.Person{Username: ""}).Is(triage.Person{Username: ""}) {
		t.Error("nobody is somebody")
	}
}
