package setup

import (
	"fmt"
	"slices"
	"strings"

	"flowkeeper/bot/gitlab"
)

// credential is what webhooks are given: a signing token where GitLab has them, from 19.0 on, unless somebody has named a plain secret alone.
func (o Options) credential(version string) (c Credential, signing bool) {
	if majorOf(version) >= firstSigning && (o.Signing.isNamed() || !o.Secret.isNamed()) {
		return o.Signing, true
	}
	return o.Secret, false
}

// firstSigning is the version from which on GitLab signs what it delivers.
const firstSigning = 19

// webhooks plans the webhooks and the secret that they share.
func (p *planner) webhooks() {
	c, signing := p.credential(p.found.Version)
	s := &p.plan.secret
	s.credential, s.signing, s.rotate = c, signing, p.Rotate || c.Unfinished
	if unknown := p.strangeHooks(); len(unknown) > 0 && !p.Rotate {
		var places []gitlab.Place
		for _, h := range unknown {
			places = append(places, h.Place)
		}
		p.problem(AboutWebhooks, fmt.Sprintf("%s has a webhook to %s already, whose secret nobody here knows: it may be somebody else's, and the bot would refuse what it delivers",
			named(places), p.URL), "write its secret where "+secretHome(c, signing)+" points, or give it a new one with setup --rotate-secret, or remove it in GitLab; no webhook is created before")
		return
	}
	before := len(p.plan.Actions)
	covered := p.groupHooks()
	p.projectHooks(covered)
	p.rotation(before)
	p.secret(before)
}

// secretHome is what names the place of the secret.
func secretHome(c Credential, signing bool) string {
	switch {
	case c.File != "" || c.Variable == "" || len(c.Values) == 0:
		return variableOf(signing) + "_FILE"
	default:
		return c.Variable
	}
}

func variableOf(signing bool) string {
	if signing {
		return "FLOWKEEPER_SIGNING_TOKEN"
	}
	return "FLOWKEEPER_WEBHOOK_SECRET"
}

// strangeHooks are webhooks to the bot's address that have a secret, while nobody here knows any.
func (p *planner) strangeHooks() []PlacedHook {
	return slices.DeleteFunc(p.found.OwnHooks(p.URL), func(h PlacedHook) bool { return !p.hasUnknownSecret(h.HookSettings) })
}

// hasUnknownSecret reports whether a webhook has a secret that nobody here knows. GitLab shows none: a webhook that has one of a kind that is
// known is believed to have that. The signature counts before the plain secret, as it does for the bot.
func (p *planner) hasUnknownSecret(h gitlab.HookSettings) bool {
	switch {
	case h.Signed != nil && *h.Signed:
		return len(p.Signing.Values) == 0
	case h.Secret == nil: // GitLab does not tell
		return len(p.plan.secret.credential.Values) == 0
	}
	return *h.Secret && len(p.Secret.Values) == 0
}

// needsSecret reports whether a webhook lacks the kind of secret that it is to have.
func needsSecret(h gitlab.HookSettings, signing bool) bool {
	has := h.Secret
	if signing {
		has = h.Signed
	}
	return has != nil && !*has
}

// groupHooks plans the webhooks of the groups that were named, and gives the groups for whose projects a webhook of a group delivers.
func (p *planner) groupHooks() (covered map[string]bool) {
	covered = map[string]bool{}
	for _, path := range sortedPaths(p.found.Groups) {
		g := p.found.Groups[path]
		own := p.own(g.Hooks)
		isTarget := slices.Contains(p.found.Named, path) && !p.AllProjects
		above := slices.ContainsFunc(gitlab.GroupsAbove(path), func(a string) bool { return covered[a] })
		switch {
		case len(own) > 0:
			covered[path] = true
			p.complete(g.Place, own)
		case !isTarget || above:
		case p.byProject(path): // a webhook of the group would deliver twice
		case g.Level < owner:
			covered[path] = true // what is to be done is said once, not for each project
			p.problem(AboutRights, fmt.Sprintf("@%s is %s %s: a webhook of a group takes an Owner, and GitLab Premium", p.found.User.Username, roleIn(g.Level), g.Place),
				"run setup once with the token of an Owner, or give each project its webhook with --all-projects")
		case !g.Hooks.Known:
			covered[path] = true
			p.problem(AboutWebhooks, fmt.Sprintf("%s can have no webhook: GitLab has no licence for those of groups", g.Place), "give each project its webhook with --all-projects")
		default:
			covered[path] = true
			p.create(g.Place, "nothing tells the bot of what happens in the projects of the group")
		}
	}
	return covered
}

// byProject reports whether a project of the group has a webhook of its own already.
func (p *planner) byProject(path string) bool {
	return slices.ContainsFunc(p.found.Projects, func(one Project) bool {
		return slices.Contains(one.Groups, path) && len(p.own(one.Hooks)) > 0
	})
}

// roleIn is an access level as the beginning of "… group x".
func roleIn(level int) string {
	for _, r := range []struct {
		level int
		name  string
	}{{owner, "an Owner of"}, {maintainer, "only a Maintainer of"}, {30, "only a Developer of"}, {20, "only a Reporter of"}, {15, "only a Planner of"}, {1, "only a Guest of"}} {
		if level >= r.level {
			return r.name
		}
	}
	return "no member of"
}

// projectHooks plans the webhooks of projects for which none of a group delivers.
func (p *planner) projectHooks(covered map[string]bool) {
	var twice, weak, blind []gitlab.Place
	for _, one := range p.found.Projects {
		own := p.own(one.Hooks)
		delivered := slices.ContainsFunc(one.Groups, func(path string) bool { return covered[path] })
		switch {
		case delivered && len(own) > 0:
			twice = append(twice, one.Place)
		case delivered:
		case one.Level < maintainer:
			weak = append(weak, one.Place)
		case !one.Hooks.Known:
			blind = append(blind, one.Place)
		case len(own) > 0:
			p.complete(one.Place, own)
		default:
			p.create(one.Place, "nothing tells the bot of what happens in the project")
		}
	}
	if len(twice) > 0 {
		p.warn(AboutWebhooks, fmt.Sprintf("%s has a webhook to the bot, and so has a group above: each event is delivered twice", named(twice)), "remove that of the project in its Settings > Webhooks")
	}
	if len(weak) > 0 {
		p.problem(AboutRights, fmt.Sprintf("in %s @%s is no Maintainer, who alone may see and create webhooks", named(weak), p.found.User.Username),
			"run setup once with the token of a Maintainer in FLOWKEEPER_GITLAB_TOKEN, or add the webhook by hand, to "+p.URL+" with "+p.triggers()+"; --labels-only leaves webhooks out")
	}
	if len(blind) > 0 {
		p.problem(AboutRights, fmt.Sprintf("GitLab does not show the webhooks of %s", named(blind)), "look whether an administrator has forbidden webhooks of projects")
	}
}

// triggers names the events as GitLab's page does.
func (p *planner) triggers() string {
	names := map[string]string{
		gitlab.OnIssues: "Issues events", gitlab.OnConfidentialIssues: "Confidential issues events", gitlab.OnComments: "Comments",
		gitlab.OnConfidentialNotes: "Confidential comments", gitlab.OnEmoji: "Emoji events", gitlab.OnMergeRequests: "Merge request events",
	}
	var list []string
	for _, e := range p.Events {
		list = append(list, names[e])
	}
	return strings.Join(list, ", ")
}

// own are the webhooks that lead to the bot, the oldest first.
func (p *planner) own(h Hooks) []gitlab.HookSettings {
	own := slices.DeleteFunc(slices.Clone(h.All), func(h gitlab.HookSettings) bool { return !sameAddress(h.URL, p.URL) })
	slices.SortFunc(own, func(a, b gitlab.HookSettings) int { return int(a.ID - b.ID) })
	return own
}

// create plans a new webhook. Every event is said, because GitLab asks for pushes by itself.
func (p *planner) create(place gitlab.Place, why string) {
	events := map[string]bool{}
	for _, e := range gitlab.HookFlags() {
		events[e] = slices.Contains(p.Events, e)
	}
	p.act(Action{Kind: KindWebhook, Name: p.URL, Do: "create", Why: why, Place: place, with: gitlab.HookChange{URL: p.URL, Events: events}, arms: true})
}

// complete plans what a webhook lacks that is there, and tells what is wrong with it otherwise.
func (p *planner) complete(place gitlab.Place, own []gitlab.HookSettings) {
	h := own[0]
	if len(own) > 1 {
		p.warn(AboutWebhooks, fmt.Sprintf("%s has %d webhooks to %s: each event is delivered as often", place, len(own), p.URL), fmt.Sprintf("remove all but number %d in its Settings > Webhooks", h.ID))
	}
	a := Action{Kind: KindWebhook, Name: h.URL, Place: place, hook: h.ID, with: gitlab.HookChange{URL: h.URL, Events: map[string]bool{}}}
	missing, surplus := p.differences(h)
	if len(missing) > 0 {
		for _, e := range missing {
			a.with.Events[e] = true
		}
		a.Do, a.Why = "add events", "it does not tell of "+strings.Join(missing, ", ")
	}
	if len(surplus) > 0 && p.Prune {
		for _, e := range surplus {
			a.with.Events[e] = false
		}
		a.Do, a.Why = also(a.Do, "remove events"), also(a.Why, "the bot has no use for "+strings.Join(surplus, ", "))
	} else if len(surplus) > 0 {
		p.warn(AboutWebhooks, fmt.Sprintf("the webhook of %s also tells of %s, for which the bot has no use", place, strings.Join(surplus, ", ")), "nothing, or remove them with setup --prune")
	}
	switch s := p.plan.secret; {
	case s.rotate:
		a.Do, a.Why, a.arms = also(a.Do, "set secret"), also(a.Why, rotationReason(p.Rotate)), true
	case needsSecret(h, s.signing):
		a.Do, a.Why, a.arms = also(a.Do, "set secret"), also(a.Why, "the bot cannot tell its deliveries from a stranger's"), true
	}
	if a.Do != "" {
		p.act(a)
	}
	p.disabled(place, h)
}

func rotationReason(asked bool) string {
	if asked {
		return "--rotate-secret was given"
	}
	return "an earlier rotation was broken off"
}

// disabled tells of a webhook that GitLab has stopped.
func (p *planner) disabled(place gitlab.Place, h gitlab.HookSettings) {
	const do = "have the bot run and be reachable from GitLab, then press Test in Settings > Webhooks; serve does that by itself once server.url is set"
	if h.AlertStatus == gitlab.HookDisabled || h.AlertStatus == gitlab.HookPaused {
		p.problem(AboutWebhooks, fmt.Sprintf("GitLab has stopped the webhook of %s, because too many deliveries failed", place), do)
	}
}

// differences are the events that a webhook lacks and those that it has too many. What this GitLab does not know it cannot lack.
func (p *planner) differences(h gitlab.HookSettings) (missing, surplus []string) {
	for _, e := range gitlab.HookFlags() {
		on, known := h.Events[e]
		switch wanted := slices.Contains(p.Events, e); {
		case wanted && known && !on:
			missing = append(missing, e)
		case on && !wanted:
			surplus = append(surplus, e)
		}
	}
	return missing, surplus
}

// also joins two parts of a list, of which the first may be empty.
func also(one, more string) string {
	if one == "" {
		return more
	}
	return one + ", " + more
}
