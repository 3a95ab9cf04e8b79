package bot_test

import (
	"cmp"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"testing"
	"text/tabwriter"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot"
	"flowkeeper/bot/budget"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/inbox/redistest"
	"flowkeeper/bot/webhook"
	"flowkeeper/bot/worker"
	"flowkeeper/config"
	"flowkeeper/rules"
)

// rounds is how often each variant has its turn.
var rounds = flag.Int("rounds", 16, "rounds of BenchmarkDeliveries")

// warm is how many deliveries come before any are measured. They pay for connections and caches, and after the first thousand the embedded
// store's log has its size: it is then written over, which syncs in half the time.
const warm = 2000

// BenchmarkDeliveries compares the whole way of a delivery up to its answer (HTTP, authentication, decoding, the store with its syncs) with two
// yardsticks that store nothing. Clients and Redis are processes of their own, the servers share this one; all share the machine.
//
// The variants take turns of a few tenths of a second, each right after a turn of the first yardstick, so that whatever else the machine does
// hits all alike. Every number is the median over the rounds; what is said relative to the yardstick is relative to its turn before. Rates of
// a machine that does something else, too, swing all the same; what a delivery costs in CPU swings least. Every delivery is new, of an issue of
// its own, and must be answered "accepted"; in the end the store must hold exactly those. The bot runs whole, but its GitLab is away, so that
// no worker takes anything out of the inbox and only accepting is measured.
//
// The embedded store is in the directory for temporary files: set TMPDIR to the disk that is asked about.
func BenchmarkDeliveries(b *testing.B) {
	var results []*result
	for _, size := range []struct{ clients, turn int }{{1, 250}, {16, 1000}, {64, 2000}} {
		b.Run(fmt.Sprintf("clients=%d", size.clients), func(b *testing.B) {
			variants := startVariants(b, size.clients)
			for _, v := range variants {
				v.run(b, warm)
			}
			for b.Loop() {
				playRounds(b, variants, size.turn)
			}
			checkStored(b, variants)
			b.ReportMetric(0, "ns/op") // an operation here is all the rounds
			for _, v := range variants {
				v.report(b)
				results = append(results, &v.result)
			}
		})
	}
	printResults(results)
}

// variant is one of the servers under load, with its clients and what was measured.
type variant struct {
	*load
	app *bot.App // nil for a yardstick
	result
}

// startVariants starts all servers; the yardstick is the first.
func startVariants(b *testing.B, clients int) []*variant {
	token, signed := sampleDelivery(b, secret, ""), sampleDelivery(b, "", signingToken)
	var all []*variant
	add := func(name string, app *bot.App, url string, d delivery) {
		all = append(all, &variant{newLoad(b, url, d, clients, len(all)+1), app, result{name: name, clients: clients}})
	}
	add("yardstick", nil, startYardstick(b), token)
	add("hand-over", nil, startHandOver(b), signed)
	embedded := startBot(b, "")
	add("embedded", embedded, embedded.URL(), token)
	add("embedded-signed", embedded, embedded.URL(), signed)
	for _, fsync := range []string{"everysec", "always"} {
		app := startBot(b, redistest.Start(b, redistest.Options{AppendFsync: fsync}).URL())
		add("redis-"+fsync, app, app.URL(), token)
	}
	return all
}

// playRounds gives every variant its turns, of so many deliveries each.
func playRounds(b *testing.B, variants []*variant, turn int) {
	yardstick, others := variants[0], variants[1:]
	for round := range *rounds {
		for i := range others {
			v := others[(i+round)%len(others)] // so that nobody always follows the same one
			base := yardstick.run(b, turn)
			yardstick.add(base, base)
			v.add(v.run(b, turn), base)
		}
	}
}

// startBot starts a bot whose GitLab is away, with the embedded store if there is no URL of a Redis.
func startBot(b *testing.B, redisURL string) *bot.App {
	away := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	b.Cleanup(away.Close)
	handbook := config.Default(rules.Catalogue())
	return launch(b, bot.Options{
		Version: "bench", Drain: 5 * time.Second,
		Server:  bot.Server{Listen: "127.0.0.1:0"},
		Admin:   bot.Admin{Listen: "127.0.0.1:0"},
		Webhook: webhook.Options{Secrets: []string{secret}, SigningTokens: []string{signingToken}},
		Inbox:   bot.Inbox{RedisURL: redisURL, DataDir: b.TempDir(), Max: 1_000_000, Spool: 100_000, Lease: time.Minute},
		GitLab:  gitlab.Options{URL: away.URL, Token: botToken},
		Budget:  budget.Options{PerMinute: 1_000_000, NotesPerMinute: 1_000_000},
		Worker:  worker.Options{Freshness: 10 * time.Second, Workers: 8, Attempts: 12, Backoff: time.Second},
		Policy:  handbook.Policy(), Log: zap.NewNop(),
	})
}

// launch starts a bot that the end of the benchmark stops.
func launch(b *testing.B, o bot.Options) *bot.App {
	b.Helper()
	app, err := bot.New(b.Context(), o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := app.Stop(); err != nil {
			b.Error(err)
		}
	})
	if err := app.Start(); err != nil {
		b.Fatal(err)
	}
	return app
}

// checkStored compares what the stores hold with what was answered "accepted".
func checkStored(b *testing.B, variants []*variant) {
	accepted := map[*bot.App]int{}
	for _, v := range variants {
		accepted[v.app] += v.accepted
	}
	delete(accepted, nil)
	for app, want := range accepted {
		stats, err := app.Inbox().Stats(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if stats.Deliveries != want {
			b.Errorf("%d deliveries were accepted, the store holds %d", want, stats.Deliveries)
		}
	}
}

// result is what was measured of one variant: one entry of each list a turn.
type result struct {
	name          string
	clients       int
	turns         []turn
	ratio, factor []float64 // of the rate and of the 99th percentile to the yardstick's turn
}

func (r *result) add(t, base turn) {
	r.turns = append(r.turns, t)
	r.ratio = append(r.ratio, t.rate/base.rate)
	r.factor = append(r.factor, t.p99/base.p99)
}

// of is the median of one quantity over the turns.
func (r *result) of(quantity func(turn) float64) float64 {
	var all []float64
	for _, t := range r.turns {
		all = append(all, quantity(t))
	}
	return median(all)
}

func (r *result) rate() float64   { return r.of(func(t turn) float64 { return t.rate }) }
func (r *result) p50() float64    { return r.of(func(t turn) float64 { return t.p50 }) }
func (r *result) p99() float64    { return r.of(func(t turn) float64 { return t.p99 }) }
func (r *result) cpu() float64    { return r.of(func(t turn) float64 { return t.cpu }) }
func (r *result) allocs() float64 { return r.of(func(t turn) float64 { return t.allocs }) }

// report adds the medians to the benchmark's line.
func (r *result) report(b *testing.B) {
	b.ReportMetric(r.rate(), r.name+"-accepted/s")
	b.ReportMetric(r.p50(), r.name+"-p50-ms")
	b.ReportMetric(r.p99(), r.name+"-p99-ms")
	b.ReportMetric(r.cpu(), r.name+"-cpu-µs")
	if r.name != "yardstick" {
		b.ReportMetric(median(r.ratio), r.name+"-of-yardstick")
		b.ReportMetric(median(r.factor), r.name+"-p99-of-yardstick")
	}
}

// printResults prints all results as a table. A benchmark's own log would be cut after ten lines.
func printResults(results []*result) {
	if len(results) == 0 {
		return
	}
	fmt.Printf("\nDeliveries accepted: medians of at least %d rounds, in brackets the slowest and the fastest turn; \"of\" is relative to the yardstick\n", *rounds)
	fmt.Print("CPU and allocations are those of the server for a delivery, without the clients and without Redis\n\n")
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "clients\t\taccepted/s\t(turns)\tof\tp50 ms\tp99 ms\tof\tCPU µs\tallocations\t")
	for _, r := range results {
		slowest, fastest := slices.MinFunc(r.turns, byRate), slices.MaxFunc(r.turns, byRate)
		fmt.Fprintf(w, "%d\t%s\t%.0f\t(%.0f–%.0f)\t%.2f\t%.2f\t%.2f\t%.2f\t%.0f\t%.0f\t\n", r.clients, r.name,
			r.rate(), slowest.rate, fastest.rate, median(r.ratio), r.p50(), r.p99(), median(r.factor), r.cpu(), r.allocs())
	}
	_ = w.Flush() // nobody is left to hear that the standard output is closed
}

func byRate(a, b turn) int { return cmp.Compare(a.rate, b.rate) }

func median(all []float64) float64 {
	all = slices.Sorted(slices.Values(all))
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}
