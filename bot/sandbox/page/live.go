package page

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
func (s *site) stream(w http.ResponseWriter, r *http.Request, build pageFunc) {
	select {
	case s.streams <- struct{}{}:
		defer func() { <-s.streams }()
	default:
		http.Error(w, "too many streams", http.StatusServiceUnavailable)
		return
	}
	out := http.NewResponseController(w)
	// A server may limit how long an answer takes; this one is meant to last. Without support for it there is no limit to lift.
	_ = out.SetWriteDeadline(time.Time{})
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	last := ""
	beat := time.NewTicker(streamBeat)
	defer beat.Stop()
	for {
		changed, open := s.gitlab.Changed()
		if !open {
			return
		}
		if look := contentHash(r, build); look != last {
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
		case <-r.Context().Done():
			return
		}
		select { // a burst of changes is one event
		case <-time.After(streamPace):
		case <-r.Context().Done():
			return
		}
	}
}

// contentHash names the content of a page.
func contentHash(r *http.Request, build pageFunc) string {
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
