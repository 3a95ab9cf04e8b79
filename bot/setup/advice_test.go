package setup_test

import (
	"strings"
	"testing"
	"time"

	"flowkeeper/bot/sandbox"
)

// Everything that keeps the bot from working is a sentence that says what to do.
func TestAdvice(t *testing.T) {
	tests := map[string]struct {
		gitlab  sandbox.Options
		prepare func(*rig)
		problem string
		warning string
		actions bool // something can be done all the same
	}{
		"token expires tomorrow": {
			prepare: func(r *rig) { r.ExpireToken(token, time.Now().Add(20*time.Hour).Format(time.DateOnly)) },
			warning: "expires on 2000-01-01, today", actions: true,
		},
		"token expires in three weeks": {
			prepare: func(r *rig) { r.ExpireToken(token, time.Now().Add(21*24*time.Hour).Format(time.DateOnly)) },
			warning: "expires on 2000-01-22, in 21 days", actions: true,
		},
		"token expires in a year": {
			prepare: func(r *rig) { r.ExpireToken(token, time.Now().Add(365*24*time.Hour).Format(time.DateOnly)) }, actions: true,
		},
		"scope is missing": {prepare: func(r *rig) { r.LimitScopes(token, "read_api") }, problem: "lacks api", actions: true},
		"GitLab 15": {
			gitlab: sandbox.Options{Version: "15.11.13"}, warning: "version 15.11.13, older than 16", actions: true,
		},
		"no such project": {
			prepare: func(r *rig) { r.o.Targets = []string{"g/three"} }, problem: "there is no project or group g/three, or @flowkeeper-bot cannot see it",
		},
		"no path at all": {
			prepare: func(r *rig) { r.o.Targets = []string{"https://gitlab.example/g/one"} }, problem: "there is no project or group https://gitlab.example/g/one",
		},
		"hidden project": {
			prepare: func(r *rig) {
				r.o.Targets = []string{"g/one"}
				if err := r.SetVisibility(1, sandbox.Private); err != nil {
					r.t.Fatal(err)
				}
				if _, err := r.AddUser(r.BotUser(), "bot", 0); err != nil {
					r.t.Fatal(err)
				}
			},
			problem: "or @flowkeeper-bot cannot see it",
		},
		"no member":  {gitlab: sandbox.Options{BotLevel: 1}, prepare: func(r *rig) { r.level("g", 0) }, problem: "who is no member"},
		"a guest":    {gitlab: sandbox.Options{BotLevel: sandbox.Guest}, problem: "is only a Guest: the bot cannot set labels and weights"},
		"a reporter": {gitlab: sandbox.Options{BotLevel: sandbox.Reporter}, problem: "only a Reporter of group g: a webhook of a group takes an Owner", actions: true},
		"a reporter in a project": {
			gitlab:  sandbox.Options{BotLevel: sandbox.Reporter},
			prepare: func(r *rig) { r.o.Targets = []string{"g/one"} },
			problem: "no Maintainer, who alone may see and create webhooks", actions: true,
		},
		"rules that change merge requests": {
			gitlab:  sandbox.Options{BotLevel: sandbox.Reporter},
			prepare: func(r *rig) { r.o.Edits, r.o.LabelsOnly = []string{"a", "b", "c", "d"}, true },
			warning: "@flowkeeper-bot is no Developer in each of 2 projects (g/one, g/two), and GitLab lets nobody below change merge requests: a, b, c and 1 more", actions: true,
		},
		"rules for merge requests that are switched off": {
			gitlab: sandbox.Options{BotLevel: sandbox.Reporter},
			prepare: func(r *rig) {
				r.o.Targets, r.o.Edits, r.o.LabelsOnly = []string{"g/one"}, []string{"a"}, true
				if err := r.DisableMergeRequests(1); err != nil {
					r.t.Fatal(err)
				}
			},
			warning: "merge requests are switched off in project g/one: a can do nothing there", actions: true,
		},
		"merge requests that no rule changes": {
			prepare: func(r *rig) {
				r.o.Targets = []string{"g/one"}
				if err := r.DisableMergeRequests(1); err != nil {
					r.t.Fatal(err)
				}
			},
			actions: true,
		},
		"Community Edition": {
			gitlab: sandbox.Options{Edition: sandbox.CE}, prepare: func(r *rig) { r.o.AllProjects = true }, warning: "the Community Edition, which has neither weights nor scoped labels", actions: true,
		},
		"inside a network": {
			prepare: func(r *rig) { r.o.URL = "http://10.1.2.3:8080/webhooks/gitlab" }, warning: "Allow requests to the local network from webhooks", actions: true,
		},
		"Free": {gitlab: sandbox.Options{Edition: sandbox.Free}, problem: "GitLab has no licence for those of groups", warning: "no licence for weights", actions: true},
		"archived": {
			prepare: func(r *rig) {
				r.o.Targets = []string{"g/one"}
				if err := r.ArchiveProject(1); err != nil {
					r.t.Fatal(err)
				}
			},
			problem: "project g/one is archived",
		},
		"archived in a group": {
			prepare: func(r *rig) {
				if err := r.ArchiveProject(1); err != nil {
					r.t.Fatal(err)
				}
			},
			actions: true,
		},
		"no issues": {
			prepare: func(r *rig) {
				r.o.Targets = []string{"g/one"}
				if err := r.DisableIssues(1); err != nil {
					r.t.Fatal(err)
				}
			},
			problem: "project g/one is without issues, which are switched off",
		},
		"an empty group": {
			prepare: func(r *rig) { r.AddGroup("h"); r.o.Targets = []string{"h"} }, warning: "group h has no project", actions: true,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			clocked(t, func(t *testing.T) {
				r := newRig(t, tt.gitlab, "g/one", "g/two")
				if tt.prepare != nil {
					tt.prepare(r)
				}
				plan := r.look()
				for _, list := range []struct {
					is, want string
				}{{advice(plan.Problems), tt.problem}, {advice(plan.Warnings), tt.warning}} {
					if (list.want == "") != (list.is == "") || !strings.Contains(list.is, list.want) {
						t.Errorf("it says %q, want %q", list.is, list.want)
					}
				}
				if plan.Nothing() == tt.actions {
					t.Errorf("the plan is %v", summary(plan))
				}
			})
		})
	}
}
