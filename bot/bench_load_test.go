package bot_test

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"flowkeeper/bot/testkit"
)

// load is clients in a process of their own, and counts what was accepted.
type load struct {
	turns    *json.Encoder
	answers  *json.Decoder
	accepted int
}

// newLoad starts the clients; nth makes their deliveries different from those of other loads, from 1 to 8.
func newLoad(b *testing.B, url string, sample delivery, clients, nth int) *load {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), clientsEnv+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := testkit.Start(cmd); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close() // it was gone already, then; Wait says why
		_, _ = io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil {
			b.Error("the clients ended with", err)
		}
	})
	l := &load{turns: json.NewEncoder(in), answers: json.NewDecoder(out)}
	if err := l.turns.Encode(clientsSetup{URL: url, Sample: sample, Clients: clients, First: nth * numbers}); err != nil {
		b.Fatal(err)
	}
	return l
}

// turn is one measurement: accepted deliveries a second, latencies in milliseconds, and what a delivery costs this process: microseconds of
// CPU, the kernel's work for it included, and allocations.
type turn struct{ rate, p50, p99, cpu, allocs float64 }

// run has n new deliveries sent.
func (l *load) run(b *testing.B, n int) turn {
	b.Helper()
	var before, after runtime.MemStats
	runtime.GC() // what others left behind is not this turn's
	runtime.ReadMemStats(&before)
	busy := testkit.CPUTime()
	if err := l.turns.Encode(n); err != nil {
		b.Fatal("asking the clients for a turn:", err)
	}
	var s sent
	if err := l.answers.Decode(&s); err != nil {
		b.Fatal("waiting for the clients:", err)
	}
	busy = testkit.CPUTime() - busy
	runtime.ReadMemStats(&after)
	if s.Error != "" {
		b.Fatal(s.Error)
	}
	l.accepted += n
	return turn{
		rate: float64(n) / s.Took.Seconds(), p50: millis(s.P50), p99: millis(s.P99), cpu: float64(busy.Microseconds()) / float64(n),
		allocs: float64(after.Mallocs-before.Mallocs) / float64(n),
	}
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
