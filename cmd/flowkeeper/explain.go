package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"flowkeeper/bot/explain"
	"flowkeeper/bot/scenario"
	"flowkeeper/config"
)

type explainCmd struct {
	What   string   `arg:"" name:"issue-or-scenario" help:"The address of an issue's page, or a scenario file (.txtar)."`
	JSON   bool     `help:"Print JSON."`
	Config string   `short:"c" placeholder:"FILE" help:"Configuration file, as for serve."`
	Mode   modeFlag `placeholder:"shadow|act" help:"How far rules may go, as for serve; a scenario is played with act if nothing else is said."`
}

func (explainCmd) Help() string {
	return `Examples:
  flowkeeper explain https://gitlab.example.com/group/project/-/issues/12
  flowkeeper explain story.txtar -c flowkeeper.yaml`
}

// Run says what would be decided now and why. It writes nothing.
func (c *explainCmd) Run(ctx context.Context, p *program) error {
	played := strings.HasSuffix(c.What, ".txtar")
	loaded, err := loadToLook(c.Config, c.Mode, p.environ)
	if err == nil && played && loaded.Mode == "" { // nothing is written there that a mode would have to prevent
		loaded, err = loadToLook(c.Config, config.ModeAct, p.environ)
	}
	if err != nil {
		return err
	}
	if played {
		return c.scenario(p, loaded)
	}
	if !loaded.GitLab.Token.IsSet() {
		return errors.New("FLOWKEEPER_GITLAB_TOKEN is not set: the issue cannot be read")
	}
	e, err := explain.Live(ctx, explain.Options{
		URL: loaded.GitLab.URL, Token: loaded.GitLab.Token.Reveal(), Version: version, Policy: loaded.Policy(), Page: c.What,
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return p.printJSON(explain.Object(configSource(loaded), e))
	}
	return explain.Text(p.out, configSource(loaded), e)
}

// scenario plays a scenario file under the configured policy and prints it with the decisions.
func (c *explainCmd) scenario(p *program, loaded config.Config) error {
	if c.JSON {
		return usageError{errors.New("--json is for issues; a scenario is printed as a scenario")}
	}
	data, err := os.ReadFile(c.What)
	if err != nil {
		return err
	}
	policy := loaded.Policy()
	s, err := scenario.Parse(data, policy.Team.TeamConfig)
	if err != nil {
		return scenario.InFile(c.What, err)
	}
	decisions, err := s.Play(policy)
	if err != nil {
		return scenario.InFile(c.What, err)
	}
	fmt.Fprintf(p.err, "Configuration: %s.\n", configSource(loaded))
	_, err = p.out.Write(scenario.InsertDecisions(data, decisions))
	return err
}
