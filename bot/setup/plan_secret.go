package setup

import "fmt"

// secretPlan is what is done with the secret that webhooks and the bot share.
type secretPlan struct {
	credential Credential
	signing    bool
	rotate     bool // webhooks that are there get it, too

	create  bool // a new one is made
	drop    bool // those before the newest are no longer accepted
	trouble bool // it can be kept nowhere: no webhook is written
}

// rotation plans that the old secret is given up which is accepted beside a new one, once it is not needed. The actions from before on are about
// webhooks.
func (p *planner) rotation(before int) {
	s := &p.plan.secret
	c := s.credential
	if len(c.Values) < 2 || c.File == "" || s.rotate {
		return
	}
	switch {
	case p.found.Delivered && len(p.plan.Actions) == before && len(p.plan.Problems) == 0:
		s.drop = true
		p.act(Action{
			Kind: KindSecret, Name: c.File, Do: "drop the old one",
			Why: "all webhooks have delivered with the new one; a webhook of another project that still has the old one would be refused",
		})
	case !p.found.Delivered:
		p.warn(AboutWebhooks, fmt.Sprintf("%s holds an old secret beside the new one, because not every webhook has delivered with the new one yet", c.File),
			"run setup again when something has happened in each project; then the old one is dropped. GitLab tells of deliveries from 17.3 on; before, take it out of the file yourself")
	}
}

// secret plans the secret for the webhooks that get one.
func (p *planner) secret(before int) {
	s := &p.plan.secret
	c := s.credential
	armed := false
	for _, a := range p.plan.Actions[before:] {
		armed = armed || a.arms
	}
	if !armed {
		return
	}
	kind := "secret"
	if s.signing {
		kind = "signing token"
	}
	a := Action{Kind: KindSecret, Name: c.File}
	switch {
	case p.Rotate && !c.Unfinished:
		s.create = true
		a.Do, a.Why = "add a new one", "--rotate-secret was given; the old one is accepted beside it until every webhook has delivered with the new one"
	case len(c.Values) == 0:
		s.create = true
		a.Do, a.Why = "create", "webhooks and the bot share a "+kind+", so that nobody else can send events"
	default:
		return
	}
	if a.Name == "" {
		a.Name = variableOf(s.signing)
		a.Why += "; it is shown once, as no " + a.Name + "_FILE names a file for it"
	}
	p.plan.Actions = append(p.plan.Actions[:before:before], append([]Action{a}, p.plan.Actions[before:]...)...)
	if !s.signing && majorOf(p.found.Version) >= firstSigning {
		p.warn(AboutWebhooks, "this GitLab can sign its deliveries, which is better than a secret that travels with each of them",
			"name a file in FLOWKEEPER_SIGNING_TOKEN_FILE and leave FLOWKEEPER_WEBHOOK_SECRET out")
	}
}
