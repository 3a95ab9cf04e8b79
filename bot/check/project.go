package check

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/setup"
	"flowkeeper/rules/triage"
)

// projects turns what setup has found and would do into findings: a line of each project that the bot can work in, then what is wrong.
func (c *gitlabCheck) projects(ctx context.Context, found setup.Found, plan setup.Plan) {
	if len(c.Setup.Targets) == 0 {
		c.add(warned("projects", "none is named, so none was looked at", "name them in gitlab.projects; others are heard of as soon as they deliver"))
		return
	}
	deliveries := c.deliveries(ctx, found)
	for _, p := range found.Projects {
		if !isUsable(p) {
			continue
		}
		facts := append([]string{roleName(p.Level), c.labelText(p, plan)}, c.hookText(p, found, deliveries)...)
		facts = append(facts, c.mergingText(p)...)
		c.add(Good("project "+p.Path, strings.Join(facts, ", ")))
	}
	c.add(fromAdvice("projects", Fail, plan.Problems, setup.AboutProjects)...)
	c.add(fromAdvice("projects", Warn, plan.Warnings, setup.AboutProjects)...)
	c.add(c.missing(found, plan)...)
	c.add(fromAdvice("labels", Warn, plan.Warnings, setup.AboutLabels)...)
	c.webhooks(found, plan, deliveries)
	c.licences(found, plan)
	c.statuses(found, plan)
}

// statuses says whether the workflow can be kept in statuses, if it is to be.
func (c *gitlabCheck) statuses(found setup.Found, plan setup.Plan) {
	lacking := fromAdvice("statuses", Fail, plan.Warnings, setup.AboutStatuses)
	if c.add(lacking...); len(lacking) == 0 && len(found.Statuses) > 0 {
		c.add(Good("statuses", fmt.Sprintf("all %d of the workflow are there", len(c.Setup.Team.Statuses()))))
	}
	c.add(fromAdvice("statuses", Warn, plan.Warnings, setup.AboutDefaults)...)
}

// isUsable reports whether the bot can work in a project.
func isUsable(p setup.Project) bool { return !p.Archived && !p.NoIssues && p.Level >= triage.Planner }

// roleName is an access level in a word.
func roleName(level int) string {
	for _, r := range []struct {
		level int
		name  string
	}{{50, "Owner"}, {40, "Maintainer"}, {30, "Developer"}, {20, "Reporter"}} {
		if level >= r.level {
			return r.name
		}
	}
	return "Planner"
}

// isOf reports whether what is in a place can be used in the project.
func isOf(place gitlab.Place, p setup.Project) bool {
	return place == p.Place || place.Group && slices.Contains(p.Groups, place.Path)
}

// labelText says how many of the labels are there.
func (c *gitlabCheck) labelText(p setup.Project, plan setup.Plan) string {
	lacking := 0
	for _, a := range plan.Actions {
		if a.Kind == setup.KindLabel && isOf(a.Place, p) {
			lacking++
		}
	}
	if lacking == 0 {
		return "labels there"
	}
	return fmt.Sprintf("%d of %d labels there", len(c.Setup.Labels)-lacking, len(c.Setup.Labels))
}

// mergingText says what GitLab does to an issue when what closes it is merged, if the bot looks at merge requests.
func (c *gitlabCheck) mergingText(p setup.Project) []string {
	switch {
	case !slices.Contains(c.Setup.Events, gitlab.OnMergeRequests):
		return nil
	case p.NoAutoClose:
		return []string{"merging leaves issues open (auto-close is off)"}
	}
	return []string{"merging closes issues (auto-close is on)"}
}

// missing are the labels and milestones that setup would create. GitLab creates a label by itself when the bot sets it, in any colour.
func (c *gitlabCheck) missing(found setup.Found, plan setup.Plan) []Finding {
	var all []Finding
	for n := 0; n < len(plan.Actions); n++ {
		a := plan.Actions[n]
		switch a.Kind {
		case setup.KindLabel:
			names := []string{triage.Quoted(a.Name)}
			for ; n+1 < len(plan.Actions) && plan.Actions[n+1].Kind == setup.KindLabel && plan.Actions[n+1].Place == a.Place; n++ {
				names = append(names, triage.Quoted(plan.Actions[n+1].Name))
			}
			all = append(all, warned("labels", fmt.Sprintf("%s lacks %s that the bot may set: %s", a.Place, countedLabels(len(names)), few(names)),
				setupCommand(a.Place, found)+" --labels-only creates what is missing, with colours and what each means; otherwise GitLab makes one up when the bot sets it"))
		case setup.KindMilestone:
			all = append(all, warned("milestone", fmt.Sprintf("%s has no milestone %q: %s", a.Place, a.Name, a.Why), setupCommand(a.Place, found)+" creates it"))
		case setup.KindSecret, setup.KindWebhook:
		}
	}
	return all
}

func countedLabels(n int) string {
	if n == 1 {
		return "a label"
	}
	return fmt.Sprintf("%d labels", n)
}

// few lists some of many names.
func few(names []string) string {
	const shown = 6
	list := strings.Join(names[:min(len(names), shown)], ", ")
	if more := len(names) - shown; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return list
}

// setupCommand is the command that creates what is missing in a place: for a project itself, for a group the projects in it that were looked at.
func setupCommand(place gitlab.Place, found setup.Found) string {
	const shown = 3
	var paths []string
	for _, p := range found.Projects {
		if isOf(place, p) && isUsable(p) && len(paths) < shown {
			paths = append(paths, p.Path)
		}
	}
	return "flowkeeper setup " + strings.Join(paths, " ")
}

// licences says what is licensed, where that is known.
func (c *gitlabCheck) licences(found setup.Found, plan setup.Plan) {
	troubles := fromAdvice("licence", Warn, plan.Warnings, setup.AboutLicence)
	c.add(troubles...)
	for _, l := range found.Licences {
		switch {
		case len(troubles) > 0 || !l.Known:
			continue
		case l.Statuses:
			c.add(Good("licence", "for weights, scoped labels and statuses of issues"))
		default:
			c.add(Good("licence", "for weights and scoped labels, not known to be for statuses of issues"))
		}
		return
	}
}
