package rules_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"flowkeeper/bot/scenario"
	"flowkeeper/rules"
	"flowkeeper/rules/triage"
)

// ownTeams are teams that work quite differently: one by a small board on GitLab Free, with labels that have no scope, one whose issues are closed
// out of any state, and one that has a state of its own for everything that a state can mean.
func ownTeams(t *testing.T) map[string]triage.TeamConfig {
	t.Helper()
	everything := triage.WorkflowTable{}
	for _, m := range triage.Meanings() {
		s := triage.State{Name: "Column " + string(rune('A'+m)), Label: "📌 col " + string(rune('A'+m)), Is: m}
		if m == triage.Blocked || m == triage.Dropped {
			everything.Beside = append(everything.Beside, s)
			continue
		}
		for _, of := range triage.HandbookWorkflow().Path {
			if of.Is == m {
				s.Needs = of.Needs
			}
		}
		everything.Path = append(everything.Path, s)
	}
	teams := map[string]triage.TeamConfig{}
	for name, table := range map[string]triage.WorkflowTable{
		"everything": everything,
		"no end": {Path: []triage.State{
			{Name: "1 - triage", Label: "step::1 - triage", Is: triage.Intake}, {Name: "2 - doing", Label: "step::2 - doing", Is: triage.Development},
			{Name: "3 - review", Label: "step::3 - review", Is: triage.CodeReview},
		}},
		"small board": {
			Path: []triage.State{
				{Name: "To Do", Label: "To Do", Is: triage.Intake},
				{Name: "wip", Label: "🚧 wip", Is: triage.Development, Needs: []triage.Requirement{triage.RequireAssignee, triage.RequireMilestone, "label:checked"}},
				{Name: "testing", Label: "2. 📝 testing", Is: triage.CodeReview}, {Name: "over", Label: "validation:over", Is: triage.Done},
			},
			Beside: []triage.State{{Name: "Won't do", Label: "Won't do", Is: triage.Dropped}},
			Moves:  map[string][]string{"over": {"testing"}, "testing": {"wip", "over"}},
		},
	} {
		w, err := triage.NewWorkflow(table)
		if err != nil {
			t.Fatal(err)
		}
		config := handbook()
		config.Workflow = w
		teams[name] = config
	}
	return teams
}

// inWordsOf writes a text or a label of the handbook's team as the other team would: each state becomes the one that means the same, else the first.
func inWordsOf(team *triage.Team, text string) string {
	states := slices.Clone(triage.HandbookWorkflow().States())
	slices.SortFunc(states, func(a, b triage.State) int { return len(b.Name) - len(a.Name) })
	for _, s := range states {
		name := team.Workflow.Named(s.Is)
		if s.Is == triage.NoMeaning || name == "" {
			name = team.Workflow.Named(triage.Intake)
		}
		text = strings.ReplaceAll(text, "workflow::"+s.Name, team.State(name))
		text = regexp.MustCompile(`(/flow to|@flowkeeper to) `+regexp.QuoteMeta(s.Name)).ReplaceAllString(text, "$1 "+name)
	}
	return text
}

// sectionNames are the headings of the handbook that rules and commands carry out.
func sectionNames() []string {
	var names []string
	for _, r := range rules.Catalogue() {
		names = append(names, r.Section)
	}
	for _, c := range rules.Commands() {
		names = append(names, c.Section)
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return name == "" })
}

// TestOwnWords plays the scenarios of all rules and commands for teams with other states, asks for the reasons and the help besides, and looks
// whether anything that is said names a state, a label or a section that these teams do not have.
func TestOwnWords(t *testing.T) {
	files, err := filepath.Glob("testdata/scenarios/*/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no scenarios", err)
	}
	sections := sectionNames()
	var named []string
	for _, r := range rules.Catalogue() {
		named = append(named, r.ID, "<rule>")
	}
	ids := strings.NewReplacer(named...)
	for name, config := range ownTeams(t) {
		team := triage.NewTeam(config)
		policy := policyFor(t, "all")
		policy.Team = team
		said := 0
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s, err := scenario.Parse([]byte(inWordsOf(team, string(data))), config)
			if err != nil {
				t.Fatal(file, err)
			}
			if s.Policies != "" {
				continue // they say what their team wrote
			}
			s.Team.Workflow = config.Workflow
			s.Rules = nil
			s.Steps = append(s.Steps, scenario.Step{Event: scenario.Event{Kind: "commented", Text: "/flow why"}},
				scenario.Step{Event: scenario.Event{Kind: "commented", Text: "/flow help all"}})
			folder := filepath.Base(filepath.Dir(file))
			if rule := folder; !strings.HasPrefix(rule, "cmd-") && rule != "all" {
				s.Steps = append(s.Steps, scenario.Step{Event: scenario.Event{Kind: "commented", Text: "/flow why " + rule}})
			} else if command, ok := strings.CutPrefix(folder, "cmd-"); ok {
				s.Steps = append(s.Steps, scenario.Step{Event: scenario.Event{Kind: "commented", Text: "/flow help " + strings.ReplaceAll(command, "-", " ")}})
			}
			got, err := s.Play(policy)
			if err != nil {
				t.Errorf("%s, %s: %v", name, file, err)
				continue
			}
			for n, text := range got {
				for line := range strings.SplitSeq(text, "\n") {
					said++
					if strings.HasPrefix(line, "labels: ") {
						continue // also those that people set
					}
					line = ids.Replace(line)
					heard := strings.Contains(s.Steps[n].Event.Text+s.Issue.Title, handbookState.FindString(line)) // people's own words
					switch {
					case handbookState.MatchString(line) && !heard && !strings.Contains(line, "state that means"):
						t.Errorf("%s, %s, step %d speaks of %q: %s", name, file, n+1, handbookState.FindString(line), line)
					case strings.Contains(line, "workflow::"):
						t.Errorf("%s, %s, step %d speaks of a label that is none: %s", name, file, n+1, line)
					case strings.Contains(line, "handbook"):
						t.Errorf("%s, %s, step %d speaks of the handbook: %s", name, file, n+1, line)
					case strings.Contains(line, "reply:"):
						for _, section := range sections {
							if strings.Contains(line, "· "+section+" ·") || strings.Contains(line, "“"+section+"”") {
								t.Errorf("%s, %s, step %d speaks of the section %q: %s", name, file, n+1, section, line)
							}
						}
					}
				}
			}
		}
		if said < 1000 {
			t.Errorf("%s: only %d lines were said", name, said)
		}
	}
}
