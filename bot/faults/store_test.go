package faults_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"flowkeeper/bot/admin"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/sqlite"
)

// store is a look from outside at what the replicas hold.
type store interface {
	Stats(ctx context.Context) (inbox.Stats, error)
	DeadLetters(ctx context.Context, limit int) ([]inbox.DeadLetter, error)
}

// shared is the look at replicas that share a Redis. What waits in their spools waits, too.
type shared struct {
	inbox.Inbox
	rig *rig
}

// Stats asks the spools first: what leaves one is in Redis before.
func (s shared) Stats(ctx context.Context) (inbox.Stats, error) {
	spooled := 0
	for _, r := range s.rig.running() {
		if r.frozen() {
			continue
		}
		g, err := r.gauges(ctx, "flowkeeper_spool_deliveries")
		if err != nil {
			return inbox.Stats{}, err
		}
		spooled += g[0]
	}
	stats, err := s.Inbox.Stats(ctx)
	stats.Deliveries += spooled
	return stats, err
}

// embedded is the look at a replica that keeps its mail itself. While it runs, nobody but the process can read the file.
type embedded struct{ of *replica }

func (e embedded) Stats(ctx context.Context) (inbox.Stats, error) {
	if !e.of.runs() {
		return e.file(ctx)
	}
	g, err := e.of.gauges(ctx, "flowkeeper_inbox_deliveries", "flowkeeper_inbox_leased", "flowkeeper_inbox_dead")
	if err != nil {
		return inbox.Stats{}, err
	}
	return inbox.Stats{Deliveries: g[0], Leased: g[1], DeadLetters: g[2]}, nil
}

// file looks into what a replica left behind. To make an empty store where there is none would be no look.
func (e embedded) file(ctx context.Context) (inbox.Stats, error) {
	if _, err := os.Stat(filepath.Join(e.of.data, sqlite.File)); err != nil {
		return inbox.Stats{}, err
	}
	left, err := sqlite.Open(sqlite.Options{Dir: e.of.data})
	if err != nil {
		return inbox.Stats{}, err
	}
	stats, err := left.Stats(ctx)
	return stats, errors.Join(err, left.Close())
}

func (e embedded) DeadLetters(ctx context.Context, _ int) ([]inbox.DeadLetter, error) {
	client, err := admin.NewClient("http://"+e.of.admin, "")
	if err != nil {
		return nil, err
	}
	defer client.Close()
	told, err := client.Letters(ctx)
	if err != nil {
		return nil, err
	}
	letters := make([]inbox.DeadLetter, len(told))
	for n, l := range told {
		letters[n] = inbox.DeadLetter{Issue: l.Issue(), Cause: l.Cause, Attempts: l.Attempts}
	}
	return letters, nil
}

// gauges asks the process what it measures, in the order of the names. One that is not there is an error.
func (r *replica) gauges(ctx context.Context, names ...string) ([]int, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+r.admin+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("asking %s what it holds: %w", r.name, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("reading what %s holds: %w", r.name, err)
	}
	measured := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		measured[name] = value
	}
	values := make([]int, len(names))
	for n, name := range names {
		if values[n], err = strconv.Atoi(measured[name]); err != nil {
			return nil, fmt.Errorf("%s measures no %s now: %w", r.name, name, err)
		}
	}
	return values, nil
}
