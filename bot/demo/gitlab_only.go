package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"go.uber.org/zap"

	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/sandbox/seed"
)

// GitLabOnly serves a GitLab in memory without a bot, with a team's issues of the last years, until ctx ends: to try installing one. It prints
// what init, setup and serve want to know.
func GitLabOnly(ctx context.Context, out io.Writer, log *zap.Logger) error {
	token := "demo-" + rand.Text()
	s := &stage{out: out, gitlab: sandbox.New(sandbox.Options{Token: token, BotLevel: sandbox.Maintainer, Log: log})}
	err := seed.World(s.gitlab)
	if err == nil {
		err = s.listen(log)
	}
	if err != nil {
		return errors.Join(err, s.close())
	}
	fmt.Fprintf(out, `A GitLab in memory is at %s, with the group my-group and its projects app, gitaly and planning. In another terminal:

  export FLOWKEEPER_GITLAB_URL=%[1]s FLOWKEEPER_GITLAB_TOKEN=%s FLOWKEEPER_SIGNING_TOKEN_FILE=signing-token
  flowkeeper backtest --project my-group/app
  flowkeeper init
  flowkeeper setup my-group/app --url http://127.0.0.1:8080
  flowkeeper check
  flowkeeper serve

It forgets everything when it stops. Stop with Ctrl-C.
`, s.url, token)
	<-ctx.Done()
	return s.close()
}
