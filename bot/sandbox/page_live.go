package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"time"
)

// How streams are bounded: so many at a time, so often an event, so often a sign of life.
const (
	maxStreams = 64
	streamPace = 50 * time.Millisecond
	streamBeat = 15 * time.Second
)

// stream sends a server-sent event whenever the page would look different. The event names the new look; the page then fetches
// itself and takes over what changed.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, build pageFunc) {
	if !s.enterStream() {
		http.Error(w, "too many streams", http.StatusServiceUnavailable)
		return
	}
	defer s.leaveStream()
	out := http.NewResponseController(w)
	// A server may limit how long an answer takes; this one is meant to last. Without support for it there is no limit to lift.
	_ = out.SetWriteDeadline(time.Time{})
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	last := ""
	beat := time.NewTicker(streamBeat)
	defer beat.Stop()
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if look := look(r, build); look != last {
			last = look
			if _, err := fmt.Fprintf(w, "data: %s\n\n", look); err != nil || out.Flush() != nil {
				return
			}
		}
		select {
		case <-changed:
		case <-beat.C:
			if _, err := fmt.Fprint(w, ": alive\n\n"); err != nil || out.Flush() != nil {
				return
			}
			continue
		case <-s.done:
			return
		case <-r.Context().Done():
			return
		}
		select { // a burst of changes is one event
		case <-time.After(streamPace):
		case <-s.done:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// look names the content of a page.
func look(r *http.Request, build pageFunc) string {
	p := build(r, "")
	if p == nil {
		return "gone"
	}
	body, err := p.html()
	if err != nil {
		return "broken"
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:8])
}

func (s *Server) enterStream() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.streams >= maxStreams || s.closed {
		return false
	}
	s.streams++
	return true
}

func (s *Server) leaveStream() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.streams--
}
