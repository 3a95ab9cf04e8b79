package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/sandbox/seed"
	"flowkeeper/rules/triage"
)

// scriptGitLab is a script's GitLab.
type scriptGitLab struct {
	*sandbox.Server
	server  *httptest.Server
	project int64
	issue   triage.Ref
	held    chan struct{} // nil if nothing is held
}

func (g *scriptGitLab) close() {
	g.Server.Close()
	g.server.Close()
}

// play is the command "sandbox":
//
//	sandbox start [free|VERSION]  starts a GitLab that knows $TOKEN and has a project; sets FLOWKEEPER_GITLAB_URL, and GITLAB_ADDR to its host:port
//	sandbox away|back      breaks every connection to its API from now on, or no more
//	sandbox refuse         answers 422 to the next write to an issue
//	sandbox hold|release   lets every request to its API wait, or no more
//	sandbox connect URL [NAME]  points a webhook of the project at a receiver; its secret is $SECRET or the one of that name
//	sandbox open TITLE     opens an issue; sandbox shows LABEL waits until it carries the label, sandbox bare wants no label and no note on it
//	sandbox milestone TITLE START DUE  adds a milestone with these dates to the project; - is none
//	sandbox world          adds the group my-group with the 300 issues of planningtest, as they are on 2026-11-30
//	sandbox readonly       answers 422 to everything that would change something, until back
//	sandbox comment TEXT   writes a comment on the issue that was opened last
func play(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts)
	if neg || len(args) == 0 || s.gitlab == nil && args[0] != "start" {
		ts.Fatalf("usage: sandbox start, then sandbox VERB")
	}
	switch verb, g := args[0], s.gitlab; {
	case verb == "start" && g == nil:
		s.gitlab = startGitLab(ts, args[1:])
	case verb == "away":
		g.FailNext(sandbox.Fault{Times: -1, CutBefore: true})
	case verb == "back":
		g.ClearFaults()
	case verb == "refuse":
		g.FailNext(sandbox.Fault{Match: "PUT issue", Status: http.StatusUnprocessableEntity})
	case verb == "hold" && g.held == nil:
		g.held = make(chan struct{})
		g.FailNext(sandbox.Fault{Times: -1, Wait: g.held})
	case verb == "release" && g.held != nil:
		g.ClearFaults()
		close(g.held)
		g.held = nil
	case verb == "connect" && len(args) == 2:
		_, err := g.AddHook(g.project, sandbox.Hook{URL: args[1], Token: secrets["SECRET"], SigningToken: secrets["SIGNING"]})
		ts.Check(err)
	case verb == "connect" && len(args) == 3:
		_, err := g.AddHook(g.project, sandbox.Hook{URL: args[1], Token: secrets[args[2]]})
		ts.Check(err)
	case verb == "open" && len(args) == 2:
		ref, err := g.Open("ann", g.project, sandbox.IssueOptions{Title: args[1]})
		ts.Check(err)
		g.issue = ref
	case verb == "milestone" && len(args) == 4:
		_, err := g.AddMilestone(g.project, args[1])
		ts.Check(err)
		ts.Check(g.DateMilestone(g.project, args[1], strings.TrimPrefix(args[2], "-"), strings.TrimPrefix(args[3], "-")))
	case verb == "world" && len(args) == 1:
		ts.Check(seed.World(g.Server))
	case verb == "readonly" && len(args) == 1:
		for _, method := range []string{"POST", "PUT", "DELETE"} {
			g.FailNext(sandbox.Fault{Times: -1, Match: method + " /api/", Status: http.StatusUnprocessableEntity})
		}
	case verb == "comment" && len(args) == 2:
		_, err := g.Comment("ann", g.issue, args[1])
		ts.Check(err)
	case verb == "bare" && len(args) == 1:
		if i := g.Issue(g.issue); len(i.Labels)+len(i.Notes) > 0 {
			ts.Fatalf("the issue has the labels %v and the notes %v", i.Labels, i.Notes)
		}
	case verb == "shows" && len(args) == 2:
		ctx, cancel := context.WithTimeout(s.t.Context(), patience)
		defer cancel()
		if err := g.Await(ctx, func() bool { return g.Issue(g.issue).Has(args[1]) }); err != nil {
			ts.Fatalf("the issue has the labels %v: %v\n%s", g.Issue(g.issue).Labels, err, s.logged())
		}
	default:
		ts.Fatalf("sandbox cannot %q now", args)
	}
}

// logged is what the flowkeeper in the background has logged.
func (s *script) logged() string {
	if s.bot == nil {
		return "(flowkeeper does not run)"
	}
	return "[stderr]\n" + s.bot.stderr.String()
}

func startGitLab(ts *testscript.TestScript, kind []string) *scriptGitLab {
	o := sandbox.Options{Token: secrets["TOKEN"]}
	switch {
	case len(kind) == 1 && kind[0] == "free":
		o.Edition = sandbox.Free
	case len(kind) == 1:
		o.Version = kind[0]
	}
	g := &scriptGitLab{Server: sandbox.New(o)}
	g.server = httptest.NewServer(g.Server)
	g.SetURL(g.server.URL)
	_, err := g.AddUser("ann", "Ann Author", sandbox.Reporter)
	ts.Check(err)
	g.project = g.AddProject("team/project")
	ts.Setenv("FLOWKEEPER_GITLAB_URL", g.server.URL)
	ts.Setenv("GITLAB_ADDR", strings.TrimPrefix(g.server.URL, "http://"))
	return g
}

// get asks until the answer has the status and matches. The script sees the last answer's body as output.
func get(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: get URL STATUS [REGEXP]")
	}
	pattern := ""
	if len(args) == 3 {
		pattern = args[2]
	}
	want, err := regexp.Compile("(?m)" + pattern)
	ts.Check(err)
	ctx, cancel := context.WithTimeout(of(ts).t.Context(), patience)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		status, body, err := ask(ctx, args[0])
		if err == nil && strconv.Itoa(status) == args[1] && want.MatchString(body) {
			fmt.Fprintln(ts.Stdout(), body)
			return
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			ts.Fatalf("GET %s answers %d %q (%v), want %s %q", args[0], status, body, err, args[1], pattern)
		}
	}
}

func ask(ctx context.Context, url string) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}
