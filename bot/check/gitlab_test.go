package check_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"flowkeeper/bot/check"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/testkit"
)

// A project that has all is fine from top to bottom.
func TestAllIsWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, sandbox.Options{Transport: answers(http.StatusAccepted)}, 0)
		r.deliver(1)
		testkit.Pass(3 * time.Minute)
		want := `ok    GitLab         http://gitlab.example, version 19.1.0
ok    clock          the same as GitLab's
ok    token          of @flowkeeper-bot, scope api
ok    project g/one  Owner, labels there, webhook last delivered 3 min ago, merging closes issues (auto-close is on)
ok    licence        for weights, scoped labels and statuses of issues
`
		if got := r.look(); got != want {
			t.Errorf("it says\n%swant\n%s", got, want)
		}
	})
}

// Where rules look at merge requests, a line says what GitLab itself does to the issues that they close.
func TestAutoClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for off, want := range map[bool]string{false: "merging closes issues (auto-close is on)", true: "merging leaves issues open (auto-close is off)"} {
			r := newRig(t, sandbox.Options{}, 0)
			r.must(r.SetAutoClose(1, !off))
			r.o.Setup.Events = []string{"issues"}
			if got := r.look(); strings.Contains(got, "merging") {
				t.Errorf("no rule looks at merge requests, and it says\n%s", got)
			}
			r.o.Setup.Events = sandbox.HookEvents()
			if got := r.look(); !strings.Contains(got, want) || strings.Contains(got, "fail") {
				t.Errorf("it says\n%s", got)
			}
		}
	})
}

// That GitLab may not be allowed to call an address is no news once it has delivered there.
func TestAddressInsideThatIsCalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, sandbox.Options{Transport: answers(http.StatusAccepted)}, 0)
		r.o.Setup.URL = "https://10.0.0.1/webhooks/gitlab"
		_, err := r.AddHook(1, sandbox.Hook{URL: r.o.Setup.URL, Token: secret})
		r.must(err)
		r.deliver(1)
		if got := r.look(); strings.Contains(got, "warn") || !strings.Contains(got, "webhook last delivered just now") {
			t.Errorf("it says\n%s", got)
		}
	})
}

// Each kind of trouble is a line that says what, and one that says what to do.
func TestTroublesInGitLab(t *testing.T) {
	tests := map[string]struct {
		gitlab  sandbox.Options
		off     time.Duration
		prepare func(*rig)
		want    string // the beginning of a line
		do      string // part of the next one
	}{
		"version 15": {gitlab: sandbox.Options{Version: "15.11.0"}, want: "warn  version        GitLab is of version 15.11.0", do: "update GitLab"},
		"clock a minute ahead": {
			off: time.Minute, want: "warn  clock          this machine's is 1m0s behind GitLab's", do: "NTP",
		},
		"clock five minutes behind": {
			off: -5 * time.Minute, want: "fail  clock          this machine's is 4m59s ahead of GitLab's: signed deliveries are refused", do: "NTP",
		},
		"clock five minutes behind, without signatures": {
			off: -5 * time.Minute, prepare: func(r *rig) { r.o.Signed = false }, want: "warn  clock  ", do: "NTP",
		},
		"token expires tomorrow": {
			prepare: func(r *rig) { r.ExpireToken(token, time.Now().AddDate(0, 0, 1).Format(time.DateOnly)) },
			want:    "warn  token          the token of @flowkeeper-bot expires on 2000-01-02, tomorrow", do: "rotate it",
		},
		"token may only read": {
			prepare: func(r *rig) { r.LimitScopes(token, "read_api") }, want: "fail  token          the token has the scope read_api and lacks api", do: "create a token",
		},
		"archived label": {
			prepare: func(r *rig) { r.must(r.ArchiveLabel(1, "UX")) }, want: "warn  labels         the label ~UX is archived", do: "unarchive it",
		},
		"no webhook": {
			prepare: func(r *rig) { r.o.Setup.URL = "https://other.example/webhooks/gitlab" },
			want:    "fail  webhooks       project g/one has none to https://other.example/webhooks/gitlab", do: "flowkeeper setup g/one --hook-only creates it",
		},
		"a second webhook": {
			prepare: func(r *rig) { r.hook(sandbox.Hook{}) }, want: "warn  webhooks       project g/one has 2 webhooks to " + address, do: "remove all but number",
		},
		"webhook stopped": {
			gitlab:  sandbox.Options{AutoDisable: true, Transport: answers(http.StatusBadGateway)},
			prepare: func(r *rig) { r.deliver(4) }, want: "fail  webhooks       GitLab has stopped the webhook of project g/one", do: "press Test",
		},
		"last delivery refused": {
			gitlab:  sandbox.Options{Transport: answers(http.StatusUnauthorized)},
			prepare: func(r *rig) { r.deliver(1) }, want: "warn  webhooks       the last delivery of that of project g/one was answered 401", do: "see to it that the bot runs",
		},
		"an address inside": {
			prepare: func(r *rig) {
				r.o.Setup.URL = "https://10.0.0.1/webhooks/gitlab"
				_, err := r.AddHook(1, sandbox.Hook{URL: r.o.Setup.URL, Token: secret})
				r.must(err)
			},
			want: "warn  webhooks       https://10.0.0.1/webhooks/gitlab is an address inside a network", do: "allow it in GitLab",
		},
		"Free": {gitlab: sandbox.Options{Edition: sandbox.Free}, want: "warn  licence        GitLab has no licence for weights and scoped labels", do: "Premium"},
		"no projects": {
			prepare: func(r *rig) { r.o.Setup.Targets = nil }, want: "warn  projects  none is named", do: "gitlab.projects",
		},
		"reports of a group that is hidden": {
			prepare: func(r *rig) { r.o.Group = "nowhere" }, want: "fail  reports.group  there is no group nowhere", do: "correct reports.group",
		},
		"reports in an archived project": {
			prepare: func(r *rig) {
				r.must(r.ArchiveProject(r.AddProject("g/two")))
				r.o.Home = "g/two"
			},
			want: "fail  reports.project  project g/two is archived", do: "unarchive it",
		},
		"reports in a project in which the bot is a Guest": {
			prepare: func(r *rig) {
				r.AddProject("h/two")
				r.must(r.SetLevel(r.BotUser(), "h/two", sandbox.Guest))
				r.o.Home = "h/two"
			},
			want: "fail  reports.project  @flowkeeper-bot may not edit issues in project h/two", do: "make it a Planner",
		},
		"GitLab fails for one project": {
			prepare: func(r *rig) {
				r.FailNext(sandbox.Fault{Match: "/labels", Status: http.StatusInternalServerError, Times: -1})
			},
			want: "fail  projects  listing the labels of project g/one: 500", do: "run check again",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, tt.gitlab, tt.off)
				if tt.prepare != nil {
					tt.prepare(r)
				}
				got := r.look()
				lines := strings.Split(got, "\n")
				for n, line := range lines {
					if strings.HasPrefix(line, tt.want) {
						if next := lines[n+1]; !strings.HasPrefix(next, "      ") || !strings.Contains(next, tt.do) {
							t.Errorf("it says to do %q, want %q", next, tt.do)
						}
						return
					}
				}
				t.Errorf("it does not say %q but\n%s", tt.want, got)
			})
		})
	}
}

// A GitLab that hangs, at once or later, is a failure and not a wait.
func TestGitLabHangs(t *testing.T) {
	for _, match := range []string{"", "GET /api/v4/user", "/labels"} {
		t.Run("at "+match, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, sandbox.Options{}, 0)
				r.FailNext(sandbox.Fault{Match: match, Times: -1, Wait: make(chan struct{})})
				began := time.Now()
				if got := r.look(); !strings.Contains(got, "fail ") || !strings.Contains(got, "within 10s") {
					t.Errorf("it says\n%s", got)
				}
				if took := time.Since(began); took > check.Limit {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

// A token that GitLab does not know is a failure of the token, and GitLab is there.
func TestUnknownToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, sandbox.Options{}, 0)
		stranger, err := gitlab.New(gitlab.Options{URL: "http://gitlab.example", Token: "glpat-x", HTTP: &http.Client{Transport: direct{Handler: r.Server}}})
		r.must(err)
		r.o.GitLab = stranger
		got := r.look()
		for _, want := range []string{"ok    GitLab  http://gitlab.example answers\n", "fail  token   ", "FLOWKEEPER_GITLAB_TOKEN"} {
			if !strings.Contains(got, want) {
				t.Errorf("it does not say %q but\n%s", want, got)
			}
		}
	})
}

// Forty projects are a few calls each, and their lines come in the order of the configuration.
func TestFortyProjects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const projects, callsEach, callsAtAll = 40, 5, 15
		r := newRig(t, sandbox.Options{}, 0)
		r.o.Setup.Targets = nil
		for n := range projects {
			path := fmt.Sprintf("g/p%d", n)
			r.AddProject(path)
			r.o.Setup.Targets = append([]string{path}, r.o.Setup.Targets...)
		}
		before := len(r.Calls())
		got := r.look()
		if calls := len(r.Calls()) - before; calls > projects*callsEach+callsAtAll {
			t.Errorf("%d calls", calls)
		}
		at := 0
		for _, path := range r.o.Setup.Targets {
			next := strings.Index(got, "project "+path+" ")
			if next < at {
				t.Fatalf("project %s is not in its place in\n%s", path, got)
			}
			at = next
		}
	})
}
