package main

import (
	"context"
	"errors"
	"fmt"

	"flowkeeper/rules/conflict"
)

type checkCmd struct {
	Config   string   `arg:"" optional:"" help:"Configuration file; default flowkeeper.yaml if there is one."`
	Mode     modeFlag `placeholder:"shadow|act" help:"How far rules may go, as for serve."`
	Quiet    bool     `short:"q" help:"Print nothing if all is well."`
	NoSearch bool     `help:"Do not search for rules that contradict each other, which takes some seconds."`
}

func (checkCmd) Help() string {
	return "The exit code tells of the file and the variables that are set. What only serving needs, a token and a webhook's secret, may be missing, " +
		"as in a pipeline: that is a note. So is what a token that is set may not do; GitLab is asked unless --quiet is given."
}

// Run loads the configuration exactly as serve does, searches it for contradictions and prints what is in force, secrets as <secret>.
func (c *checkCmd) Run(ctx context.Context, p *program) error {
	loaded, err := load(c.Config, c.Mode, p.environ)
	if err != nil {
		return err
	}
	searched, watching := "", loaded.OnlyShadowReason()
	if !c.NoSearch && watching == "" {
		found, err := conflict.Search(ctx, loaded.Policy(), conflict.DefaultBound())
		if err != nil {
			return err
		}
		if len(found.Conflicts) > 0 {
			return printConflicts(p, found)
		}
		searched = "# No rules that contradict each other: " + found.Bound() + "\n"
	}
	if c.Quiet {
		return nil
	}
	for _, err := range missingSettings(loaded, false) {
		fmt.Fprintf(p.err, "Note: serve would not start here: %s.\n", err)
	}
	if watching != "" {
		watching = "# No rule writes (shadow): " + watching + "\n"
	}
	untried := printMissingAccess(ctx, p, loaded)
	_, err = fmt.Fprint(p.out, loaded, watching, searched, untried)
	return err
}

// printConflicts prints the conflicts, each with a blank line behind it.
func printConflicts(p *program, found conflict.Report) error {
	for _, conflict := range found.Conflicts {
		fmt.Fprintf(p.err, "%s\n\n", conflict)
	}
	more := ""
	if found.Unshown > 0 {
		more = fmt.Sprintf(" (and %d more like these)", found.Unshown)
	}
	return errors.New("with this configuration the rules contradict each other" + more +
		"; change an option of one of them, its mode to remind, or the label they share")
}
