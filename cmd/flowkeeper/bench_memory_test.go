package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"flowkeeper/bot/sandbox"
)

// BenchmarkGarbage measures what a delivery costs the program in CPU, and how much memory it holds at most, with several settings of Go's
// garbage collector: the program's own, which "own" is, and others from the environment. 64 clients send deliveries of issues that GitLab does
// not answer for, so that only accepting is measured.
func BenchmarkGarbage(b *testing.B) {
	program := buildMeasured(b)
	for _, setting := range []string{"", "GOGC=100", "GOGC=200", "GOGC=400", "GOGC=800", "GOGC=off GOMEMLIMIT=64MiB"} {
		b.Run("own"+setting, func(b *testing.B) {
			gitlab := newSilent(b)
			p, webhooks := startServe(b, program, gitlab.url, strings.Fields(setting)...)
			gitlab.hold.Store(true)
			b.ResetTimer()
			sendIssues(b, webhooks, b.N)
			b.StopTimer()
			most := p.memory(b, "VmHWM")
			gitlab.web.CloseClientConnections() // whoever waits for it can end
			p.finish(b)
			used := p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()
			b.ReportMetric(float64(used.Microseconds())/float64(b.N), "CPU-µs/delivery")
			b.ReportMetric(float64(most)/1024, "most-MiB")
		})
	}
}

// silent is a GitLab that answers until hold is set.
type silent struct {
	url  string
	web  *httptest.Server
	hold atomic.Bool
}

func newSilent(b *testing.B) *silent {
	lab := sandbox.New(sandbox.Options{Token: secrets["TOKEN"]})
	s := &silent{}
	s.web = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.hold.Load() {
			<-r.Context().Done()
			return
		}
		lab.ServeHTTP(w, r)
	}))
	lab.SetURL(s.web.URL)
	s.url = s.web.URL
	b.Cleanup(func() { s.web.CloseClientConnections(); s.web.Close(); lab.Close() })
	return s
}

// sendIssues has 64 clients deliver so many new issues.
func sendIssues(b *testing.B, url string, n int) {
	b.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: time.Minute}
	defer client.CloseIdleConnections()
	description := strings.Repeat("What happens, and what ought to. ", 80)
	now := time.Now().UTC().Format("2006-01-02 15:04:05 UTC")
	var next atomic.Int64
	var group sync.WaitGroup
	for range 64 {
		group.Go(func() {
			for k := next.Add(1); k <= int64(n); k = next.Add(1) {
				body := fmt.Sprintf(`{"object_kind":"issue","event_type":"issue","user":{"id":41,"username":"ann"},"project":{"id":9,"path_with_namespace":"g/p"},
"object_attributes":{"id":%d,"iid":%d,"project_id":9,"author_id":41,"title":"A button is green","description":%q,"state":"opened","action":"open",
"created_at":%q,"updated_at":%q,"weight":null,"labels":[]},"labels":[],"changes":{}}`, k, k, description, now, now)
				req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, url, bytes.NewBufferString(body))
				if err != nil {
					b.Error(err)
					return
				}
				req.Header.Set("X-Gitlab-Token", secrets["SECRET"])
				req.Header.Set("X-Gitlab-Event", "Issue Hook")
				req.Header.Set("Content-Type", "application/json")
				resp, err := client.Do(req)
				if err != nil {
					b.Error(err)
					return
				}
				answer, err := io.ReadAll(resp.Body)
				_ = resp.Body.Close()
				if err != nil || resp.StatusCode != http.StatusAccepted || !bytes.Contains(answer, []byte(`"accepted"`)) {
					b.Errorf("%s %s, %v: want it accepted", resp.Status, answer, err)
					return
				}
			}
		})
	}
	group.Wait()
}
