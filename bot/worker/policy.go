package worker

import (
	"flowkeeper/bot/command"
	"flowkeeper/rules/engine"
)

// rulebook is what a job decides by. It is not changed: a new policy is a new rulebook.
type rulebook struct {
	policy engine.Policy
	reader *command.Reader // of commands with the policy's prefix
}

// SetPolicy lets issues that are claimed from now on be decided by another policy. Those in hand keep theirs to their end, so that no
// decision mixes two. Any goroutine may call it.
func (p *Pool) SetPolicy(policy engine.Policy) {
	p.rules.Store(&rulebook{policy: policy, reader: command.New(policy.Team.CommandPrefix(), p.o.Self.Username)})
}
