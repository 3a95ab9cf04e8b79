package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/setup"
)

// arrange is the command "gitlab":
//
//	gitlab role LEVEL PLACE      gives the token's user an access level in a group or project and below
//	gitlab project PATH          adds a project
//	gitlab hook PATH URL [NAME]  adds a webhook to a project, with the signing token of that name
//	gitlab archive|noissues PATH archives a project, or switches its issues off
//	gitlab expires DAYS          says that the token is good for so many days
//	gitlab scopes SCOPE...       limits the token
//	gitlab hooks PATH            prints the webhooks of a project, and gitlab hooks of a group's, each with its events and what secrets it has
//	gitlab fits PATH FILE        wants the webhook of a project or group to sign with the first token of the file
func arrange(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts)
	if neg || len(args) < 2 || s.gitlab == nil {
		ts.Fatalf("usage: sandbox start, then gitlab VERB ARGS...")
	}
	g, path := s.gitlab, args[1]
	switch args[0] {
	case "role":
		level, err := strconv.Atoi(path)
		ts.Check(err)
		ts.Check(g.SetLevel(g.BotUser(), args[2], level))
	case "project":
		g.AddProject(path)
	case "hook":
		h := sandbox.Hook{URL: args[2]}
		if len(args) == 4 {
			h.SigningToken = secrets[args[3]]
		}
		_, err := g.AddHook(g.AddProject(path), h)
		ts.Check(err)
	case "archive":
		ts.Check(g.ArchiveProject(g.AddProject(path)))
	case "noissues":
		ts.Check(g.DisableIssues(g.AddProject(path)))
	case "expires":
		days, err := strconv.Atoi(path)
		ts.Check(err)
		g.ExpireToken(secrets["TOKEN"], time.Now().UTC().AddDate(0, 0, days).Format(time.DateOnly))
	case "scopes":
		g.LimitScopes(secrets["TOKEN"], args[1:]...)
	case "hooks":
		if len(hooksAt(g, path)) == 0 {
			fmt.Fprintln(ts.Stdout(), "none")
		}
		for _, h := range hooksAt(g, path) {
			fmt.Fprintln(ts.Stdout(), h.URL, strings.Join(h.Events, ","), "secret", h.Token != "", "signed", h.SigningToken != "")
		}
	case "fits":
		first, _, _ := strings.Cut(strings.TrimSpace(ts.ReadFile(args[2])), ",")
		if hooks := hooksAt(g, path); len(hooks) != 1 || hooks[0].SigningToken != first && hooks[0].Token != first {
			ts.Fatalf("%s has %d webhooks, or one that does not fit", path, len(hooks))
		}
		info, err := os.Stat(ts.MkAbs(args[2]))
		ts.Check(err)
		if info.Mode().Perm() != 0o600 {
			ts.Fatalf("others can read it: %v", info.Mode())
		}
	default:
		ts.Fatalf("gitlab cannot %q", args)
	}
}

// hooksAt are the webhooks of a project or a group.
func hooksAt(g *scriptGitLab, path string) []sandbox.Hook {
	for _, p := range g.Projects() {
		if p.Path == path {
			return g.Hooks(p.ID)
		}
	}
	return g.GroupHooks(path)
}

// TestShownSecret wants a secret that no file holds to be shown once to whoever ran setup, and never in JSON.
func TestShownSecret(t *testing.T) {
	const secret = "whsec_MDEyMw=="
	r := setupReport{applied: true, result: setup.Result{Secret: func() string { return secret }, Reload: true}}
	var out strings.Builder
	r.printResult(&out, false)
	if strings.Count(out.String(), "FLOWKEEPER_WEBHOOK_SECRET="+secret+"\n") != 1 || !strings.Contains(out.String(), "shown this once") {
		t.Errorf("it prints %q", out.String())
	}
	encoded, err := json.Marshal(r.json())
	if err != nil || strings.Contains(string(encoded), "MDEyMw") {
		t.Errorf("as JSON it is %s, %v", encoded, err)
	}
}

// TestFailedLabels tells of labels that failed together in one sentence.
func TestFailedLabels(t *testing.T) {
	var failed []setup.Failure
	for _, name := range []string{"UX", "spike", "Duplicate"} {
		failed = append(failed, setup.Failure{Action: setup.Action{Kind: setup.KindLabel, Name: name, Do: "create", Place: gitlab.Place{Group: true, Path: "g"}}, Err: errors.New("403")})
	}
	failed = append(failed, setup.Failure{Action: setup.Action{Kind: setup.KindWebhook, Do: "create", Place: gitlab.Place{Path: "g/p"}}, Err: errors.New("500")})
	got := failedAdvice(failed)
	if len(got) != 2 || got[0].What != "label ~UX in group g: create failed: 403; and so did 2 more labels" || !strings.HasPrefix(got[1].What, "webhook of project g/p: create failed: 500") {
		t.Errorf("it says %q", got)
	}
}
