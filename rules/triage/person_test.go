package triage_test

import (
	"testing"

	"flowkeeper/rules/triage"
)

// TestPersonIs: ids tell people apart where both are known, else usernames do, whoever is asked.
func TestPersonIs(t *testing.T) {
	person := func(id int64, username string) triage.Person { return triage.Person{ID: id, Username: username} }
	tests := map[string]struct {
		a, b triage.Person
		want bool
	}{
		"same id":               {person(1, "ann"), person(1, "renamed"), true},
		"other id":              {person(1, "ann"), person(2, "ann"), false},
		"one without its id":    {person(0, "ann"), person(2, "ann"), true},
		"one with only its id":  {person(1, ""), person(0, "ann"), false},
		"neither with an id":    {person(0, "ann"), person(0, "ann"), true},
		"other username, no id": {person(0, "ann"), person(0, "bob"), false},
		"nobody":                {person(0, ""), person(0, ""), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, got := range []bool{tt.a.Is(tt.b), tt.b.Is(tt.a)} {
				if got != tt.want {
					t.Errorf("%+v is %+v: %v", tt.a, tt.b, got)
				}
			}
		})
	}
}

// TestOwnIssue: who wrote an issue may do what its author may, also where a payload did not tell the author's id.
func TestOwnIssue(t *testing.T) {
	in := input(triage.Issue{Author: triage.Person{Username: "ann"}, Assignees: []triage.Person{{ID: 2, Username: "bob"}}})
	for name, want := range map[string]bool{"ann": true, "bob": true, "zoe": false} {
		if got := triage.Self.Allows(in, triage.Person{ID: map[string]int64{"ann": 1, "bob": 2, "zoe": 3}[name], Username: name}, 0); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestIsSupportBot(t *testing.T) {
	for name, want := range map[string]bool{
		"support-bot": true, "support-bot1": true, "Support-Bot12": true, "": false, "support": false, "support-bot-fan": false, "my-support-bot": false,
	} {
		if got := (triage.Person{Username: name}).IsSupportBot(); got != want {
			t.Errorf("%q: got %t, want %t", name, got, want)
		}
	}
}
