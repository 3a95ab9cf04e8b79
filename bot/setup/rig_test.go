package setup_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/setup"
)

const (
	token   = "glpat-Secret-0123456789"
	address = "https://bot.example/webhooks/gitlab"
)

// direct hands requests to a handler without a network, so that a test can have a clock of its own.
type direct struct{ http.Handler }

// RoundTrip implements http.RoundTripper. A handler that breaks the connection gives no answer.
func (d direct) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	defer func() {
		if recover() != nil {
			resp, err = nil, errors.New("EOF")
		}
	}()
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w.Result(), nil
}

// rig is a GitLab with a group "g" and projects in it, and what is to be set up there.
type rig struct {
	*sandbox.Server
	t      *testing.T
	client *gitlab.Client
	o      setup.Options
}

func newRig(t *testing.T, o sandbox.Options, projects ...string) *rig {
	t.Helper()
	o.Token, o.Now = token, time.Now
	if o.BotLevel == 0 {
		o.BotLevel = sandbox.Owner
	}
	r := &rig{Server: sandbox.New(o), t: t}
	t.Cleanup(r.Close)
	for _, p := range projects {
		r.AddProject(p)
	}
	var err error
	if r.client, err = gitlab.New(gitlab.Options{URL: "http://gitlab.example", Token: token, HTTP: &http.Client{Transport: direct{r.Server}}}); err != nil {
		t.Fatal(err)
	}
	r.o = setup.Options{
		Targets: []string{"g"}, Labels: setup.Labels(handbook()), Team: handbook().Team, Milestone: "Backlog", Events: setup.Events(handbook()), URL: address,
	}
	r.keepIn(filepath.Join(t.TempDir(), "signing"))
	return r
}

// keepIn names the file of the signing token and reads it, as the program does at each start.
func (r *rig) keepIn(file string) {
	r.t.Helper()
	var err error
	if r.o.Signing, err = setup.NewCredential("FLOWKEEPER_SIGNING_TOKEN", file, values(r.t, file)); err != nil {
		r.t.Fatal(err)
	}
}

// again is what the next run finds.
func (r *rig) again() { r.keepIn(r.o.Signing.File) }

func (r *rig) look() setup.Plan {
	r.t.Helper()
	found, err := setup.Look(r.t.Context(), r.client, r.o, silent)
	if err != nil {
		r.t.Fatal(err)
	}
	return setup.NewPlan(r.o, found, time.Now())
}

// run looks, plans and applies; the next run begins with what this one has left.
func (r *rig) run() (setup.Plan, setup.Result) {
	r.t.Helper()
	plan := r.look()
	result := setup.Apply(r.t.Context(), r.client, plan, silent)
	r.again()
	return plan, result
}

// done runs and wants everything to be done.
func (r *rig) done() setup.Plan {
	r.t.Helper()
	plan, result := r.run()
	for _, f := range result.Failed {
		r.t.Errorf("%s %s failed: %v", f.Action.Do, f.Action.Name, f.Err)
	}
	return plan
}

// wantNothing wants a plan without actions.
func (r *rig) wantNothing() setup.Plan {
	r.t.Helper()
	plan := r.look()
	for _, a := range plan.Actions {
		r.t.Errorf("still to do: %s %s %s in %s: %s", a.Do, a.Kind, a.Name, a.Place, a.Why)
	}
	return plan
}

func silent(int, int) {}

// clocked runs a test in a bubble with a clock of its own.
func clocked(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// writes are the calls that change something, as the sandbox's journal has them.
func (r *rig) writes() []string {
	var list []string
	for _, c := range r.Calls() {
		if !strings.HasPrefix(c.Line, "GET ") && !strings.HasPrefix(c.Line, "QUERY ") {
			list = append(list, c.Line)
		}
	}
	return list
}

// summary is a plan in short: "2 label create in group g".
func summary(p setup.Plan) []string {
	counts := map[string]int{}
	for _, a := range p.Actions {
		line := fmt.Sprintf("%s %s", a.Kind, a.Do)
		if a.Kind != setup.KindSecret {
			line += " in " + a.Place.String()
		}
		counts[line]++
	}
	var list []string
	for line, n := range counts {
		list = append(list, fmt.Sprintf("%d %s", n, line))
	}
	slices.Sort(list)
	return list
}

// advice is one text of all warnings or problems.
func advice(list []setup.Advice) string {
	var b strings.Builder
	for _, a := range list {
		fmt.Fprintf(&b, "%s\n  %s\n", a.What, a.Do)
	}
	return b.String()
}
