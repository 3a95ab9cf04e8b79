package main

import (
	"fmt"

	"flowkeeper/config"
	"flowkeeper/rules"
)

type checkCmd struct {
	Config string `arg:"" optional:"" help:"Configuration file; default flowkeeper.yaml if there is one."`
	Quiet  bool   `short:"q" help:"Print nothing if all is well."`
}

// Run loads the configuration exactly as serve does and prints what is in force, secrets as <secret>.
func (c *checkCmd) Run(p *program) error {
	loaded, err := config.Load(c.Config, p.environ, rules.Catalogue())
	if err != nil {
		return err
	}
	if c.Quiet {
		return nil
	}
	_, err = fmt.Fprint(p.out, loaded)
	return err
}
