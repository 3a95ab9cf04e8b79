package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"flowkeeper/bot/inbox/redistest"
	"flowkeeper/bot/testkit"
)

// patience is far more than anything waited for takes.
const patience = 2 * time.Minute

// exits runs flowkeeper to its end.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: exits CODE ARGS...")
	}
	err := ts.Exec("flowkeeper", args[1:]...)
	exit, ended := errors.AsType[*exec.ExitError](err)
	if err != nil && !ended {
		ts.Fatalf("running flowkeeper: %v", err)
	}
	code := 0
	if ended {
		code = exit.ExitCode()
	}
	of(ts).harmless(ts.ReadFile("stdout") + ts.ReadFile("stderr"))
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// process is a flowkeeper in the background.
type process struct {
	cmd            *exec.Cmd
	stdout, stderr *transcript
	ended          chan struct{}
}

func start(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts)
	if neg || len(args) == 0 || s.bot != nil {
		ts.Fatalf("usage: start ARGS..., once")
	}
	ts.Check(ts.Exec("env")) // the script's own environment is not to be had otherwise
	path, err := exec.LookPath("flowkeeper")
	ts.Check(err)
	p := &process{cmd: exec.CommandContext(s.t.Context(), path, args...), stdout: newTranscript(), stderr: newTranscript(), ended: make(chan struct{})}
	p.cmd.Env = strings.Split(ts.ReadFile("stdout"), "\n")
	p.cmd.Dir = ts.MkAbs(".")
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	ts.Check(testkit.Start(p.cmd))
	s.bot = p
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // how it ended is in the process state
	}()
}

// end makes sure that the process is gone.
func (p *process) end() {
	_ = p.cmd.Process.Kill() // it may have ended by itself
	<-p.ended
}

func await(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts)
	if neg || len(args) != 2 || s.bot == nil {
		ts.Fatalf("usage: await stdout|stderr REGEXP, after start")
	}
	from := map[string]*transcript{"stdout": s.bot.stdout, "stderr": s.bot.stderr}[args[0]]
	if from == nil {
		ts.Fatalf("await stdout or stderr, not %q", args[0])
	}
	want, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	found, err := from.await(s.t.Context(), want, s.bot.ended)
	if err != nil {
		ts.Fatalf("%v\n[stdout]\n%s\n[stderr]\n%s", err, s.bot.stdout, s.bot.stderr)
	}
	for n, name := range want.SubexpNames() {
		if name != "" {
			ts.Setenv(name, found[n])
		}
	}
}

func kill(ts *testscript.TestScript, neg bool, args []string) {
	known := map[string]os.Signal{"TERM": syscall.SIGTERM, "INT": os.Interrupt, "HUP": syscall.SIGHUP}
	if neg || len(args) != 1 || known[args[0]] == nil || of(ts).bot == nil {
		ts.Fatalf("usage: signal TERM|INT|HUP, after start")
	}
	ts.Check(of(ts).bot.cmd.Process.Signal(known[args[0]]))
}

func ended(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts)
	if neg || len(args) != 1 || s.bot == nil {
		ts.Fatalf("usage: ended CODE|SIGNAL, after start")
	}
	p := s.bot
	select {
	case <-p.ended:
	case <-time.After(patience):
		ts.Fatalf("flowkeeper did not end\n[stderr]\n%s", p.stderr)
	}
	s.bot = nil
	s.harmless(p.stdout.String() + p.stderr.String())
	fmt.Fprint(ts.Stdout(), p.stdout)
	fmt.Fprint(ts.Stderr(), p.stderr)
	how := strconv.Itoa(p.cmd.ProcessState.ExitCode())
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		how = status.Signal().String()
	}
	if how != args[0] {
		ts.Fatalf("it ended with %s, want %s", how, args[0])
	}
}

func redis(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: redis")
	}
	server := redistest.Start(of(ts).t, redistest.Options{AppendFsync: "always", Password: secrets["REDIS_PASSWORD"]})
	ts.Setenv("FLOWKEEPER_REDIS_URL", server.URL())
	ts.Setenv("REDIS_ADDR", server.Addr())
}

// transcript is output that can be waited for.
type transcript struct {
	mu    sync.Mutex
	text  strings.Builder
	grown chan struct{} // closed and replaced with every write
}

func newTranscript() *transcript { return &transcript{grown: make(chan struct{})} }

func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	close(t.grown)
	t.grown = make(chan struct{})
	return t.text.Write(p)
}

// String is what was written so far.
func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

// await returns the first match, as soon as there is one. After ended nothing more is written.
func (t *transcript) await(ctx context.Context, want *regexp.Regexp, ended <-chan struct{}) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for last := false; ; {
		t.mu.Lock()
		found, grown := want.FindStringSubmatch(t.text.String()), t.grown
		t.mu.Unlock()
		switch {
		case found != nil:
			return found, nil
		case last:
			return nil, fmt.Errorf("flowkeeper ended without printing %q", want)
		}
		select {
		case <-grown:
		case <-ended:
			last = true
		case <-ctx.Done():
			return nil, fmt.Errorf("flowkeeper does not print %q", want)
		}
	}
}
