package main

import (
	"bytes"
	"fmt"
	"os"

	"flowkeeper/bot/scenario/suite"
	"flowkeeper/config"
	"flowkeeper/rules"
	"flowkeeper/rules/engine"
)

type testCmd struct {
	Folder string `arg:"" optional:"" default:"." help:"A folder with scenarios (.txtar), also in folders below it; or one scenario."`
	Config string `short:"c" placeholder:"FILE" help:"Configuration of all scenarios, in place of the one beside each."`
	JUnit  string `name:"junit" placeholder:"FILE" help:"Also write the result as JUnit XML, for CI."`
	Update bool   `help:"Write the decisions that come into the scenarios, to be read and committed."`
}

func (testCmd) Help() string {
	return "Plays scenarios: what people do on an issue and what the bot decides, under the configuration that stands beside them, by the very rules that serve runs. " +
		"The configuration of a scenario is the flowkeeper.yaml in its folder, or NAME.yaml beside its folder NAME, or that of a folder above. The environment is not read." + `

A scenario:

  A bug that waits for its type.
  -- issue --
  labels: ["workflow::refinement"]
  -- event --
  by: ann
  kind: opened
  -- decision --
  look again in 5m0s
  -- event --
  kind: later
  after: 31d
  -- decision --
  after 5m0s:
  needs-type: the issue has no type label
  note: [ ] A type label: ...

The parts:
  team      optional: group_label, labels, scope, side, roles, where they differ from the configuration
  rules     optional: id: mode, or id: {mode: ..., option: ...}
  issue     the issue before the first event: type, title, labels, weight, closed, author, assignee, milestone, age, ...
  memory    optional: what the bot remembers of it
  around    optional: what GitLab tells when it is asked
  event     what a person does: by, kind (opened, closed, reopened, commented, awarded, revoked, or none for an update), after (5m, 2h, 31d), add, remove,
            weight, assign, milestone, text, ...; with kind: later only time passes, and the bot is woken when it wanted to be
  decision  what the bot decides: leave it out and --update writes it

Examples:
  flowkeeper test
  flowkeeper test triage --junit report.xml
  flowkeeper test story.txtar -c flowkeeper.yaml --update`
}

// Run plays the scenarios. It is an error if one of them comes out otherwise than it says.
func (c *testCmd) Run(p *program) error {
	load := func(file string) (engine.Policy, error) {
		loaded, err := config.Load(file, nil, rules.Catalogue())
		return loaded.Policy(), err
	}
	result, err := suite.Run(suite.Options{Path: c.Folder, Config: c.Config, Load: load, Update: c.Update})
	if err != nil {
		return err
	}
	if err := result.WriteText(p.out); err != nil {
		return err
	}
	if c.JUnit != "" {
		var b bytes.Buffer
		if err := result.WriteJUnit(&b); err != nil {
			return err
		}
		if err := os.WriteFile(c.JUnit, b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	all := len(result.Cases)
	if failed := result.Failures(); failed > 0 {
		return fmt.Errorf("%d of %s failed", failed, counted(all, "scenario"))
	}
	if result.Updated > 0 {
		fmt.Fprintf(p.out, "%s got new decisions: read them before you commit.\n", counted(result.Updated, "scenario"))
	}
	fmt.Fprintf(p.out, "%s, %s: all as expected.\n", counted(all, "scenario"), counted(result.Configs(), "configuration"))
	return nil
}
