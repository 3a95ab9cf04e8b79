package schedule_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"flowkeeper/bot/gitlab"
)

// hook is a webhook and the receiver behind it.
type hook struct {
	gitlab.Hook
	lab     *lab
	failed  []gitlab.HookEvent
	refuses map[string]bool // keys that the receiver does not take; "" is any
	gone    map[string]bool // keys of deliveries that GitLab cannot send again
	events  error           // the answer to everything about its deliveries
	tests   int
	sent    []sent // again
}

type sent struct {
	Key string
	At  time.Time
}

// hook adds a webhook.
func (l *lab) hook(id int64, h *hook) *hook {
	h.lab = l
	l.projects[id].hooks = append(l.projects[id].hooks, h)
	return h
}

func (l *lab) Hooks(_ context.Context, id int64) ([]gitlab.Hook, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, err := l.project("hooks", id)
	if err != nil {
		return nil, err
	}
	if p.private != nil {
		return nil, p.private
	}
	var hooks []gitlab.Hook
	for _, h := range p.hooks {
		hooks = append(hooks, h.Hook)
	}
	return hooks, nil
}

// find finds a webhook. The caller holds the lock.
func (l *lab) find(what string, id, number int64) (*hook, error) {
	p, err := l.project(what, id)
	if err != nil {
		return nil, err
	}
	for _, h := range p.hooks {
		if h.ID == number {
			return h, nil
		}
	}
	return nil, refusal(gitlab.NotFound, http.StatusNotFound)
}

func (l *lab) TestHook(_ context.Context, id, number int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	h, err := l.find("test", id, number)
	if err != nil {
		return err
	}
	h.tests++
	if h.refuses[""] {
		return refusal(gitlab.Permanent, http.StatusUnprocessableEntity)
	}
	h.AlertStatus, h.DisabledUntil = gitlab.HookExecutable, time.Time{}
	return nil
}

func (l *lab) HookEvents(_ context.Context, id, number int64, since time.Time) ([]gitlab.HookEvent, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h, err := l.find("events", id, number)
	if err != nil {
		return nil, err
	}
	if h.events != nil {
		return nil, h.events
	}
	recent := slices.DeleteFunc(slices.Clone(h.failed), func(e gitlab.HookEvent) bool { return e.At.Before(since) })
	slices.Reverse(recent)
	return recent, nil
}

// ResendHookEvent keeps GitLab's limit of five a minute.
func (l *lab) ResendHookEvent(_ context.Context, id, number, event int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	h, err := l.find("resend", id, number)
	if err != nil {
		return err
	}
	n := slices.IndexFunc(h.failed, func(e gitlab.HookEvent) bool { return e.ID == event })
	recent := 0
	for _, s := range h.sent {
		if time.Since(s.At) < time.Minute {
			recent++
		}
	}
	switch {
	case n < 0 || h.gone[h.failed[n].Key]:
		return refusal(gitlab.NotFound, http.StatusNotFound)
	case h.AlertStatus != gitlab.HookExecutable:
		return refusal(gitlab.Permanent, http.StatusUnprocessableEntity)
	case recent >= 5:
		return &gitlab.Error{Op: "resending", Status: http.StatusTooManyRequests, Class: gitlab.Unavailable, RetryAfter: time.Minute, Err: errors.New("too many")}
	}
	e := h.failed[n]
	h.sent = append(h.sent, sent{e.Key, time.Now()})
	if h.refuses[""] || h.refuses[e.Key] {
		e.ID, e.At = h.failed[len(h.failed)-1].ID+1, time.Now()
		h.failed = append(h.failed, e)
		return refusal(gitlab.Transient, http.StatusOK)
	}
	return nil
}

// fail notes failed deliveries, now, under these keys.
func (h *hook) fail(keys ...string) {
	h.lab.mu.Lock()
	defer h.lab.mu.Unlock()
	for _, key := range keys {
		id := 1000*h.ID + int64(len(h.failed))
		h.failed = append(h.failed, gitlab.HookEvent{ID: id, At: now(), Trigger: "issue_hooks", Status: http.StatusServiceUnavailable, Key: key})
	}
}

// refuse has the receiver not take a delivery, or any for "".
func (h *hook) refuse(key string) { h.lab.set(func() { h.refuses[key] = true }) }

// accept ends refuse.
func (h *hook) accept(key string) { h.lab.set(func() { h.refuses[key] = false }) }

// status is the webhook's.
func (h *hook) status() string {
	h.lab.mu.Lock()
	defer h.lab.mu.Unlock()
	return h.AlertStatus
}

// tested is how often the webhook was tested.
func (h *hook) tested() int {
	h.lab.mu.Lock()
	defer h.lab.mu.Unlock()
	return h.tests
}

// keys are what was sent again, in order.
func (h *hook) keys() []string {
	h.lab.mu.Lock()
	defer h.lab.mu.Unlock()
	var keys []string
	for _, s := range h.sent {
		keys = append(keys, s.Key)
	}
	return keys
}
