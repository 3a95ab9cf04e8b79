package access_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/access"
	"flowkeeper/bot/gitlab"
	"flowkeeper/config"
	"flowkeeper/rules"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// lab is a GitLab whose project n is "group/n", and in which everybody has the level.
type lab struct {
	scopes []string
	refuse error // to the question for the scopes
	admin  bool
	level  int
	broken error // to the question for the level
	asked  int   // for levels
}

func (l *lab) TokenScopes(context.Context) ([]string, error) { return l.scopes, l.refuse }
func (l *lab) IsAdmin() bool                                 { return l.admin }

func (l *lab) ProjectID(_ context.Context, path string) (id int64, err error) {
	if _, err := fmt.Sscanf(path, "group/%d", &id); err != nil {
		return 0, &gitlab.Error{Class: gitlab.NotFound, Err: err}
	}
	return id, nil
}

func (l *lab) AccessLevel(context.Context, int64, int64) (int, error) {
	l.asked++
	return l.level, l.broken
}

// editing is a policy whose rules change merge requests.
func editing(rules ...string) engine.Policy {
	p := only(rules...)
	for n := range p.Settings {
		p.Settings[n].Edits = true
	}
	return p
}

func TestMissing(t *testing.T) {
	t.Parallel()
	handbook := config.Default(rules.Catalogue()).Policy()
	tests := map[string]struct {
		lab      lab
		projects []string
		policy   engine.Policy
		want     []string
	}{
		"a Planner":         {lab: lab{scopes: []string{"api"}, level: 15}, projects: []string{"7", "group/8"}, policy: handbook},
		"an administrator":  {lab: lab{admin: true}, projects: []string{"7"}, policy: handbook},
		"unknown scopes":    {lab: lab{level: 20}, projects: []string{"7"}, policy: handbook},
		"told twice":        {lab: lab{level: 10}, projects: []string{"group/7", "7"}, policy: only(), want: []string{"in project group/7"}},
		"of another kind":   {lab: lab{refuse: &gitlab.Error{Status: 401, Class: gitlab.Unavailable, Denied: gitlab.DeniedToken, Err: errors.New("x")}, level: 10}, projects: []string{"7"}, policy: only(), want: []string{"only a Guest"}},
		"no scope at all":   {lab: lab{refuse: &gitlab.Error{Status: 403, Class: gitlab.Unavailable, Denied: gitlab.DeniedToken, Err: errors.New("x")}}, policy: handbook, want: []string{"the token lacks the scope api: "}},
		"minimal access":    {lab: lab{level: 5}, projects: []string{"group/7"}, policy: only("type-x"), want: []string{"@bot is hardly a member (minimal access) of project group/7, too little to set labels and weights (for type-x and commands)"}},
		"a Guest, no rules": {lab: lab{level: 10}, projects: []string{"7"}, policy: only(), want: []string{"@bot is only a Guest in project 7, too little to set labels and weights (for commands)"}},
		"a Guest, rules":    {lab: lab{level: 10}, projects: []string{"7"}, policy: only("a", "b", "c", "d"), want: []string{"(for a, b, 2 more rules and commands)"}},
		"merge requests, a Reporter": {lab: lab{level: 20}, projects: []string{"7"}, policy: editing("a", "b", "c"),
			want: []string{"@bot is no Developer in project 7 and may not change merge requests there (for a, b and 1 more): make it a Developer"}},
		"merge requests, a Developer": {lab: lab{level: 30}, projects: []string{"7"}, policy: editing("a")},
		"merge requests, a Guest":     {lab: lab{level: 10}, projects: []string{"7"}, policy: editing("a"), want: []string{"only a Guest"}},
		"no project": {lab: lab{level: 30}, projects: []string{"nowhere/7", "8"}, policy: handbook,
			want: []string{"@bot does not see project nowhere/7: "}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := access.Missing(t.Context(), &tt.lab, triage.Person{ID: 5, Username: "bot"}, tt.projects, tt.policy)
			if err != nil || len(got) != len(tt.want) {
				t.Fatalf("missing is %q, %v; want %q", got, err, tt.want)
			}
			for n, want := range tt.want {
				if !strings.Contains(got[n], want) {
					t.Errorf("missing is %q, want %q", got[n], want)
				}
			}
		})
	}
}

// only is a policy in which these rules act, and one reminds.
func only(ids ...string) engine.Policy {
	p := engine.Policy{Settings: []engine.Setting{{Rule: triage.Rule{Meta: triage.Meta{ID: "reminder"}}, Mode: triage.Remind}}}
	for _, id := range ids {
		p.Settings = append(p.Settings, engine.Setting{Rule: triage.Rule{Meta: triage.Meta{ID: id}}, Mode: triage.Act})
	}
	return p
}

// A GitLab that does not answer is no token that may do nothing, and a thousand projects are not a thousand questions.
func TestMissingIsBounded(t *testing.T) {
	t.Parallel()
	self, policy := triage.Person{ID: 5, Username: "bot"}, only()
	var many []string
	for n := range 1000 {
		many = append(many, fmt.Sprint(n+1))
	}
	l := &lab{level: 20}
	if got, err := access.Missing(t.Context(), l, self, many, policy); err != nil || len(got) != 0 || l.asked != access.MaxProjects {
		t.Errorf("missing is %q, %v after %d questions", got, err, l.asked)
	}
	away := &gitlab.Error{Class: gitlab.Unavailable, Err: errors.New("away")}
	for name, l := range map[string]*lab{"scopes": {refuse: away}, "levels": {broken: away}} {
		got, err := access.Missing(t.Context(), l, self, many, policy)
		if diff := cmp.Diff([]string(nil), got); diff != "" || !errors.Is(err, away) {
			t.Errorf("%s: %v (-want +got)\n%s", name, err, diff)
		}
	}
}
