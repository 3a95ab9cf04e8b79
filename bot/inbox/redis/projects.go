package redis

import (
	"context"
	"slices"

	"flowkeeper/bot/inbox"
)

func (s *Store) Projects(ctx context.Context) ([]int64, error) {
	r, err := s.run(ctx, "listing the projects", projectsScript, []string{s.keys.projects()})
	if err != nil {
		return nil, err
	}
	all := make([]int64, len(r))
	for i := range r {
		all[i] = r.number(i)
	}
	slices.Sort(all)
	return all, nil
}

func (s *Store) TouchProjects(ctx context.Context, projects []int64) error {
	const most = 1000 // arguments of one script
	for some := range slices.Chunk(projects, most) {
		args := []any{s.clock(), inbox.MaxProjects}
		for _, project := range some {
			args = append(args, project)
		}
		if _, err := s.run(ctx, "noting projects", touchProjectsScript, []string{s.keys.projects(), s.keys.numbers()}, args...); err != nil {
			return err
		}
	}
	return nil
}
