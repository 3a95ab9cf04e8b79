package main

import (
	"context"

	"go.uber.org/zap"

	"flowkeeper/bot/demo"
	"flowkeeper/config"
	"flowkeeper/rules"
)

type demoCmd struct {
	Once    bool `help:"End after the story: exit code 0 if all went as it should, else 1."`
	Verbose bool `short:"v" help:"Show the bot's log."`
}

// Run plays the story under the handbook's policy, whatever is configured here.
func (c *demoCmd) Run(ctx context.Context, p *program) error {
	handbook := config.Default(rules.Catalogue())
	log := zap.NewNop()
	if c.Verbose {
		var err error
		if log, err = newLog(config.Log{Level: "debug"}, p.err); err != nil {
			return err
		}
	}
	return demo.Run(ctx, demo.Options{
		Version: version, Settings: handbook.Rules, Team: handbook.Policy().Team.TeamConfig, Once: c.Once, Out: p.out, Log: log,
	})
}
