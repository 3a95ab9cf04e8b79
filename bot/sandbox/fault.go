package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"flowkeeper/rules/triage"
)

// Fault is something that goes wrong with API requests. Without Status and a cut the request goes through; Wait and Header still count.
type Fault struct {
	// Match is part of the request's line ("PUT issue 1#1 add_labels=UX") or of its method and path ("GET /api/v4/user"). "" matches all.
	Match string
	Times int // how many requests it hits: default 1, -1 all until ClearFaults

	// Meanwhile runs before the request is carried out: somebody else is faster. It may call the server's methods.
	Meanwhile func()

	Wait   <-chan struct{} // the request waits until this is closed, or until its client gives up
	Status int             // is answered instead of doing anything: 429, 503, …
	Header http.Header     // is added to the answer: Retry-After, RateLimit-Reset, …
	Body   string          // of the answer; default GitLab's JSON for the status

	CutBefore    bool // the connection breaks before anything is done
	ApplyThenCut bool // the request is carried out, the answer never arrives

	CutThenApply <-chan struct{} // the connection breaks, and the request is carried out once this is closed
}

// FailNext makes the next matching API requests fail. Faults are tried in the order in which they were given; each request takes at most
// one.
func (s *Server) FailNext(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Times == 0 {
		f.Times = 1
	}
	s.faults = append(s.faults, &f)
}

// ResourceLock refuses requests as GitLab does those that meet another transaction on the same row.
func ResourceLock(match string, times int) Fault {
	return Fault{Match: match, Times: times, Status: http.StatusConflict, Body: `{"message":"409 Conflict: Resource lock"}`}
}

// ClearFaults forgets all faults that are still to come, of the API and of hooks. What is held stays held.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults, s.hookFaults = nil, nil
}

// HeldCalls lists the API requests that wait because of a fault, as in the journal.
func (s *Server) HeldCalls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.heldCalls)
}

// holdBack has a request wait, until its client gives up or the server is closed.
func (s *Server) holdBack(r *http.Request, line string, wait <-chan struct{}) {
	s.mu.Lock()
	s.heldCalls = append(s.heldCalls, line)
	s.notify()
	s.mu.Unlock()
	select {
	case <-wait:
	case <-r.Context().Done():
	case <-s.done:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := slices.Index(s.heldCalls, line)
	s.heldCalls = slices.Delete(s.heldCalls, n, n+1)
}

// takeFault takes the fault for a request, nil if there is none.
func (s *Server) takeFault(line, methodAndPath string) *Fault {
	for n, f := range s.faults {
		if !strings.Contains(line, f.Match) && !strings.Contains(methodAndPath, f.Match) {
			continue
		}
		if f.Times > 0 {
			f.Times--
		}
		if f.Times == 0 {
			s.faults = slices.Delete(s.faults, n, n+1)
		}
		return f
	}
	return nil
}

// HookAction is what happens to a webhook.
type HookAction int

// The hook faults. Drop never sends it, as GitLab does while a hook is disabled. Double sends it twice with the same key, as when a
// worker of GitLab is killed. Hold keeps it back until Release.
const (
	Drop HookAction = iota + 1
	Double
	Hold
)

// HookFault is something that goes wrong with webhooks.
type HookFault struct {
	Event string     // of the header: "Note Hook"; "" matches all
	Issue triage.Ref // zero matches all
	Do    HookAction
	Times int // how many webhooks it hits: default 1, -1 all until ClearFaults
}

// FailNextHook makes the next matching webhooks go wrong.
func (s *Server) FailNextHook(f HookFault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Times == 0 {
		f.Times = 1
	}
	s.hookFaults = append(s.hookFaults, &f)
}

func (s *Server) takeHookFault(event string, ref triage.Ref) HookAction {
	for n, f := range s.hookFaults {
		if f.Event != "" && f.Event != event || f.Issue != (triage.Ref{}) && f.Issue != ref {
			continue
		}
		if f.Times > 0 {
			f.Times--
		}
		if f.Times == 0 {
			s.hookFaults = slices.Delete(s.hookFaults, n, n+1)
		}
		return f.Do
	}
	return 0
}

// HeldDeliveries lists what Hold keeps back, in the order of the events.
func (s *Server) HeldDeliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Delivery, len(s.held))
	for n, h := range s.held {
		list[n] = *h.Delivery
	}
	return list
}

// ReleaseHeld sends held webhooks one after the other in the order of the given ids; without ids all of them, in the order of the events.
func (s *Server) ReleaseHeld(ids ...int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(ids) == 0 {
		for _, h := range s.held {
			ids = append(ids, h.ID)
		}
	}
	batch := queueKey{batch: s.nextID()}
	for _, id := range ids {
		at := slices.IndexFunc(s.held, func(h *sending) bool { return h.ID == id })
		if at < 0 {
			return fmt.Errorf("releasing delivery %d: it is not held", id)
		}
		s.enqueue(s.held[at], batch)
		s.held = slices.Delete(s.held, at, at+1)
	}
	s.notify()
	return nil
}
