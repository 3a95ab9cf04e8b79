package check

import (
	"context"
	"fmt"
	"strings"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/setup"
	"flowkeeper/rules/triage"
)

// token looks at the token, and with it at the projects. It reports whether it is worthwhile to go on.
func (c *gitlabCheck) token(ctx context.Context) bool {
	user, err := c.GitLab.CurrentUser(ctx)
	if err != nil {
		c.add(c.refused(err))
		return false
	}
	found, err := setup.Look(ctx, c.GitLab, c.Setup, c.Step)
	switch {
	case gitlab.DeniedOf(err) != "":
		c.add(c.refused(err))
		return false
	case err != nil:
		c.add(Good("token", "of @"+user.Username), failed("projects", err.Error(), callAgain))
		return false
	}
	plan := setup.NewPlan(c.Setup, found, c.Now())
	troubles := append(fromAdvice("token", Fail, plan.Problems, setup.AboutToken), fromAdvice("token", Warn, plan.Warnings, setup.AboutToken)...)
	if len(troubles) == 0 {
		troubles = []Finding{Good("token", tokenText(user, found.Token))}
	}
	c.add(fromAdvice("version", Warn, plan.Warnings, setup.AboutVersion)...)
	c.add(troubles...)
	c.projects(ctx, found, plan)
	return true
}

// refused is a token that GitLab does not take.
func (c *gitlabCheck) refused(err error) Finding {
	if gitlab.DeniedOf(err) == "" {
		return failed("token", err.Error(), callAgain)
	}
	return failed("token", err.Error(), "create an access token with the scope api and the role Planner or Reporter, and write it where FLOWKEEPER_GITLAB_TOKEN points; "+
		"what else there is in GitLab was not looked at")
}

// tokenText says whose token it is and how long it is good.
func tokenText(user triage.Person, t gitlab.TokenInfo) string {
	text := "of @" + user.Username
	if len(t.Scopes) > 0 {
		text += ", scope " + strings.Join(t.Scopes, ", ")
	}
	if !t.Expires.IsZero() {
		text += fmt.Sprintf(", good until %s", t.Expires.Format(time.DateOnly))
	}
	return text
}

// fromAdvice are the findings of a plan's advice on some topics.
func fromAdvice(what string, status Status, list []setup.Advice, topics ...setup.Topic) []Finding {
	var all []Finding
	for _, a := range list {
		for _, about := range topics {
			if a.About == about {
				all = append(all, Finding{what, status, a.What, a.Do})
			}
		}
	}
	return all
}
