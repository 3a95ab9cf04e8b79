package main

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"flowkeeper/rules"
	"flowkeeper/rules/triage"
)

type rulesCmd struct {
	ID       string `arg:"" optional:"" help:"The rule to show in full."`
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
	switch {
	case c.ID != "" && c.Markdown:
		return usageError{errors.New("--markdown prints the reference of all rules; name a rule or use --markdown, not both")}
	case c.ID != "":
		return c.showRule(p, catalogue)
	case c.Markdown:
		_, err := fmt.Fprint(p.out, rules.Reference())
		return err
	}
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RULE\tMODE\tAT MOST\tWHAT IT DOES")
	for _, r := range catalogue {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.ID, r.Mode, r.MaxMode, r.Summary)
	}
	return w.Flush()
}

func (c *rulesCmd) showRule(p *program, catalogue []triage.Rule) error {
	for _, r := range catalogue {
		if r.ID != c.ID {
			continue
		}
		fmt.Fprintf(p.out, "%s\n  %s\n  From the handbook's section %q.\n  Mode %s, at most %s. Looked at when: %s.\n", r.ID, r.Summary, r.Section, r.Mode, r.MaxMode, r.On)
		for _, o := range r.Options {
			fmt.Fprintf(p.out, "  Option %s: %s; %v if not set%s.\n", o.Name, o.Help, o.Default, optionBounds(o))
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
	typed := strings.ReplaceAll(strings.ToLower(c.ID), "_", "-")
	if len(typed) <= longest {
		if id := triage.Nearest(typed, ids); id != "" {
			return fmt.Errorf("there is no rule %q, did you mean %q?", c.ID, id)
		}
	}
	return fmt.Errorf("there is no rule %.*q; the rules are %s", longest, c.ID, strings.Join(ids, ", "))
}

func optionBounds(o triage.Option) string {
	if _, number := o.Default.(int); !number {
		return ""
	}
	return fmt.Sprintf(", from %d to %d", o.Min, o.Max)
}
