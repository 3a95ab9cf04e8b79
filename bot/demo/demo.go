// Package demo plays a short story with the real bot and a GitLab in memory: people do things on an issue, GitLab sends real webhooks, the
// bot answers through the API. It prints what happens line by line and keeps the page open to try more.
package demo

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot"
	"flowkeeper/bot/budget"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/sandbox/page"
	"flowkeeper/bot/webhook"
	"flowkeeper/bot/worker"
	"flowkeeper/rules"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// Options say how to play.
type Options struct {
	Version  string
	Settings []engine.Setting // the rules in force
	Team     triage.TeamConfig
	SLO      planning.SLOOptions
	Own      *Own          // play the story of this configuration; nil plays the handbook's
	Once     bool          // end after the story instead of keeping the page open
	Patience time.Duration // how long the bot may take to answer a scene; 20 s if 0
	Out      io.Writer
	Log      *zap.Logger
}

// The demo is impatient: what waits 2 s and 5 min in a real bot waits this long here.
const (
	settle = 150 * time.Millisecond
	grace  = 700 * time.Millisecond
)

// Run plays the story. An error says which step did not end as it should. Without Once it then waits for ctx to end.
func Run(ctx context.Context, o Options) error {
	if o.Patience <= 0 {
		o.Patience = 20 * time.Second
	}
	s, err := openStage(ctx, o)
	if err != nil {
		return err
	}
	if o.Own != nil {
		err = s.playTour(ctx, *o.Own)
	} else {
		err = s.playActs(ctx, story)
	}
	if err == nil && !o.Once {
		fmt.Fprintf(o.Out, "\nOpen %s to try more: set labels and weights, comment with /flow help, and watch the bot.", s.issueURL())
		for _, report := range s.gitlab.Issues(s.planning) {
			fmt.Fprintf(o.Out, " The report is %s.", report.URL)
		}
		fmt.Fprintln(o.Out, " Stop with Ctrl-C.")
		<-ctx.Done()
	}
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = nil
	}
	return errors.Join(err, s.close())
}

// stage is the running GitLab and bot.
type stage struct {
	out      io.Writer
	patience time.Duration
	gitlab   *sandbox.Server
	server   *http.Server
	url      string
	options  bot.Options
	app      *bot.App
	slo      planning.SLOOptions
	dir      string
	project  int64
	planning int64 // the project where reports are opened
	ref      triage.Ref
	told     narrated
	asked    []postedCommand
}

// openStage starts both on free ports of this machine and connects them.
func openStage(ctx context.Context, o Options) (s *stage, err error) {
	s = &stage{out: o.Out, patience: o.Patience}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	token, secret := "demo-"+rand.Text(), rand.Text()
	signing := "whsec_" + base64.StdEncoding.EncodeToString([]byte(rand.Text() + rand.Text())[:32])
	s.gitlab = sandbox.New(sandbox.Options{Token: token, Log: o.Log})
	if err := s.listen(o.Log); err != nil {
		return s, err
	}
	if s.dir, err = os.MkdirTemp("", "flowkeeper-demo-"); err != nil {
		return s, err
	}
	policy := engine.Policy{Team: triage.NewTeam(roster(o.Team)), Settings: o.Settings, Commands: rules.Commands(), Grace: grace, Settle: settle}
	if o.Own != nil {
		policy = o.Own.Policy
		policy.Grace, policy.Settle, policy.TriageDays = min(policy.Grace, grace), settle, 0
	}
	if err := errors.Join(s.addPeople(policy.Team), s.addStatuses(policy.Team)); err != nil {
		return s, err
	}
	s.options = bot.Options{
		Version: o.Version, Drain: 5 * time.Second,
		Server:  bot.Server{Listen: "127.0.0.1:0"},
		Admin:   bot.Admin{Listen: "127.0.0.1:0"},
		Webhook: webhook.Options{Secrets: []string{secret}, SigningTokens: []string{signing}},
		Inbox:   bot.Inbox{DataDir: s.dir, Lease: time.Minute},
		GitLab:  gitlab.Options{URL: s.url, Token: token},
		Budget:  budget.Options{PerMinute: 100_000, NotesPerMinute: 100_000},
		Worker:  worker.Options{Freshness: 10 * time.Second, Workers: 4, Attempts: 12, Backoff: time.Second},
		Policy:  policy, Log: o.Log,
	}
	s.slo = o.SLO
	if err := s.startBot(ctx); err != nil {
		return s, err
	}
	for _, project := range []int64{s.project, s.planning} {
		if _, err := s.gitlab.AddHook(project, sandbox.Hook{URL: s.app.URL(), Token: secret, SigningToken: signing}); err != nil {
			return s, err
		}
	}
	fmt.Fprintf(s.out, "A GitLab in memory is at %s, the bot at %s.\n", s.url, s.app.URL())
	return s, s.awaitReady(ctx)
}

// startBot starts the bot on the address that it had before, if it had one.
func (s *stage) startBot(ctx context.Context) (err error) {
	if s.app, err = bot.New(ctx, s.options); err != nil {
		return err
	}
	u, err := url.Parse(s.app.URL())
	if err != nil {
		return err
	}
	s.options.Server.Listen = u.Host
	return s.app.Start()
}

func (s *stage) awaitReady(ctx context.Context) error {
	select {
	case <-s.app.Ready():
		return nil
	case err := <-s.app.Failed():
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// listen serves the GitLab and its page.
func (s *stage) listen(log *zap.Logger) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening for the demo's GitLab: %w", err)
	}
	s.url = "http://" + l.Addr().String()
	s.gitlab.SetURL(s.url)
	s.server = &http.Server{Handler: page.New(s.gitlab, log), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = s.server.Serve(l) }()
	return nil
}

// addPeople brings in the people, those of the roster too, and the projects.
func (s *stage) addPeople(team *triage.Team) error {
	known := []string{"ann", "omar", "mia", "pat"}
	for _, p := range []struct {
		username, name string
		level          int
	}{
		{"ann", "Ann Author", sandbox.Reporter}, {"omar", "Omar Engineer", sandbox.Developer},
		{"mia", "Mia Engineering Manager", sandbox.Maintainer}, {"pat", "Pat Product Manager", sandbox.Developer},
	} {
		if _, err := s.gitlab.AddUser(p.username, p.name, p.level); err != nil {
			return err
		}
	}
	for _, role := range triage.Roles() {
		for _, username := range team.People(role) {
			if triage.HasUsername(known, username) {
				continue
			}
			if _, err := s.gitlab.AddUser(username, username, sandbox.Maintainer); err != nil {
				return err
			}
			known = append(known, username)
		}
	}
	s.project = s.gitlab.AddProject("demo/source-code")
	s.planning = s.gitlab.AddProject(planningPath)
	return s.gitlab.SetVisibility(s.planning, sandbox.Private)
}

// roster gives the cast their roles.
func roster(t triage.TeamConfig) triage.TeamConfig {
	t.Roster = map[triage.Role][]string{
		triage.EngineeringManager: {"mia"}, triage.ProductManager: {"pat"}, triage.Engineers: {"omar"},
	}
	return t
}

// close ends everything that was started.
func (s *stage) close() error {
	var all []error
	if s.app != nil {
		all = append(all, s.app.Stop())
	}
	s.gitlab.Close()
	if s.server != nil {
		all = append(all, s.server.Close())
	}
	if s.dir != "" {
		all = append(all, os.RemoveAll(s.dir))
	}
	return errors.Join(all...)
}

func (s *stage) issueURL() string { return s.gitlab.Issue(s.ref).URL }
