package faults_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/sandbox"
)

// call is a step of the way to GitLab: the n-th such request of an issue's own project, counted from 1.
type call struct {
	name   string
	method string
	path   *regexp.Regexp // behind the project

	// makes says that it makes something new. When a process is stopped for longer than its lease and GitLab carries such a call of it out
	// only afterwards, there are two until the issue is looked at again, five minutes later: HTTP has nothing that tells the one not wanted any
	// more. The workers' own tests wait for that look.
	makes bool
}

func calls() []call {
	return []call{
		{"update the issue", http.MethodPut, regexp.MustCompile(`^issues/1$`), false},
		{"look for the note", http.MethodGet, regexp.MustCompile(`^issues/1/notes$`), false},
		{"create the note", http.MethodPost, regexp.MustCompile(`^issues/1/notes$`), true},
		{"edit the note", http.MethodPut, regexp.MustCompile(`^issues/1/notes/\d+$`), false},
		{"ask for the writer's level", http.MethodGet, regexp.MustCompile(`^members/`), false},
		{"open the follow-up", http.MethodPost, regexp.MustCompile(`^issues$`), true},
		{"link the follow-up", http.MethodPost, regexp.MustCompile(`/links$`), false},
		{"reply", http.MethodPost, regexp.MustCompile(`/discussions/[^/]+/notes$`), true},
		{"react", http.MethodPost, regexp.MustCompile(`/award_emoji$`), false},
	}
}

// way passes every call: the weight of a spike, a note, a reply, a follow-up.
func way() story {
	return story{
		name: "all the way", open: sandbox.IssueOptions{Labels: ours("spike", "type::maintenance", "workflow::in dev")},
		steps: []step{weighs(2), say("/flow to nowhere"), edit(sandbox.Change{AddLabels: []string{"type::bug"}}), noted("severity"), say("/flow back\n\n/flow spike done weight=3 What %s found")},
	}
}

// reachable is far more than anything here takes.
const reachable = 2 * time.Minute

// TestEveryStep lets each call go wrong in each way, each on an issue of its own, and wants all issues to end alike.
func TestEveryStep(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts processes")
	}
	tests := map[string]struct {
		fault  fault
		during func(*testing.T, *rig, *gate) // what happens while the calls hang; nil if they do not
	}{
		"nothing":                   {fault: none},
		"error before":              {fault: errorBefore},
		"done, answer lost":         {fault: answerLost},
		"killed after":              {hang, killed},
		"lease lost meanwhile":      {hang, leaseLost},
		"lease lost, call too late": {hangBefore, leaseLost},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { everyStep(t, test.fault, test.during) })
	}
}

func everyStep(t *testing.T, f fault, during func(*testing.T, *rig, *gate)) {
	var g *gate
	r := newRig(t, setup{seed: 1, replicas: 2, lease: 10 * time.Second, front: func(lab *sandbox.Server) http.Handler {
		g = &gate{lab: lab, traps: map[string]*trap{}}
		return g
	}})
	r.replicas[0].start()
	var plays []*play
	steps := slices.DeleteFunc(calls(), func(c call) bool { return f == hangBefore && c.makes })
	for n, c := range steps {
		project := r.newProject(fmt.Sprintf("team/project%d", n))
		plays = append(plays, r.newPlay(way(), project, fmt.Sprintf("person%d", n)))
		g.set(project, c, f)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*reachable)
	defer cancel()
	over := make(chan error, 1)
	go func() { over <- playAll(ctx, plays, len(plays)) }()
	if during != nil {
		hanging, cancel := context.WithTimeout(ctx, reachable)
		defer cancel()
		if err := g.allHang(hanging); err != nil {
			t.Error(err)
		}
		during(t, r, g)
	}
	if err := <-over; err != nil {
		t.Error(err)
	}
	g.release()
	if err := r.settle(ctx); err != nil {
		t.Errorf("something is left: %v", err)
	}
	r.dead(ctx)
	for _, each := range r.replicas {
		each.stop()
	}
	want := outcome{
		Labels: []string{
			"Category:Source Code Management", "backend", "devops::create", "group::source code", "spike",
			"type::bug", "workflow::ready for development",
		},
		Weight: 2, State: "closed", Links: []string{"relates_to"},
		FollowUps: []outcome{{
			Labels: []string{
				"Category:Source Code Management", "backend", "devops::create", "group::source code",
				"type::bug", "workflow::planning breakdown",
			},
			Weight: 3, State: "opened", Links: []string{"relates_to"},
		}},
		Answers: []answer{{[]string{"x"}, 1}, {[]string{"white_check_mark"}, 1}},
	}
	for n, p := range plays {
		step := steps[n].name
		if f != none && !g.met(p.project) {
			t.Errorf("%s: the bot does not do that on this way, so nothing was tested", step)
		}
		if diff := cmp.Diff(want, p.ended(r.lab.Issues(p.project))); diff != "" {
			t.Errorf("%s: it ended differently (-want +got):\n%s%s", step, diff, p.history())
		}
		if notes := p.stickies(); notes != 1 {
			t.Errorf("%s: %d sticky notes, want 1", step, notes)
		}
	}
}

// killed kills the bot while GitLab has done what it asked and has not answered yet.
func killed(_ *testing.T, r *rig, g *gate) {
	r.replicas[0].kill(true)
	g.release()
}

// leaseLost freezes the bot until another one has done its work, then lets it go on where it was.
func leaseLost(t *testing.T, r *rig, g *gate) {
	frozen, other := r.replicas[0], r.replicas[1]
	frozen.freeze()
	r.road.only(other)
	other.start()
	ctx, cancel := context.WithTimeout(t.Context(), reachable)
	defer cancel()
	if err := r.settle(ctx); err != nil {
		t.Errorf("the other replica: %v", err)
	}
	frozen.thaw()
	g.release()
}

// fault is how a call goes wrong.
type fault int

const (
	none        fault = iota
	errorBefore       // 502, and nothing is done
	answerLost        // it is done and the connection breaks
	hang              // it is done and not answered until release
	hangBefore        // it is not done until release
)

// gate stands before the API and lets the first call of a kind, of each project, go wrong.
type gate struct {
	lab   http.Handler
	mu    sync.Mutex
	traps map[string]*trap // by project
}

type trap struct {
	call
	fault   fault
	met     chan struct{} // closed when the call has come
	release chan struct{}
	freed   bool
}

func (g *gate) set(project int64, c call, f fault) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.traps[fmt.Sprint(project)] = &trap{call: c, fault: f, met: make(chan struct{}), release: make(chan struct{})}
}

var projectPath = regexp.MustCompile(`^/api/v4/projects/(\d+)/(.*)$`)

// take gives the trap that a request meets, once; else nil.
func (g *gate) take(r *http.Request) *trap {
	found := projectPath.FindStringSubmatch(r.URL.Path)
	if found == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.traps[found[1]]
	if t == nil || t.fault == none || t.isMet() || r.Method != t.method || !t.path.MatchString(found[2]) {
		return nil
	}
	close(t.met)
	return t
}

func (t *trap) isMet() bool {
	select {
	case <-t.met:
		return true
	default:
		return false
	}
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t := g.take(r)
	if t == nil {
		g.lab.ServeHTTP(w, r)
		return
	}
	answer := httptest.NewRecorder()
	switch t.fault {
	case errorBefore:
		http.Error(w, `{"message":"502 Bad Gateway"}`, http.StatusBadGateway)
		return
	case answerLost:
		g.lab.ServeHTTP(answer, r)
		panic(http.ErrAbortHandler)
	case hang:
		g.lab.ServeHTTP(answer, r)
		<-t.release
	case hangBefore:
		<-t.release
		g.lab.ServeHTTP(answer, r)
	case none:
		g.lab.ServeHTTP(answer, r)
	}
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = bytes.NewReader(answer.Body.Bytes()).WriteTo(w) // nobody may be there any more
}

// allHang waits until every call has come.
func (g *gate) allHang(ctx context.Context) error {
	g.mu.Lock()
	traps := make([]*trap, 0, len(g.traps))
	for _, t := range g.traps {
		traps = append(traps, t)
	}
	g.mu.Unlock()
	for _, t := range traps {
		select {
		case <-t.met:
		case <-ctx.Done():
			return fmt.Errorf("nobody comes to %s: %w", t.name, ctx.Err())
		}
	}
	return nil
}

// release lets what hangs go on.
func (g *gate) release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, t := range g.traps {
		if !t.freed {
			t.freed = true
			close(t.release)
		}
	}
}

func (g *gate) met(project int64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.traps[fmt.Sprint(project)].isMet()
}
