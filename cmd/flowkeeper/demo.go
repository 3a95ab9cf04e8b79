package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"go.uber.org/zap"

	"flowkeeper/bot/demo"
	"flowkeeper/config"
	"flowkeeper/rules"
)

type demoCmd struct {
	Config     string `short:"c" type:"path" placeholder:"FILE" help:"Tell the story of this configuration, with its states, needs, moves and policies, instead of the handbook's."`
	Once       bool   `help:"End after the story: exit code 0 if all went as it should, else 1."`
	GitLabOnly bool   `name:"gitlab-only" help:"Only serve the GitLab, with a team's issues of the last years: to try an installation on."`
	Verbose    bool   `short:"v" help:"Show the bot's log."`
}

func (demoCmd) Help() string {
	return `Examples:
  flowkeeper demo
  flowkeeper demo --once
  flowkeeper demo -c flowkeeper.yaml
  flowkeeper demo --gitlab-only`
}

// Validate checks what the flags say.
func (c *demoCmd) Validate() error {
	if c.GitLabOnly && (c.Config != "" || c.Once) {
		return errors.New("--gitlab-only goes without --config and --once: there is no bot and no story")
	}
	return nil
}

// Run plays the story under the handbook's policy, whatever is configured here, or that of a file.
func (c *demoCmd) Run(ctx context.Context, p *program) error {
	handbook := config.Default(rules.Catalogue())
	log := zap.NewNop()
	if c.Verbose {
		var err error
		if log, err = newLog(config.Log{Level: "debug"}, p.err); err != nil {
			return err
		}
	}
	if c.GitLabOnly {
		return demo.GitLabOnly(ctx, p.out, log)
	}
	o := demo.Options{
		Version: version, Settings: handbook.Rules, Team: handbook.Policy().Team.TeamConfig, SLO: documentOptions(handbook).SLO, Once: c.Once, Out: p.out, Log: log,
	}
	if c.Config != "" {
		own, err := config.Load(c.Config, nil, rules.Catalogue())
		if err != nil {
			return err
		}
		name := c.Config
		if full, err := filepath.Abs("."); err == nil {
			name = strings.TrimPrefix(name, full+string(filepath.Separator))
		}
		o.Own = &demo.Own{Name: name, Policy: own.Policy(), Policies: own.Policies.Rules, Watching: own.OnlyShadowReason()}
	}
	return demo.Run(ctx, o)
}
