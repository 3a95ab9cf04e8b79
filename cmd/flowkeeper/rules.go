package main

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"flowkeeper/rules"
	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

type rulesCmd struct {
	ID       string `arg:"" optional:"" help:"The rule to show in full."`
	Config   string `short:"c" help:"Configuration file, in whose words the rules are told; default flowkeeper.yaml if there is one."`
	Markdown bool   `help:"Print the reference of all rules in Markdown, with examples."`
}

func (rulesCmd) Help() string {
	return `Examples:
  flowkeeper rules
  flowkeeper rules needs-type`
}

// Run lists the rules of the catalogue, shows one, or prints the reference.
func (c *rulesCmd) Run(p *program) error {
	catalogue := rules.Catalogue()
	loaded, err := loadToLook(c.Config, "", p.environ)
	if err != nil && c.Config != "" {
		return err
	}
	team := triage.NewTeam(triage.TeamConfig{})
	if err == nil {
		team = loaded.Policy().Team
	}
	switch {
	case c.ID != "" && c.Markdown:
		return usageError{errors.New("--markdown prints the reference of all rules; name a rule or use --markdown, not both")}
	case c.ID != "":
		return c.showRule(p, catalogue, team)
	case c.Markdown:
		_, err := fmt.Fprint(p.out, rules.Reference())
		return err
	}
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RULE\tMODE\tAT MOST\tWHAT IT DOES")
	for _, r := range catalogue {
		what := r.SummaryFor(team)
		if idle := r.Idle(team); idle != "" {
			what = "Nothing: " + idle + "."
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.ID, r.Mode, r.MaxMode, what)
	}
	return w.Flush()
}

func (c *rulesCmd) showRule(p *program, catalogue []triage.Rule, team *triage.Team) error {
	for _, r := range catalogue {
		if r.ID != c.ID {
			continue
		}
		fmt.Fprintf(p.out, "%s\n  %s\n", r.ID, r.SummaryFor(team))
		if idle := r.Idle(team); idle != "" {
			fmt.Fprintf(p.out, "  It has nothing to do: %s.\n", idle)
		}
		if team.Workflow.IsHandbook() {
			fmt.Fprintf(p.out, "  From the handbook's section %q.\n", r.Section)
		}
		fmt.Fprintf(p.out, "  Mode %s, at most %s. Looked at when: %s.\n", r.Mode, r.MaxMode, r.On)
		for _, o := range r.Options {
			fmt.Fprintf(p.out, "  Option %s: %s; %v if not set%s.\n", o.Name, o.Help, optionDefault(o, team), optionBounds(o))
		}
		for _, s := range r.Shared {
			fmt.Fprintf(p.out, "  It goes by the section %s of the configuration, too.\n", s.Section)
		}
		return nil
	}
	return usageError{c.unknownRule(catalogue)}
}

// unknownRule says which rule was probably meant.
func (c *rulesCmd) unknownRule(catalogue []triage.Rule) error {
	var ids []string
	for _, r := range catalogue {
		ids = append(ids, r.ID)
	}
	const longest = 80 // nobody mistypes a word into a paragraph
	if strings.HasPrefix(c.ID, policy.Prefix) {
		return fmt.Errorf("%.*q is no rule of the handbook; flowkeeper policies --ids lists those of policy files", longest, c.ID)
	}
	typed := strings.ReplaceAll(strings.ToLower(c.ID), "_", "-")
	if len(typed) <= longest {
		if id := triage.Nearest(typed, ids); id != "" {
			return fmt.Errorf("there is no rule %q, did you mean %q?", c.ID, id)
		}
	}
	return fmt.Errorf("there is no rule %.*q; the rules are %s", longest, c.ID, strings.Join(ids, ", "))
}

// optionDefault is an option's default in the team's words: the label of a state is that of the state where its issues begin.
func optionDefault(o triage.Option, team *triage.Team) any {
	if o.State {
		return team.State(team.Workflow.Start)
	}
	return o.Default
}

func optionBounds(o triage.Option) string {
	if _, number := o.Default.(int); !number {
		return ""
	}
	return fmt.Sprintf(", from %d to %d", o.Min, o.Max)
}
