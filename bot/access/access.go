// Package access finds out whether a token may do what the bot does, before the first write that GitLab would refuse.
package access

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// MaxProjects bounds the projects that are looked at, one or two calls each.
const MaxProjects = 100

// GitLab is what is asked. Errors are classed by gitlab.ClassOf.
type GitLab interface {
	// TokenScopes are the token's scopes, none if GitLab does not tell.
	TokenScopes(ctx context.Context) ([]string, error)
	// IsAdmin reports whether GitLab said that the token is an administrator's.
	IsAdmin() bool
	ProjectID(ctx context.Context, path string) (int64, error)
	AccessLevel(ctx context.Context, project, user int64) (int, error)
}

// Missing lists what the bot may not do, a sentence each: with the token as a whole, then in each of the projects (full paths or ids), of
// which the first MaxProjects are looked at. An error says that GitLab could not be asked.
func Missing(ctx context.Context, g GitLab, self triage.Person, projects []string, policy engine.Policy) ([]string, error) {
	scope, err := missingScope(ctx, g)
	if err != nil {
		return nil, err
	}
	missing := slices.DeleteFunc([]string{scope}, func(s string) bool { return s == "" })
	if g.IsAdmin() {
		return missing, nil
	}
	looked := map[int64]bool{}
	for _, project := range projects[:min(len(projects), MaxProjects)] {
		id, err := projectID(ctx, g, project)
		switch {
		case isNotFound(err):
			missing = append(missing, fmt.Sprintf("@%s does not see project %s: make it a member with the role Planner or Reporter", self.Username, project))
			continue
		case err != nil:
			return nil, err
		case looked[id]:
			continue
		}
		looked[id] = true
		level, err := g.AccessLevel(ctx, id, self.ID)
		if err != nil {
			return nil, err
		}
		if said := belowDeveloper(self, project, level, policy); said != "" {
			missing = append(missing, said)
		}
		if level < triage.Planner {
			missing = append(missing, fmt.Sprintf("@%s is %s project %s, too little to set labels and weights (for %s): make it a Planner or Reporter",
				self.Username, roleBelowPlanner(level), project, whatItWrites(policy)))
		}
	}
	return missing, nil
}

// missingScope says that the token's scopes do not let it write.
func missingScope(ctx context.Context, g GitLab) (string, error) {
	const give = "the bot can write nothing with it; create a token with the scope api"
	scopes, err := g.TokenScopes(ctx)
	switch {
	case isUnauthorized(err): // it may be of a kind that cannot tell; whether it is good at all shows elsewhere
		return "", nil
	case gitlab.DeniedOf(err) == gitlab.DeniedToken:
		return "the token lacks the scope api: " + give, nil
	case err != nil:
		return "", err
	case len(scopes) == 0, slices.Contains(scopes, "api"):
		return "", nil
	}
	return "the token has the scope " + strings.Join(scopes, ", ") + " and lacks api: " + give, nil
}

func isUnauthorized(err error) bool {
	e, ok := errors.AsType[*gitlab.Error](err)
	return ok && e.Status == http.StatusUnauthorized
}

// projectID is the id of a project that is named by its full path or id.
func projectID(ctx context.Context, g GitLab, project string) (int64, error) {
	if id, err := strconv.ParseInt(project, 10, 64); err == nil {
		return id, nil
	}
	return g.ProjectID(ctx, project)
}

func isNotFound(err error) bool {
	class := gitlab.ClassOf(err)
	return class == gitlab.NotFound || class == gitlab.Permanent
}

// roleBelowPlanner is a membership below Planner in words.
func roleBelowPlanner(level int) string {
	const guest = 10
	switch {
	case level == 0:
		return "no member of"
	case level < guest:
		return "hardly a member (minimal access) of"
	default:
		return "only a Guest in"
	}
}

// whatItWrites says for what the bot writes.
func whatItWrites(policy engine.Policy) string {
	var ids []string
	for _, s := range policy.Settings {
		if s.Mode == triage.Act {
			ids = append(ids, s.ID)
		}
	}
	switch {
	case len(ids) == 0:
		return "commands"
	case len(ids) <= shownRules:
		return strings.Join(ids, ", ") + " and commands"
	}
	return fmt.Sprintf("%s, %d more rules and commands", strings.Join(ids[:shownRules], ", "), len(ids)-shownRules)
}

// shownRules is how many rules are named.
const shownRules = 2

// belowDeveloper says that the bot may not change merge requests in a project, which takes more than changing issues; "" if it may, or need not.
func belowDeveloper(self triage.Person, project string, level int, policy engine.Policy) string {
	ids := policy.EditsMergeRequests()
	if len(ids) == 0 || level < triage.Planner || level >= triage.Developer {
		return ""
	}
	what := strings.Join(ids[:min(len(ids), shownRules)], ", ")
	if more := len(ids) - shownRules; more > 0 {
		what += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Sprintf("@%s is no Developer in project %s and may not change merge requests there (for %s): make it a Developer", self.Username, project, what)
}
