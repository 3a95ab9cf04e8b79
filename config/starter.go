package config

import (
	"fmt"
	"strings"

	"flowkeeper/rules/triage"
)

// Starter is what a new configuration file says: what nobody can guess. Everything else keeps its default.
type Starter struct {
	GitLab   string                   // base URL
	Projects []string                 // full paths or ids
	Label    string                   // that the team's issues carry; "" if all issues are the team's
	People   map[triage.Role][]string // usernames
	Shadow   bool                     // no rule writes
}

// YAML is the content of the file, with comments that say what was decided and what else there is. It is not checked, see Check.
func (s Starter) YAML() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# Flowkeeper. What is not here has its default: flowkeeper check --config shows all that is in force.")
	line("gitlab:")
	line("  url: %s", yamlText(s.GitLab))
	line("  # Looked after from the start; others as soon as their webhook delivers.")
	line("  projects: %s", yamlList(s.Projects))
	line("")
	line("team:")
	if s.Label == "" {
		line("  # All issues are the team's. To share projects with other teams, give each a label of its own: group_label and labels.")
		line("  name: our team")
		line("  group_label: \"\"")
		line("  labels: []")
		line("  scope: all")
	} else {
		line("  # As people call it, in the bot's comments.")
		line("  name: %s", yamlText(triage.Value(s.Label)))
		line("  group_label: %s", yamlText(s.Label))
		line("  # What every issue of the team carries; add what else it should.")
		line("  labels: %s", yamlList([]string{s.Label}))
		line("  # Only issues that carry the label are the team's. all: each issue of the projects that carries no other team's.")
		line("  scope: labelled")
	}
	line("  roles:")
	for _, role := range triage.Roles() {
		line("    %s: %s", role, yamlList(s.People[role]))
	}
	line("")
	line("# Other states than the handbook's? workflow: {states: [{name: todo, is: intake}, {name: doing, is: development}, {name: done, is: done}]}")
	line("")
	line("rules:")
	if s.Shadow {
		line("  # Rules decide and record, and write nothing. Let them act with act here, or one by one: team-labels: act")
		line("  all: shadow")
	} else {
		line("  # Each rule goes as far as it does by default: flowkeeper rules lists them.")
		line("  all: act")
	}
	return b.String()
}

// yamlList is a list of texts as YAML, on one line.
func yamlList(texts []string) string {
	words := make([]string, len(texts))
	for n, t := range texts {
		words[n] = yamlText(t)
	}
	return "[" + strings.Join(words, ", ") + "]"
}
