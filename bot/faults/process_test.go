package faults_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"flowkeeper/bot/sleep"
	"flowkeeper/bot/testkit"
	"flowkeeper/bot/webhook"
)

const (
	botToken = "glpat-the-bots-own-token"
	secret   = "the-webhooks-secret"
	botName  = "flowkeeper-bot"
)

// settings are as quick as the configuration allows, but for the lease: nobody here takes minutes to finish an edit.
const settings = `
gitlab: {rate: 100000, notes_rate: 10000}
server: {drain: 2s}
inbox: {settle: 20ms, grace: 20ms, lease: %s, workers: 16, attempts: 100}
schedule: {sweep: 1m, hooks: 1m, lookback: 10m}
workflow: {store: %s}
rules: {mr-in-dev: act, mr-in-review: act, mr-back-to-dev: act, mr-merged: act}
policies: [policies.yml]
policy_defaults: {mode: act}
`

// binary is the program under test, built once.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(os.TempDir(), "flowkeeper-faults-"+strconv.Itoa(os.Getpid()))
	if out, err := testkit.CombinedOutput(exec.Command("go", "build", "-o", path, "flowkeeper/cmd/flowkeeper")); err != nil {
		return "", fmt.Errorf("building flowkeeper: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	_ = os.Remove(filepath.Join(os.TempDir(), "flowkeeper-faults-"+strconv.Itoa(os.Getpid()))) // not there if nothing was built
	os.Exit(code)
}

// replica is one flowkeeper with addresses and a data directory of its own. While it is wanted it is started again whenever it ends, as
// any service manager does.
type replica struct {
	t     *testing.T
	name  string
	addr  string // of the webhooks
	admin string // of its operators
	data  string // its directory
	env   []string
	log   *os.File

	mu     sync.Mutex
	life   *life // nil if it is not wanted
	starts int
}

// life is one process of a replica.
type life struct {
	cmd    *exec.Cmd
	wanted bool // it is started again if it ends
	frozen bool
	over   chan struct{}
}

// place is where the program finds the others.
type place struct {
	gitlab string
	redis  string // "" for the embedded store
	lease  time.Duration
	store  string // where the team keeps its states
}

func newReplica(t *testing.T, name string, p place) *replica {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "flowkeeper.yaml")
	err := os.WriteFile(config, fmt.Appendf(nil, settings, p.lease, p.store), 0o600)
	if err = errors.Join(err, os.WriteFile(filepath.Join(dir, "policies.yml"), []byte(policies), 0o600)); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(t.ArtifactDir(), name+".log"))
	if err != nil {
		t.Fatal(err)
	}
	r := &replica{t: t, name: name, addr: freeAddress(t), admin: freeAddress(t), data: filepath.Join(dir, "data"), log: log}
	r.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir,
		"FLOWKEEPER_GITLAB_URL=" + p.gitlab, "FLOWKEEPER_GITLAB_TOKEN=" + botToken, "FLOWKEEPER_WEBHOOK_SECRET=" + secret,
		"FLOWKEEPER_DATA_DIR=" + r.data, "FLOWKEEPER_CONFIG=" + config,
		"FLOWKEEPER_LISTEN=" + r.addr, "FLOWKEEPER_ADMIN_LISTEN=" + r.admin, "FLOWKEEPER_LOG_LEVEL=debug", "FLOWKEEPER_LOG_FORMAT=json",
	}
	if p.redis != "" {
		r.env = append(r.env, "FLOWKEEPER_REDIS_URL="+p.redis)
	}
	t.Cleanup(func() {
		r.kill(false)
		_ = log.Close()
	})
	return r
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", testkit.Loopback()+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// url is where its webhooks go.
func (r *replica) url() string { return "http://" + r.addr + webhook.Path }

// start starts it if it does not run.
func (r *replica) start() {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.life != nil {
		return
	}
	if err := r.launch(); err != nil {
		r.t.Fatal(err)
	}
}

// launch starts a process and looks after it. The caller holds the lock.
func (r *replica) launch() error {
	path, err := binary()
	if err != nil {
		return err
	}
	l := &life{cmd: exec.Command(path, "serve"), wanted: true, over: make(chan struct{})}
	l.cmd.Env, l.cmd.Stdout, l.cmd.Stderr = r.env, r.log, r.log
	if err := testkit.Start(l.cmd); err != nil {
		return fmt.Errorf("starting %s: %w", r.name, err)
	}
	r.life = l
	r.starts++
	go r.mind(l)
	return nil
}

// again is how long a service manager waits before it starts a program again.
const again = 100 * time.Millisecond

// mind waits for the end of a process and has the next one started.
func (r *replica) mind(l *life) {
	defer close(l.over)
	_ = l.cmd.Wait() // how it ended does not matter: it is killed, and may give up while Redis is away
	sleep.For(context.Background(), again)
	r.mu.Lock()
	defer r.mu.Unlock()
	if l.wanted {
		if err := r.launch(); err != nil {
			r.t.Error(err)
		}
	}
}

// kill ends the process as kill -9 does; with thenAgain it is started anew. It returns when the old process is gone.
func (r *replica) kill(thenAgain bool) { r.end(syscall.SIGKILL, thenAgain) }

// stop ends the process as a service manager does and returns when it is gone.
func (r *replica) stop() { r.end(syscall.SIGTERM, false) }

func (r *replica) end(sig syscall.Signal, thenAgain bool) {
	r.mu.Lock()
	l := r.life
	if l != nil {
		l.wanted = thenAgain
		if !thenAgain {
			r.life = nil
		}
		_ = l.cmd.Process.Signal(sig) // it may have ended by itself
	}
	r.mu.Unlock()
	if l != nil {
		testkit.Receive(r.t, r.name+" to be gone", l.over)
	}
}

// freeze stops the process in its tracks: its connections stay open and nothing is answered. thaw lets it go on.
func (r *replica) freeze() { r.signal(syscall.SIGSTOP) }
func (r *replica) thaw()   { r.signal(syscall.SIGCONT) }

func (r *replica) signal(sig syscall.Signal) {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.life == nil {
		r.t.Fatalf("%s does not run", r.name)
	}
	if err := r.life.cmd.Process.Signal(sig); err != nil {
		r.t.Fatalf("sending %s to %s: %v", sig, r.name, err)
	}
	r.life.frozen = sig == syscall.SIGSTOP
}

// frozen reports whether nobody should ask it anything.
func (r *replica) frozen() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.life != nil && r.life.frozen
}

// runs reports whether it is wanted.
func (r *replica) runs() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.life != nil
}
