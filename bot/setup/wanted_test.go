package setup_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/setup"
	"flowkeeper/config"
	"flowkeeper/rules"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

func handbook() engine.Policy { return config.Default(rules.Catalogue()).Policy() }

func names(p engine.Policy) []string {
	var list []string
	for _, l := range setup.Labels(p) {
		list = append(list, l.Name)
	}
	return list
}

// Whatever label the scenarios of the rules have the bot add is one that setup creates.
func TestLabelsOfAllScenarios(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../rules/testdata/scenarios/*/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no scenarios", err)
	}
	all := handbook()
	for n := range all.Settings {
		all.Settings[n].Mode = all.Settings[n].MaxMode
	}
	wanted, seen := names(all), map[string]bool{}
	milestone := regexp.MustCompile(`^missed:[0-9]+[.][0-9]+$`)
	added := regexp.MustCompile(`(?m)^  add ~(?:"([^"]+)"|(\S+)) \(`)
	otherTeam := regexp.MustCompile(`(?m)^(group_label|labels|side): |\blabel: `)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		head, _, _ := strings.Cut(string(data), "-- issue --")
		if otherTeam.MatchString(head) || strings.Contains(file, "/policy-") { // whose policies are in the file
			continue
		}
		for _, m := range added.FindAllStringSubmatch(string(data), -1) {
			label := m[1] + m[2]
			seen[label] = true
			if !slices.Contains(wanted, label) && !milestone.MatchString(label) {
				t.Errorf("%s: the bot adds %s, which setup does not create", file, label)
			}
		}
	}
	if len(seen) < 20 {
		t.Errorf("the scenarios add only %d labels", len(seen))
	}
}

func TestLabels(t *testing.T) {
	t.Parallel()
	p := handbook()
	colors := map[string]string{}
	for _, l := range setup.Labels(p) {
		if l.Description == "" || len(l.Description) > 255 {
			t.Errorf("%s: the description is %q", l.Name, l.Description)
		}
		if !regexp.MustCompile(`^#[0-9a-f]{6}$`).MatchString(l.Color) {
			t.Errorf("%s: the colour is %q", l.Name, l.Color)
		}
		scope := triage.Scope(l.Name)
		if before := colors[scope]; scope != "" && before != "" && before != l.Color && scope != "severity" && scope != "priority" {
			t.Errorf("%s has another colour than the rest of its scope", l.Name)
		}
		colors[scope] = l.Color
		colors[l.Name] = l.Color
	}
	if colors["severity::1"] == colors["severity::4"] || colors["severity::2"] != colors["priority::2"] {
		t.Errorf("severity and priority are not graded alike: %v", colors)
	}
	for n := range p.Settings {
		p.Settings[n].Mode = triage.Off
	}
	for _, name := range []string{"UX", "needs research", "group::source code", "backend-weight::3"} {
		if slices.Contains(names(p), name) {
			t.Errorf("%s is created although no rule writes it", name)
		}
	}
	if m := setup.Milestone(p); m != "" {
		t.Errorf("without its rule the milestone is %q", m)
	}
	if m := setup.Milestone(handbook()); m != "Backlog" {
		t.Errorf("the milestone is %q", m)
	}
}

// The issues of reports carry the names by which the team's rules leave issues alone.
func TestLabelsOfReports(t *testing.T) {
	t.Parallel()
	for own, want := range map[string][]string{"": {"triage report", "Planning Issue"}, "meta": {"meta"}} {
		c := config.Default(rules.Catalogue())
		if own != "" {
			c.Labels[triage.Skip] = []string{own}
		}
		var more []string
		for _, l := range setup.ReportLabels(c.Policy()) {
			more = append(more, l.Name)
		}
		if !slices.Equal(more, want) {
			t.Errorf("with the name %q reports add %v, want %v", own, more, want)
		}
	}
}

// A team gets the labels of its own weights and levels, and none of what it does not have.
func TestLabelsOfATeamsNumbers(t *testing.T) {
	t.Parallel()
	c := config.Default(rules.Catalogue())
	c.Weights.Scale, c.Weights.Label = []int{1, 3, 5, 13}, "tw-weight::"
	c.Priority = config.Levels{Values: []string{"P1", "P2", "P3", "P4", "P5"}, Urgent: []string{"P1"}}
	c.Severity.None = true
	got := names(c.Policy())
	for _, want := range []string{"tw-weight::1", "tw-weight::13", "P1", "P5"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is not among the labels %v", want, got)
		}
	}
	for _, l := range got {
		if strings.HasPrefix(l, "severity::") || strings.HasPrefix(l, "priority::") || strings.Contains(l, "weight::2") || strings.HasPrefix(l, "backend-weight") {
			t.Errorf("%s is among the labels", l)
		}
	}
	c.Weights.None = true
	for _, l := range names(c.Policy()) {
		if strings.Contains(l, "weight") {
			t.Errorf("%s is among the labels of a team without weights", l)
		}
	}
}

// What the team's own policies name is wanted, too, unless they are switched off.
func TestLabelsOfPolicies(t *testing.T) {
	t.Parallel()
	p := handbook()
	for _, mode := range []triage.Mode{triage.Act, triage.Off} {
		r := policy.Rule{ID: "policy/stale", Name: "Stale", Actions: policy.Actions{Labels: []string{"stale " + mode.String(), "type::bug"}}}
		p.Settings = append(p.Settings, engine.Setting{Rule: r.Rule(), Mode: mode})
	}
	var got []gitlab.NewLabel
	for _, l := range setup.Labels(p) {
		if strings.HasPrefix(l.Name, "stale") {
			got = append(got, l)
		}
	}
	if len(got) != 1 || got[0].Name != "stale act" || got[0].Description != "Named by the policy “Stale”" {
		t.Errorf("labels %+v, want that of the policy that acts", got)
	}
}
