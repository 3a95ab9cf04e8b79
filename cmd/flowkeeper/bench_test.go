package main

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/testkit"
)

// BenchmarkServe measures how long the program takes until it is ready, with a new embedded inbox and a GitLab that answers at once, and how
// much memory it then holds, its own code included.
func BenchmarkServe(b *testing.B) {
	program := buildMeasured(b)
	lab := sandbox.New(sandbox.Options{Token: secrets["TOKEN"]})
	defer lab.Close()
	web := httptest.NewServer(lab)
	defer web.Close()
	lab.SetURL(web.URL)
	var ready time.Duration
	var resident int
	for b.Loop() {
		took, held := serveOnce(b, program, web.URL)
		ready, resident = ready+took, resident+held
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(ready.Milliseconds())/float64(b.N), "ready-ms")
	b.ReportMetric(float64(resident)/float64(b.N)/1024, "idle-MiB")
}

// serveOnce starts the program, waits until it is ready and ends it. Held is in KiB.
func serveOnce(b *testing.B, program, gitlab string) (took time.Duration, held int) {
	b.Helper()
	began := time.Now()
	p, _ := startServe(b, program, gitlab)
	took = time.Since(began)
	held = p.memory(b, "VmRSS")
	p.finish(b)
	return took, held
}

// startServe starts the program and waits until it is ready. Webhooks is its address for them.
func startServe(b *testing.B, program, gitlab string, environ ...string) (p *process, webhooks string) {
	b.Helper()
	p = &process{cmd: exec.CommandContext(b.Context(), program, "serve"), stdout: newTranscript(), stderr: newTranscript(), ended: make(chan struct{})}
	p.cmd.Dir = b.TempDir()
	p.cmd.Env = append([]string{
		"FLOWKEEPER_GITLAB_URL=" + gitlab, "FLOWKEEPER_GITLAB_TOKEN=" + secrets["TOKEN"], "FLOWKEEPER_WEBHOOK_SECRET=" + secrets["SECRET"],
		"FLOWKEEPER_LISTEN=127.0.0.1:0", "FLOWKEEPER_ADMIN_LISTEN=127.0.0.1:0",
	}, environ...)
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	if err := testkit.Start(p.cmd); err != nil {
		b.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // how it ended is in the process state
	}()
	said, err := p.stdout.await(b.Context(), regexp.MustCompile(`is ready: webhooks on (\S+?),`), p.ended)
	if err != nil {
		b.Fatalf("%v\n%s", err, p.stderr)
	}
	return p, said[1]
}

// memory is what the process holds by the system's account, in KiB: VmRSS is now, VmHWM the most that it held.
func (p *process) memory(b *testing.B, what string) int {
	b.Helper()
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.cmd.Process.Pid), "status"))
	if err != nil {
		b.Fatal(err)
	}
	found := regexp.MustCompile(what + `:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		b.Fatalf("no %s in\n%s", what, status)
	}
	held, _ := strconv.Atoi(string(found[1])) // they are digits
	return held
}

// finish asks the process to end and waits for it.
func (p *process) finish(b *testing.B) {
	b.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		b.Fatal(err)
	}
	<-p.ended
	if !p.cmd.ProcessState.Success() {
		b.Fatalf("it ended with %s\n%s", p.cmd.ProcessState, p.stderr)
	}
}

// buildMeasured builds the program as it is shipped, to be measured, and returns its path.
func buildMeasured(b *testing.B) string {
	b.Helper()
	if runtime.GOOS != "linux" {
		b.Skip("memory is read from /proc")
	}
	program := filepath.Join(b.TempDir(), "flowkeeper")
	build := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, ".")
	if out, err := testkit.CombinedOutput(build); err != nil {
		b.Fatalf("building the program: %v\n%s", err, out)
	}
	return program
}
