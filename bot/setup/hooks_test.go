package setup_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/setup"
	"flowkeeper/bot/testkit"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

const (
	known    = "whsec_a25vd24ga25vd24ga25vd24ga25vd24ga25vd24="
	stranger = "whsec_c3RyYW5nZXIgc3RyYW5nZXIgc3RyYW5nZXIgc3Q="
)

// only looks at one project, whose webhook it is about.
func only(t *testing.T, o sandbox.Options, hooks ...sandbox.Hook) *rig {
	r := newRig(t, o, "g/one")
	r.o.Targets, r.o.HookOnly = []string{"g/one"}, true
	for _, h := range hooks {
		if _, err := r.AddHook(1, h); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// issueEvents are what a webhook tells of that knows nothing of merge requests.
var issueEvents = []string{"issues", "confidential_issues", "note", "confidential_note", "emoji"}

// lookingAtMergeRequests is a policy with one rule, which looks at merge requests.
func lookingAtMergeRequests() engine.Policy {
	p := onlyIssues()
	p.Settings[0].Mode, p.Settings[0].On = triage.Remind, triage.Opened|triage.MergeRequestChanged
	return p
}

// onlyIssues is the handbook's policy with no rule that looks at merge requests.
func onlyIssues() engine.Policy {
	p := handbook()
	p.Settings = slices.DeleteFunc(slices.Clone(p.Settings), func(s engine.Setting) bool {
		return s.Subject == triage.SubjectMergeRequest || s.On&triage.MergeRequestChanged != 0
	})
	return p
}

func TestExistingWebhook(t *testing.T) {
	both := setup.Credential{Variable: "FLOWKEEPER_SIGNING_TOKEN", Values: []string{known}}
	plain := setup.Credential{Variable: "FLOWKEEPER_WEBHOOK_SECRET", Values: []string{"a-secret"}}
	tests := map[string]struct {
		gitlab   sandbox.Options
		hook     sandbox.Hook
		change   func(*setup.Options)
		plan     []string
		problems string
		warnings string
		events   string // of the webhook afterwards
	}{
		"complete": {
			hook: sandbox.Hook{SigningToken: known}, change: func(o *setup.Options) { o.Signing = both },
		},
		"an event is missing": {
			hook: sandbox.Hook{SigningToken: known, Events: []string{"issues", "note"}}, change: func(o *setup.Options) { o.Signing = both },
			plan: []string{"1 webhook add events in project g/one"}, events: "confidential_issues confidential_note emoji issues merge_requests note",
		},
		"a rule looks at merge requests": {
			hook: sandbox.Hook{SigningToken: known, Events: issueEvents}, change: func(o *setup.Options) { o.Signing, o.Events = both, setup.Events(lookingAtMergeRequests()) },
			plan: []string{"1 webhook add events in project g/one"}, events: "confidential_issues confidential_note emoji issues merge_requests note",
		},
		"no rule looks at merge requests": {
			hook:   sandbox.Hook{SigningToken: known, Events: sandbox.HookEvents()},
			change: func(o *setup.Options) { o.Signing, o.Events = both, setup.Events(onlyIssues()) }, warnings: "also tells of merge_requests",
		},
		"events too many": {
			hook:   sandbox.Hook{SigningToken: known, Events: append(sandbox.HookEvents(), "push")},
			change: func(o *setup.Options) { o.Signing = both }, warnings: "also tells of push", events: "confidential_issues confidential_note emoji issues merge_requests note push",
		},
		"events too many, --prune": {
			hook:   sandbox.Hook{SigningToken: known, Events: append(sandbox.HookEvents(), "push")},
			change: func(o *setup.Options) { o.Signing, o.Prune = both, true },
			plan:   []string{"1 webhook remove events in project g/one"}, events: "confidential_issues confidential_note emoji issues merge_requests note",
		},
		"no secret at all": {
			plan: []string{"1 secret create", "1 webhook set secret in project g/one"},
		},
		"somebody else's": {
			hook: sandbox.Hook{SigningToken: stranger}, problems: "whose secret nobody here knows",
		},
		"somebody else's plain secret": {
			hook: sandbox.Hook{Token: "x"}, problems: "whose secret nobody here knows",
		},
		"our plain secret, and a signing token is wanted": {
			hook: sandbox.Hook{Token: "a-secret"}, change: func(o *setup.Options) { o.Secret = plain },
			plan: []string{"1 secret create", "1 webhook set secret in project g/one"},
		},
		"our plain secret alone": {
			hook: sandbox.Hook{Token: "a-secret"}, change: func(o *setup.Options) { o.Secret, o.Signing = plain, setup.Credential{} },
		},
		"an old GitLab that tells nothing, the secret is known": {
			gitlab: sandbox.Options{Version: "17.9.0"}, hook: sandbox.Hook{Token: "a-secret"}, change: func(o *setup.Options) { o.Secret = plain },
		},
		"an old GitLab that tells nothing, no secret is known": {
			gitlab: sandbox.Options{Version: "17.9.0"}, hook: sandbox.Hook{Token: "a-secret"}, problems: "whose secret nobody here knows",
		},
		"rotated": {
			hook: sandbox.Hook{SigningToken: stranger}, change: func(o *setup.Options) { o.Rotate = true },
			plan: []string{"1 secret add a new one", "1 webhook set secret in project g/one"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			clocked(t, func(t *testing.T) {
				tt.hook.URL = address
				r := only(t, tt.gitlab, tt.hook)
				if tt.change != nil {
					tt.change(&r.o)
				}
				plan := r.look()
				if diff := cmp.Diff(tt.plan, summary(plan)); diff != "" {
					t.Errorf("plan (-want +got):\n%s", diff)
				}
				for want, list := range map[string][]setup.Advice{tt.problems: plan.Problems, tt.warnings: plan.Warnings} {
					if text := advice(list); want == "" != (text == "") && tt.problems != tt.warnings || !strings.Contains(text, want) {
						t.Errorf("it says %q, want %q", text, want)
					}
				}
				if result := setup.Apply(t.Context(), r.client, plan, silent); len(result.Failed) > 0 {
					t.Error(result.Failed[0].Err)
				}
				hooks := r.Hooks(1)
				slices.Sort(hooks[0].Events)
				if tt.events != "" && strings.Join(hooks[0].Events, " ") != tt.events {
					t.Errorf("it tells of %v", hooks[0].Events)
				}
				if len(hooks) != 1 {
					t.Errorf("%d webhooks", len(hooks))
				}
				for _, line := range r.writes() {
					if len(tt.plan) == 0 {
						t.Errorf("it wrote %s", line)
					}
				}
			})
		})
	}
}

// A rotation leaves both secrets accepted until the webhook has delivered with the new one.
func TestRotation(t *testing.T) {
	clocked(t, func(t *testing.T) {
		r := only(t, sandbox.Options{Transport: direct{http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })}})
		r.done()
		old := values(t, r.o.Signing.File)[0]
		testkit.Pass(time.Hour)

		r.o.Rotate = true
		plan := r.look()
		result := setup.Apply(t.Context(), r.client, plan, silent)
		r.again()
		both := values(t, r.o.Signing.File)
		if len(result.Failed) > 0 || !result.Reload || len(both) != 2 || both[1] != old || both[0] == old || r.Hooks(1)[0].SigningToken != both[0] {
			t.Fatalf("%d secrets, reload %v, %d failed", len(both), result.Reload, len(result.Failed))
		}
		r.o.Rotate = false
		if plan := r.wantNothing(); !strings.Contains(advice(plan.Warnings), "not every webhook has delivered") {
			t.Errorf("it does not say that the old one is still accepted: %s", advice(plan.Warnings))
		}

		deliver := func() {
			t.Helper()
			if _, err := r.Open(r.BotUser(), 1, sandbox.IssueOptions{Title: "x"}); err != nil {
				t.Fatal(err)
			}
			if err := r.AwaitDelivered(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		testkit.Pass(time.Minute)
		deliver() // GitLab's clock may be ahead: this does not prove anything
		r.wantNothing()
		testkit.Pass(time.Hour)
		deliver()
		if diff := cmp.Diff([]string{"1 secret drop the old one"}, summary(r.done())); diff != "" {
			t.Errorf("plan (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(both[:1], values(t, r.o.Signing.File)); diff != "" {
			t.Error("the old one is still accepted")
		}
		r.wantNothing()
	})
}

// A rotation that was broken off is finished by the next run, with the secret that it had begun with.
func TestRotationBrokenOff(t *testing.T) {
	clocked(t, func(t *testing.T) {
		r := only(t, sandbox.Options{})
		r.done()
		r.o.Rotate = true
		r.FailNext(sandbox.Fault{Match: "PUT hook", Status: http.StatusForbidden, Times: -1})
		if _, result := r.run(); len(result.Failed) != 1 {
			t.Fatalf("%d failed", len(result.Failed))
		}
		begun := values(t, r.o.Signing.File)
		r.ClearFaults()
		r.o.Rotate = false
		r.done()
		if after := values(t, r.o.Signing.File); !slices.Equal(begun, after) || r.Hooks(1)[0].SigningToken != begun[0] {
			t.Error("the webhook has not the secret with which the rotation began")
		}
		r.wantNothing()
	})
}

// A secret that no file is named for is given to whoever asked, once, and to nobody else.
func TestSecretWithoutFile(t *testing.T) {
	clocked(t, func(t *testing.T) {
		r := only(t, sandbox.Options{})
		r.o.Signing.File = ""
		result := setup.Apply(t.Context(), r.client, r.look(), silent)
		if result.Secret() == "" || r.Hooks(1)[0].SigningToken != result.Secret() {
			t.Error("the secret of the webhook is not told")
		}
		again := r.look()
		if !strings.Contains(advice(again.Problems), "whose secret nobody here knows") || len(again.Actions) != 0 {
			t.Errorf("the next run, which does not know it, says %s", advice(again.Problems))
		}
	})
}

// Where projects have their own webhooks, the group gets none; projects that came later get theirs.
func TestByProject(t *testing.T) {
	clocked(t, func(t *testing.T) {
		r := newRig(t, sandbox.Options{}, "g/one", "g/two")
		r.o.AllProjects = true
		r.done()
		r.o.AllProjects = false
		r.wantNothing()
		r.AddProject("g/three")
		if diff := cmp.Diff([]string{"1 webhook create in project g/three"}, summary(r.done())); diff != "" {
			t.Errorf("plan (-want +got):\n%s", diff)
		}
	})
}

// A webhook of the group and one of a project to the same address are told of; no third one is made.
func TestTwoWebhooks(t *testing.T) {
	clocked(t, func(t *testing.T) {
		r := newRig(t, sandbox.Options{}, "g/one", "g/two")
		r.done()
		if _, err := r.AddHook(1, sandbox.Hook{URL: address + "/", SigningToken: known}); err != nil {
			t.Fatal(err)
		}
		for _, target := range []string{"g", "g/one", "g/two"} {
			r.o.Targets = []string{target}
			plan := r.wantNothing()
			if got, want := strings.Contains(advice(plan.Warnings), "so has a group above: each event is delivered twice"), target != "g/two"; got != want {
				t.Errorf("%s: warned %v\n%s", target, got, advice(plan.Warnings))
			}
		}
	})
}
