package access

import (
	"context"
	"fmt"
	"path"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

// StatusGitLab is what is asked for statuses. Errors are classed by gitlab.ClassOf.
type StatusGitLab interface {
	ProjectAt(ctx context.Context, idOrPath string) (gitlab.Project, error)
	Statuses(ctx context.Context, namespace string) (gitlab.StatusSet, error)
}

// MissingStatuses lists what keeps a team from keeping its workflow in statuses in the groups of the projects (full paths or ids), of which the first
// MaxProjects are looked at, a sentence each. It asks nothing for a team that does not. An error says that GitLab could not be asked.
func MissingStatuses(ctx context.Context, g StatusGitLab, projects []string, team *triage.Team) ([]string, error) {
	names := team.Statuses()
	if len(names) == 0 {
		return nil, nil
	}
	var missing []string
	looked := map[string]bool{}
	for _, project := range projects[:min(len(projects), MaxProjects)] {
		found, err := g.ProjectAt(ctx, project)
		if isNotFound(err) {
			continue // Missing tells of it
		}
		namespace := path.Dir(found.Path)
		if err != nil || looked[namespace] {
			if err != nil {
				return nil, err
			}
			continue
		}
		looked[namespace] = true
		set, err := g.Statuses(ctx, namespace)
		if err != nil {
			return nil, err
		}
		missing = append(missing, StatusesLacking(namespace, set, names)...)
	}
	return missing, nil
}

// StatusesLacking says what of the statuses, by name, is not to be had in a namespace, a sentence each.
func StatusesLacking(namespace string, set gitlab.StatusSet, names []string) []string {
	switch {
	case set == nil:
		return []string{fmt.Sprintf("GitLab does not tell the statuses of issues in %s (GraphQL is switched off, GitLab is older than 18.2 or the Community Edition, "+
			"or the bot does not see the group), so none can be set there", namespace)}
	case len(set) == 0:
		return []string{fmt.Sprintf("GitLab has no licence for statuses of issues in %s, so states are kept in labels there", namespace)}
	}
	var all []string
	for _, text := range set.Lacks(names) {
		all = append(all, namespace+" has "+text)
	}
	return all
}
