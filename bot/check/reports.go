package check

import (
	"context"
	"fmt"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

// reports looks at the places that reports are about and are opened in.
func (c *gitlabCheck) reports(ctx context.Context) {
	if c.Group != "" {
		g, err := c.GitLab.GroupAt(ctx, c.Group)
		c.add(placeFinding("reports.group", "group "+c.Group, "they are about "+g.String(), err))
	}
	if c.Home == "" {
		return
	}
	p, err := c.GitLab.ProjectAt(ctx, c.Home)
	f := placeFinding("reports.project", "project "+c.Home, "they are opened in "+p.String(), err)
	switch {
	case err != nil:
	case p.Archived:
		f = failed(f.What, p.String()+" is archived: nothing can be opened in it", "unarchive it, or name another one in reports.project")
	case p.NoIssues:
		f = failed(f.What, p.String()+" has its issues switched off", "switch them on in Settings > General > Visibility, or name another one in reports.project")
	default:
		f = c.homeRole(ctx, p, f)
	}
	c.add(f)
}

// homeRole looks whether reports may be opened in a project that is otherwise good.
func (c *gitlabCheck) homeRole(ctx context.Context, p gitlab.Project, good Finding) Finding {
	if c.GitLab.IsAdmin() {
		return good
	}
	user, err := c.GitLab.CurrentUser(ctx)
	level := 0
	if err == nil {
		level, err = c.GitLab.AccessLevelIn(ctx, p.Place, user.ID)
	}
	switch {
	case err != nil:
		return failed(good.What, err.Error(), "run check again")
	case level < triage.Planner:
		return failed(good.What, fmt.Sprintf("@%s may not edit issues in %s", user.Username, p), "make it a Planner or Reporter there")
	}
	return good
}

// placeFinding says whether a place can be seen.
func placeFinding(key, name, good string, err error) Finding {
	switch class := gitlab.ClassOf(err); {
	case err == nil:
		return Good(key, good)
	case class == gitlab.NotFound || class == gitlab.Permanent:
		return failed(key, "there is no "+name+", or the token cannot see it", "correct "+key+", or make the token's user a member")
	}
	return failed(key, err.Error(), "run check again")
}
