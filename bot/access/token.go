package access

import (
	"context"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/engine"
)

// Token is a token that no bot uses yet.
type Token struct {
	URL     string // of its GitLab
	Token   string
	Version string // of this program
}

// Missing is Missing for the token; that GitLab refuses it is the one thing missing then.
func (t Token) Missing(ctx context.Context, projects []string, policy engine.Policy) ([]string, error) {
	client, err := gitlab.New(gitlab.Options{URL: t.URL, Token: t.Token, Version: t.Version})
	if err != nil {
		return nil, err
	}
	self, err := client.CurrentUser(ctx)
	if gitlab.DeniedOf(err) != "" {
		return []string{err.Error()}, nil
	}
	if err != nil {
		return nil, err
	}
	return Missing(ctx, client, self, projects, policy)
}
