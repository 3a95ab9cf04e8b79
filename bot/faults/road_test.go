package faults_test

import (
	"bytes"
	"context"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// road is what lies between GitLab and the replicas: a load balancer, and whoever resends what was not answered 2xx. On a bad day it loses
// deliveries, loses answers, doubles and delays.
type road struct {
	client *http.Client

	mu       sync.Mutex
	replicas []*replica
	dice     *rand.Rand
	bad      bool
	next     int // replica to try first
	waiting  []parcel
	moving   int
	done     map[string]int
}

// parcel is a delivery on its way.
type parcel struct {
	header http.Header
	body   []byte
	due    time.Time
}

func newRoad(seed uint64, replicas ...*replica) *road {
	return &road{
		replicas: replicas, client: &http.Client{Timeout: 5 * time.Second},
		dice: rand.New(rand.NewPCG(seed, 1)), done: map[string]int{},
	}
}

// How long a resend waits at least, and how late a late delivery is at most.
const (
	resendAfter = 100 * time.Millisecond
	latest      = 2 * time.Second
)

// ServeHTTP takes a webhook. What goes wrong on the road is answered 502, as a broken proxy would.
func (r *road) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p := parcel{header: req.Header.Clone(), body: body}
	switch r.fate() {
	case "deliveries dropped":
		r.keep(p, resendAfter)
	case "deliveries late":
		r.keep(p, r.delay())
	case "answers dropped":
		r.carry(req.Context(), p)
		r.keep(p, r.delay())
	case "deliveries doubled":
		twin := make(chan struct{})
		go func() {
			defer close(twin)
			r.carry(req.Context(), p)
		}()
		r.carry(req.Context(), p)
		<-twin
		w.WriteHeader(http.StatusAccepted)
		return
	default:
		r.carry(req.Context(), p)
		w.WriteHeader(http.StatusAccepted)
		return
	}
	http.Error(w, "lost on the road", http.StatusBadGateway)
}

// fate throws the dice for a delivery and counts what goes wrong.
func (r *road) fate() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done["deliveries"]++
	if !r.bad {
		return ""
	}
	fate := ""
	switch n := r.dice.IntN(100); {
	case n < 8:
		fate = "deliveries dropped"
	case n < 16:
		fate = "deliveries late"
	case n < 22:
		fate = "answers dropped"
	case n < 32:
		fate = "deliveries doubled"
	default:
		return ""
	}
	r.done[fate]++
	return fate
}

func (r *road) delay() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return resendAfter + time.Duration(r.dice.Int64N(int64(latest)))
}

// carry brings a delivery to a replica, to the next if one does not take it. What nobody takes is resent later.
func (r *road) carry(ctx context.Context, p parcel) {
	r.mu.Lock()
	r.moving++
	first := r.next
	r.next++
	replicas := r.replicas
	r.mu.Unlock()
	taken := false
	for n := range replicas {
		if to := replicas[(first+n)%len(replicas)]; to.runs() && r.hand(ctx, to, p) {
			taken = true
			break
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.moving--
	if taken {
		r.done["answered 2xx"]++
		return
	}
	p.due = time.Now().Add(resendAfter)
	r.waiting = append(r.waiting, p)
}

// hand reports whether the replica answered 2xx.
func (r *road) hand(ctx context.Context, to *replica, p parcel) bool {
	req, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodPost, to.url(), bytes.NewReader(p.body))
	if err != nil {
		return false
	}
	req.Header = p.header.Clone()
	resp, err := r.client.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err == nil && resp.StatusCode/100 == 2
}

func (r *road) keep(p parcel, d time.Duration) {
	p.due = time.Now().Add(d)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = append(r.waiting, p)
}

// resend brings what is due again, in no particular order, until ctx ends.
func (r *road) resend(ctx context.Context) {
	tick := time.NewTicker(resendAfter / 2)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var all sync.WaitGroup
		for _, p := range r.ready(time.Now()) {
			all.Go(func() {
				r.carry(ctx, p)
				r.mu.Lock()
				defer r.mu.Unlock()
				r.moving--
			})
		}
		all.Wait()
	}
}

// ready takes what is due, at most as much as one proxy sends at a time. It counts as moving until the caller says otherwise.
func (r *road) ready(now time.Time) []parcel {
	const most = 16
	r.mu.Lock()
	defer r.mu.Unlock()
	var due, later []parcel
	for _, p := range r.waiting {
		if p.due.After(now) || len(due) == most {
			later = append(later, p)
		} else {
			due = append(due, p)
		}
	}
	r.waiting = later
	r.moving += len(due)
	r.done["resent"] += len(due)
	return due
}

// weather makes the road bad, or good again.
func (r *road) weather(bad bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bad = bad
}

// only sends everything to one replica from now on.
func (r *road) only(to *replica) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.replicas = []*replica{to}
}

// empty reports whether nothing is on its way.
func (r *road) empty() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.waiting) == 0 && r.moving == 0
}

// counts is what happened so far, by name.
func (r *road) counts() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.done)
}
