package sandbox

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"flowkeeper/rules/triage"
)

// Hook is a webhook of a project or a group. Events are of HookEvents and others; none means all of HookEvents. SigningToken is "whsec_" and a base64 key.
type Hook struct {
	ID           int64
	URL          string
	Token        string
	SigningToken string
	Events       []string
	Failures     int // in a row; a success sets it back

	DisabledUntil time.Time // zero unless Options.AutoDisable stopped it
}

// OnMergeRequests is the event of merge requests.
const OnMergeRequests = "merge_requests"

// HookEvents are the events that happen here. GitLab asks separately for the confidential kinds; emoji come for all issues.
func HookEvents() []string {
	return []string{"issues", "confidential_issues", "note", "confidential_note", "emoji", OnMergeRequests}
}

// otherHookEvents are events that a hook can ask for and that never happen here.
func otherHookEvents() []string {
	return []string{
		"push", "tag_push", "job", "pipeline", "wiki_page", "deployment", "feature_flag", "releases", "milestone", "resource_access_token",
	}
}

type hook struct {
	Hook
	key     []byte
	created time.Time
}

// newHook checks a hook's settings.
func newHook(h Hook) (*hook, error) {
	if !strings.HasPrefix(h.URL, "http://") && !strings.HasPrefix(h.URL, "https://") {
		return nil, fmt.Errorf("hook URL %q: must start with http:// or https://", h.URL)
	}
	for _, e := range h.Events {
		if known := slices.Concat(HookEvents(), otherHookEvents()); !slices.Contains(known, e) {
			return nil, fmt.Errorf("hook event %q: must be one of %s", e, strings.Join(known, ", "))
		}
	}
	if len(h.Events) == 0 {
		h.Events = HookEvents()
	}
	made := &hook{Hook: h}
	if h.SigningToken == "" {
		return made, nil
	}
	encoded, ok := strings.CutPrefix(h.SigningToken, "whsec_")
	key, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(key) == 0 {
		return nil, fmt.Errorf("hook signing token: must be whsec_ and a base64 key")
	}
	made.key = key
	return made, nil
}

// Delivery is one webhook that was sent, or ought to have been.
type Delivery struct {
	ID     int64
	Hook   int64
	URL    string
	Event  string // of the header: "Issue Hook"
	Action string // "open", "update", "create", "award", …
	Issue  triage.Ref
	Note   int64 // 0 if it is about the issue itself
	At     time.Time
	Sent   time.Time   // when it was sent; zero if it was not yet
	Header http.Header // as sent
	Body   []byte

	State  string // one of the constants below
	Status int    // of the answer; 0 if there was none
	Answer string // the beginning of its body
	Err    string // why there was no answer
	Took   time.Duration
}

// The states of a delivery.
const (
	Waiting  = "waiting"  // in the queue or on the wire
	Answered = "answered" // with whatever status
	Failed   = "failed"   // no answer: refused, timed out, broken off
	Dropped  = "dropped"  // never sent: by a fault, by GitLab's recursion check, or because the sandbox was closed
	Held     = "held"     // kept back by a fault until Release
)

// queueKey names a queue. The deliveries of one issue to one hook are sent one after the other, all others beside each other.
type queueKey struct {
	hook  int64
	issue triage.Ref
	batch int64 // of a Release, else 0
}

type sending struct {
	*Delivery
	hook   *hook
	token  string // the hook's settings when the event happened
	secret []byte
	key    string // the Idempotency-Key: the same however often it is sent
	uuid   string // the X-Gitlab-Event-UUID
}

// send queues an event for every hook of the project that asks for it. The caller holds the lock; the body shows the issue as it
// is now.
func (s *Server) send(i *issue, noteID int64, flag, event, action, chain string, body object) {
	encoded := encode(body)
	for _, h := range i.project.allHooks() {
		if !slices.Contains(h.Events, flag) {
			continue
		}
		d := &Delivery{
			ID: s.nextID(), Hook: h.ID, URL: h.URL, Event: event, Action: action, Issue: i.ref(), Note: noteID, At: s.now(),
			Body: encoded, State: Waiting,
		}
		s.deliveries = appendBounded(s.deliveries, d, maxDeliveries)
		out := &sending{Delivery: d, hook: h, token: h.Token, secret: h.key, key: uuid(), uuid: chain}
		if chain == "" {
			out.uuid = uuid()
		}
		if !s.isExecutable(h) {
			d.State, d.Err = Dropped, "GitLab sends nothing to a hook that it disabled"
			continue
		}
		if s.isRecursive(out) {
			d.State, d.Err = Dropped, "GitLab blocks a hook that takes part in its own chain"
			continue
		}
		s.dispatch(out, event)
	}
}

// isRecursive reports whether the hook already took part in the chain of events, and takes it in.
func (s *Server) isRecursive(out *sending) bool {
	seen := s.chains[out.uuid]
	if seen[out.hook.ID] {
		return true
	}
	if seen == nil {
		if len(s.chains) >= maxChains {
			clear(s.chains)
		}
		seen = map[int64]bool{}
		s.chains[out.uuid] = seen
	}
	seen[out.hook.ID] = true
	return false
}

// dispatch applies the hook faults and queues what is left.
func (s *Server) dispatch(out *sending, event string) {
	do := s.takeHookFault(event, out.Issue)
	switch do {
	case Drop:
		out.State, out.Err = Dropped, "dropped by a fault"
	case Hold:
		out.State = Held
		s.held = append(s.held, out)
	case Double:
		s.enqueue(out, queueKey{hook: out.hook.ID, issue: out.Issue})
		twin := *out.Delivery
		s.deliveries = appendBounded(s.deliveries, &twin, maxDeliveries)
		again := *out
		again.Delivery = &twin
		s.enqueue(&again, queueKey{hook: out.hook.ID, issue: out.Issue})
	default:
		s.enqueue(out, queueKey{hook: out.hook.ID, issue: out.Issue})
	}
}

// enqueue appends to a queue and starts its sender if it has none.
func (s *Server) enqueue(out *sending, key queueKey) {
	if s.closed || s.pending >= maxPending {
		out.State, out.Err = Dropped, "the sandbox is closed or has too many deliveries waiting"
		return
	}
	out.State = Waiting
	s.pending++
	queue, sent := s.queues[key] // a queue that is there, even an empty one, has its sender
	s.queues[key] = append(queue, out)
	if !sent {
		s.senders.Go(func() { s.drain(key) })
	}
}

// drain sends a queue in order until it is empty.
func (s *Server) drain(key queueKey) {
	for {
		s.mu.Lock()
		queue := s.queues[key]
		if len(queue) == 0 {
			delete(s.queues, key)
			s.mu.Unlock()
			return
		}
		out, closed, executable, instance := queue[0], s.closed, s.isExecutable(queue[0].hook), s.url
		s.mu.Unlock()

		result := Delivery{State: Dropped, Err: "the sandbox was closed"}
		switch {
		case closed:
		case !executable:
			result.Err = "GitLab sends nothing to a hook that it disabled"
		default:
			result = s.sendInSlot(out, instance)
		}

		s.mu.Lock()
		s.recordDelivery(out, result)
		s.queues[key] = s.queues[key][1:]
		s.pending--
		s.notify()
		s.mu.Unlock()
		if result.State == Failed {
			s.log.Warn("webhook not answered", zap.String("event", out.Event), zap.Stringer("issue", out.Issue), zap.String("error", result.Err))
		}
	}
}

// sendInSlot sends a webhook when there are not too many on the wire.
func (s *Server) sendInSlot(out *sending, instance string) Delivery {
	s.slots <- struct{}{}
	defer func() { <-s.slots }()
	return s.post(out, instance)
}

// recordDelivery keeps what became of a webhook. The caller holds the lock.
func (s *Server) recordDelivery(out *sending, r Delivery) {
	d := out.Delivery
	d.State, d.Err, d.Status, d.Answer, d.Took, d.Header, d.Sent = r.State, r.Err, r.Status, r.Answer, r.Took, r.Header, r.Sent
	switch {
	case d.State == Answered && d.Status < 400:
		out.hook.Failures, out.hook.DisabledUntil = 0, time.Time{}
	case d.State != Dropped:
		s.backOff(out.hook)
	}
}
