package gather

import (
	"context"
	"maps"
	"slices"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/planning"
)

// readStatuses adds the statuses of the issues where the team keeps its workflow in them: lists do not show them. It takes a call for each hundred issues of
// a project.
func (g *Gatherer) readStatuses(ctx context.Context, s planning.Snapshot) error {
	if !s.Team.KeepsStatus() {
		return nil
	}
	of := map[string][]*planning.Issue{} // by the project's path
	for n := range s.Issues {
		of[s.Issues[n].Path] = append(of[s.Issues[n].Path], &s.Issues[n])
	}
	for _, project := range slices.Sorted(maps.Keys(of)) {
		for some := range slices.Chunk(of[project], statusesAtOnce) {
			if err := g.readSomeStatuses(ctx, project, some); err != nil {
				return err
			}
		}
	}
	return nil
}

// statusesAtOnce is how many statuses are read with one call.
const statusesAtOnce = 100

func (g *Gatherer) readSomeStatuses(ctx context.Context, project string, issues []*planning.Issue) error {
	var iids []int64
	for _, i := range issues {
		iids = append(iids, i.IID)
	}
	var found map[int64]gitlab.Status
	if err := again(ctx, func() (err error) { found, err = g.gitlab.StatusesOf(ctx, project, iids); return err }); err != nil {
		return err
	}
	for _, i := range issues {
		i.Status = found[i.IID].Name
	}
	return nil
}
