package setup

import (
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"flowkeeper/bot/access"
	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

// planner compares what is wanted with what is there.
type planner struct {
	Options
	found Found
	plan  Plan
}

// NewPlan says what is missing and what a person has to do. It is pure: the same options and findings give the same plan. Now is when the
// expiry of the token is looked at.
func NewPlan(o Options, f Found, now time.Time) Plan {
	p := planner{Options: o, found: f}
	p.token(now)
	p.version()
	p.address()
	p.targets()
	if !o.HookOnly {
		p.labels()
	}
	if !o.HookOnly && !o.LabelsOnly && o.Milestone != "" {
		p.milestone()
	}
	if !o.LabelsOnly {
		p.webhooks()
	}
	p.licences()
	p.statuses()
	return p.plan
}

// statuses says where the workflow cannot be kept in statuses, or where closing an issue does not fit it, which setup does not mend.
func (p *planner) statuses() {
	for _, namespace := range slices.Sorted(maps.Keys(p.found.Statuses)) {
		set := p.found.Statuses[namespace]
		for _, what := range access.StatusesLacking(namespace, set, p.Team.Statuses()) {
			p.warn(AboutStatuses, what, "give the group the statuses in Settings > Issues > Statuses, correct workflow.states, or write workflow.store: label")
		}
		for _, a := range access.DefaultMisfits(namespace, set, p.Team) {
			p.warn(AboutDefaults, a.What, a.Do)
		}
	}
}

func (p *planner) warn(about Topic, what, do string) {
	p.plan.Warnings = append(p.plan.Warnings, Advice{about, what, do})
}

func (p *planner) problem(about Topic, what, do string) {
	p.plan.Problems = append(p.plan.Problems, Advice{about, what, do})
}

func (p *planner) act(a Action) { p.plan.Actions = append(p.plan.Actions, a) }

const newToken = "create a token with the scope api and the role Maintainer for setup (Planner or Reporter is enough for serving)"

// token says what is wrong with the token as a whole.
func (p *planner) token(now time.Time) {
	const soon = 30 * 24 * time.Hour
	if scopes := p.found.Token.Scopes; len(scopes) > 0 && !slices.Contains(scopes, "api") {
		p.problem(AboutToken, "the token has the scope "+strings.Join(scopes, ", ")+" and lacks api: nothing can be written with it", newToken)
	}
	expires := p.found.Token.Expires
	if left := expires.Sub(now); !expires.IsZero() && left < soon {
		day := expires.Format(time.DateOnly)
		p.warn(AboutToken, fmt.Sprintf("the token of @%s expires on %s, %s; from then on the bot can do nothing", p.found.User.Username, day, inDays(left)),
			"rotate it in GitLab in time and write the new one where FLOWKEEPER_GITLAB_TOKEN points")
	}
}

// inDays says a time to come in days.
func inDays(left time.Duration) string {
	const day = 24 * time.Hour
	switch n := int((left + day - 1) / day); {
	case n <= 0:
		return "today"
	case n == 1:
		return "tomorrow"
	default:
		return "in " + strconv.Itoa(n) + " days"
	}
}

// oldest is the first version that the bot is made for.
const oldest = 16

func (p *planner) version() {
	if major := majorOf(p.found.Version); major > 0 && major < oldest {
		p.warn(AboutVersion, "GitLab is of version "+p.found.Version+", older than "+strconv.Itoa(oldest)+": reactions come by no webhook, and what else the bot needs was never tried there",
			"update GitLab")
	}
}

// address tells of an address that GitLab may not be allowed to call.
func (p *planner) address() {
	u, err := url.Parse(p.URL)
	if err != nil || p.LabelsOnly {
		return
	}
	host := u.Hostname()
	ip, _ := netip.ParseAddr(host)
	if ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || host == "localhost" || strings.HasSuffix(host, ".local") || strings.HasSuffix(host, ".internal") {
		p.warn(AboutAddress, p.URL+" is an address inside a network, which GitLab calls only if it is allowed to, and gitlab.com never",
			"allow it in GitLab, as an administrator: Admin > Settings > Network > Outbound requests > Allow requests to the local network from webhooks")
	}
}

// majorOf reads the beginning of a version: 19 of "19.1.0-ee". 0 is an unknown one.
func majorOf(version string) int {
	first, _, _ := strings.Cut(version, ".")
	major, err := strconv.Atoi(first)
	if err != nil {
		return 0
	}
	return major
}

// targets says which projects cannot be set up, and drops them.
func (p *planner) targets() {
	for _, name := range p.found.Missing {
		p.problem(AboutProjects, fmt.Sprintf("there is no project or group %s, or @%s cannot see it", name, p.found.User.Username),
			"check the path, which is what stands behind the address of GitLab in your browser, or make the token's user a member of it")
	}
	name := "@" + p.found.User.Username
	for _, path := range p.found.Named {
		if !slices.ContainsFunc(p.found.Projects, func(one Project) bool { return slices.Contains(one.Groups, path) }) {
			p.warn(AboutProjects, "group "+path+" has no project that "+name+" can see and that is not archived", "check the path, and that "+name+" is a member of the group")
		}
	}
	var archived, without, strangers, guests, below, off []gitlab.Place
	p.found.Projects = slices.DeleteFunc(slices.Clone(p.found.Projects), func(one Project) bool {
		switch {
		case one.Archived:
			archived = append(archived, one.Place)
		case one.NoIssues && one.Named:
			without = append(without, one.Place)
		case one.NoIssues: // of a group, where some projects need none
		case one.Level == 0:
			strangers = append(strangers, one.Place)
		case one.Level < triage.Planner:
			guests = append(guests, one.Place)
		case one.NoMergeRequests:
			if one.Named {
				off = append(off, one.Place)
			}
			return false
		case one.Level < triage.Developer:
			below = append(below, one.Place)
			return false
		default:
			return false
		}
		return true
	})
	p.problemIn(archived, " archived: nothing in it can be changed", "unarchive it in its settings, or leave it out")
	p.problemIn(without, " without issues, which are switched off", "switch them on in Settings > General > Visibility, or leave it out")
	p.problemIn(strangers, " not open to "+name+", who is no member", "make "+name+" a member with the role Planner or Reporter")
	p.problemIn(guests, " one in which "+name+" is only a Guest: the bot cannot set labels and weights there, close issues or see confidential ones",
		"make "+name+" a Planner or Reporter")
	if len(p.Edits) == 0 {
		return
	}
	if len(below) > 0 {
		p.warn(AboutProjects, name+" is no Developer in "+named(below)+", and GitLab lets nobody below change merge requests: "+shortList(p.Edits)+" can do nothing there but comment",
			"make the bot a Developer, or set these rules to remind")
	}
	if len(off) > 0 {
		p.warn(AboutProjects, "merge requests are switched off in "+named(off)+": "+shortList(p.Edits)+" can do nothing there",
			"switch them on in Settings > General > Visibility, if there are to be any")
	}
}

// shortList lists a few of many rules.
func shortList(rules []string) string {
	const shown = 3
	list := strings.Join(rules[:min(len(rules), shown)], ", ")
	if more := len(rules) - shown; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return list
}

// problemIn is a problem of some places.
func (p *planner) problemIn(places []gitlab.Place, what, do string) {
	if len(places) > 0 {
		p.problem(AboutProjects, named(places)+" is"+what, do)
	}
}

// named lists places by name, a few of many.
func named(places []gitlab.Place) string {
	const shown = 3
	if len(places) == 1 {
		return places[0].String()
	}
	paths := make([]string, min(len(places), shown))
	for n := range paths {
		paths[n] = places[n].Path
	}
	list := strings.Join(paths, ", ")
	if more := len(places) - len(paths); more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Sprintf("each of %d projects (%s)", len(places), list)
}

// licences says what the bot does without a licence.
func (p *planner) licences() {
	const instead = ": rules on weights are silent, and the bot itself takes off the label that another one of its scope replaces"
	if p.found.Community {
		p.warn(AboutLicence, "GitLab is the Community Edition, which has neither weights nor scoped labels"+instead, "nothing, if you can do without; both are part of GitLab Premium")
		return
	}
	var free []string
	for path, l := range p.found.Licences {
		if l.Known && (!l.Weights || !l.ScopedLabels) {
			free = append(free, path)
		}
	}
	if len(free) == 0 {
		return
	}
	slices.Sort(free)
	p.warn(AboutLicence, "GitLab has no licence for weights and scoped labels in "+strings.Join(free, ", ")+instead,
		"nothing, if you can do without; both are part of GitLab Premium")
}
