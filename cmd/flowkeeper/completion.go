package main

import (
	"github.com/alecthomas/kong"
	kongcompletion "github.com/jotaen/kong-completion"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

func (completionCmd) Help() string {
	return "The shell asks flowkeeper, which must be in its PATH, what may follow." + `

Examples:
  source <(flowkeeper completion bash)        # also in ~/.bashrc
  source <(flowkeeper completion zsh)         # also in ~/.zshrc
  flowkeeper completion fish | source         # also in ~/.config/fish/config.fish`
}

// Run prints what a shell has to execute.
func (c *completionCmd) Run(k *kong.Context) error {
	return (&kongcompletion.Completion{Shell: c.Shell, Code: true}).Run(k)
}

// completionLine is the variable in which a shell hands over what was typed when it asks what may follow.
const completionLine = "COMP_LINE"
