package gather

import (
	"context"
	"fmt"
	"slices"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/planning"
)

// Home is where reports are opened; zero if that is not configured. It is read anew after a minute.
func (g *Gatherer) Home(ctx context.Context) (planning.Home, error) {
	o := g.options()
	if o.Home == "" {
		return planning.Home{}, nil
	}
	g.mu.Lock()
	known := g.home
	g.mu.Unlock()
	if g.now().Before(known.until) {
		return known.value, nil
	}
	var p gitlab.Project
	err := again(ctx, func() (err error) { p, err = g.gitlab.ProjectAt(ctx, o.Home); return err })
	if err != nil {
		return planning.Home{}, invisible(err, "project", o.Home, "reports.project")
	}
	if p.NoIssues || p.Archived {
		return planning.Home{}, fmt.Errorf("no issues can be opened in project %s: switch its issues on, or name another project in reports.project", p.Path)
	}
	home := planning.Home{Project: p.ID, Path: p.Path, Public: p.Public, Premium: p.Premium}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.home = kept[planning.Home]{home, g.now().Add(keepHome)}
	return home, nil
}

// Calendar is the team's, with GitLab's own dates of milestones. They are read anew after ten minutes.
func (g *Gatherer) Calendar(ctx context.Context) (planning.Calendar, error) {
	o := g.options()
	g.mu.Lock()
	known := g.calendar
	g.mu.Unlock()
	if g.now().Before(known.until) {
		return known.value, nil
	}
	milestones, err := g.milestoneDates(ctx, o)
	if err != nil {
		return planning.Calendar{}, err
	}
	o.Calendar.Milestones = slices.Concat(o.Calendar.Milestones, milestones)
	calendar := planning.New(o.Calendar)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calendar = kept[planning.Calendar]{calendar, g.now().Add(keepCalendar)}
	return calendar, nil
}

// milestoneDates are the dates of the milestones of the group, or else of the projects.
func (g *Gatherer) milestoneDates(ctx context.Context, o Options) (all []planning.MilestoneDates, err error) {
	if o.Group != "" {
		err = again(ctx, func() (err error) { all, err = g.gitlab.GroupMilestoneDates(ctx, o.Group); return err })
		return all, invisible(err, "group", o.Group, "reports.group")
	}
	for _, project := range o.Projects {
		var some []planning.MilestoneDates
		err := again(ctx, func() (err error) { some, err = g.gitlab.MilestoneDates(ctx, project); return err })
		if err != nil {
			return nil, invisible(err, "project", project, "gitlab.projects")
		}
		all = append(all, some...)
	}
	return all, nil
}

// invisible says what helps if a group or project cannot be seen; any other error stays as it is.
func invisible(err error, what, name, key string) error {
	if gitlab.ClassOf(err) != gitlab.NotFound {
		return err
	}
	return fmt.Errorf("there is no %s %s, or the bot's token cannot see it: correct %s, or make the bot's user a member of it (%w)", what, name, key, err)
}
