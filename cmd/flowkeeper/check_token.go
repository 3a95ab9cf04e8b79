package main

import (
	"context"
	"fmt"
	"time"

	"flowkeeper/bot/access"
	"flowkeeper/config"
)

// askTime bounds how long check asks GitLab about the token.
const askTime = 20 * time.Second

// printMissingAccess prints what the token may not do, and returns a comment on why that is not known, "" if it is.
func printMissingAccess(ctx context.Context, p *program, c config.Config) string {
	if !c.GitLab.Token.IsSet() {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	token := access.Token{URL: c.GitLab.URL, Token: c.GitLab.Token.Reveal(), Version: version}
	missing, err := token.Missing(ctx, c.GitLab.Projects, c.Policy())
	if err != nil {
		return fmt.Sprintf("# What the token may do is not known: %v\n", err)
	}
	for _, text := range missing {
		fmt.Fprintf(p.err, "Note: the token may not do what the bot does: %s.\n", text)
	}
	return ""
}
