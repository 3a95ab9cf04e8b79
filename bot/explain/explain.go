// Package explain says in words what the rules make of an issue and why.
package explain

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"flowkeeper/bot/worker"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// Text writes the explanation for a terminal: under which configuration, what would change, what the note would say, which rules are quiet because of people, then
// every rule with its reason. The rules that have something to say come first.
func Text(w io.Writer, configuration string, e worker.Explanation) error {
	d := e.Decision
	var b strings.Builder
	fmt.Fprintf(&b, "%s#%d %s\n", e.Issue.Path, e.Issue.IID, e.Issue.Title)
	fmt.Fprintf(&b, "  %s\n  labels: %s\n  configuration: %s\n", issueFacts(e.Issue), labelList(e.Issue.Labels), configuration)
	if !d.InScope {
		fmt.Fprintf(&b, "\nLeft alone: %s.\n", d.Reason)
		_, err := io.WriteString(w, b.String())
		return err
	}
	b.WriteString("\nWould be done now:\n")
	for _, p := range d.Plan {
		fmt.Fprintf(&b, "  %s (%s)\n", p.Action, p.Rule)
	}
	if len(d.Plan) == 0 {
		b.WriteString("  nothing\n")
	}
	if e.Note != "" {
		b.WriteString("\nThe note would say:\n")
		above, _, _ := strings.Cut(e.Note, "<details>")
		above, _, _ = strings.Cut(above, "<!--")
		for line := range strings.Lines(strings.TrimSpace(above)) {
			fmt.Fprintf(&b, "  | %s\n", strings.TrimRight(line, "\n"))
		}
	}
	writeInactive(&b, inactiveRules(d.Memory))
	b.WriteString("\nWhy:\n")
	for _, speaks := range []bool{true, false} {
		for _, f := range d.Findings {
			if (len(f.Wants) > 0 || f.Overridden || isOnNote(d.Note, f.Rule)) == speaks {
				writeFinding(&b, f)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeFinding(b *strings.Builder, f engine.Finding) {
	fmt.Fprintf(b, "  %-28s %-7s %s\n", f.Rule, f.Mode, f.Reason)
	for _, want := range f.Wants {
		fmt.Fprintf(b, "  %37s%s\n", "→ ", want)
	}
	if f.Overridden {
		fmt.Fprintf(b, "  %37sit is suspended here, a person undid it\n", "→ ")
	}
}

// isOnNote reports whether a rule is behind something on the note.
func isOnNote(s engine.Note, rule string) bool {
	for _, w := range s.Why {
		if w.Rule == rule {
			return true
		}
	}
	return false
}

// issueFacts are what the rules speak of besides labels.
func issueFacts(i triage.Issue) string {
	state, weight, assignees := "open", "no weight", "nobody assigned"
	if i.Closed {
		state = "closed"
	}
	if i.Weight != nil {
		weight = "weight " + strconv.Itoa(*i.Weight)
	}
	if len(i.Assignees) > 0 {
		names := make([]string, len(i.Assignees))
		for n, p := range i.Assignees {
			names[n] = "@" + p.Username
		}
		assignees = "assigned to " + strings.Join(names, ", ")
	}
	return state + ", " + weight + ", " + assignees
}

func labelList(labels []string) string {
	quoted := make([]string, len(labels))
	for i, l := range labels {
		quoted[i] = triage.Quoted(l)
	}
	return strings.Join(quoted, " ")
}

// Explanation is an explanation for programs, to be written as JSON; its fields only ever grow.
type Explanation struct {
	Config   string           `json:"configuration"`
	Project  int64            `json:"project"`
	Path     string           `json:"path"`
	IID      int64            `json:"iid"`
	Ours     bool             `json:"ours"`
	Reason   string           `json:"reason,omitempty"`
	Plan     []planned        `json:"plan"`
	Findings []engine.Finding `json:"findings"`
	Note     string           `json:"note,omitempty"`
	Quiet    []inactiveRule   `json:"quiet,omitempty"`
}

type planned struct {
	Rule   string `json:"rule"`
	Action string `json:"action"`
}

// Object is the explanation for programs.
func Object(configuration string, e worker.Explanation) Explanation {
	out := Explanation{
		Config: configuration, Project: e.Issue.Project, Path: e.Issue.Path, IID: e.Issue.IID, Ours: e.Decision.InScope, Reason: e.Decision.Reason,
		Plan: []planned{}, Findings: e.Decision.Findings, Note: e.Note,
		Quiet: inactiveRules(e.Decision.Memory),
	}
	for _, p := range e.Decision.Plan {
		out.Plan = append(out.Plan, planned{p.Rule, p.Action.String()})
	}
	return out
}
