package webhook

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"
)

// longestID is how long an id from a header may be, in bytes.
const longestID = 128

// shortID is how many hex digits of a hash make an id for people.
const shortID = 12

// headerKey is the id that GitLab gives a delivery and repeats when it sends it again; "" before GitLab 17.4. The headers
// X-Gitlab-Event-UUID (shared along a chain of hooks) and X-Gitlab-Webhook-UUID (new with every request) are no such ids. What is not
// short printable text is replaced by its hash.
func headerKey(h http.Header) string {
	for _, name := range []string{headerID, "Idempotency-Key"} {
		id := h.Get(name)
		if id == "" {
			continue
		}
		if len(id) > longestID || !isPrintable(id) {
			return sha256Hex([]byte(id))
		}
		return id
	}
	return ""
}

// deliveryID is what people and logs call a delivery.
func deliveryID(key string, body []byte) string {
	if key != "" {
		return key
	}
	return sha256Hex(body)[:shortID]
}

// isPrintable reports whether s is ASCII without blanks and control characters.
func isPrintable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func sha256Hex(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// setKeys gives a delivery its id and its keys. Two deliveries have the same content if object, action, time, actor and changes are the same.
// Without the time of the change, a label that was added, removed and added again looks like a repeat, so there is no content key then. stamp is
// that time, text is what else tells events apart.
func (d *Delivery) setKeys(key string, p *payload, action string, stamp time.Time, text string) {
	if !stamp.IsZero() {
		d.ContentKey = contentKey(d, p, action, stamp, text)
	}
	d.IdempotencyKey = key
	if key == "" && d.ContentKey != "" {
		d.IdempotencyKey = d.ContentKey
		d.ID = d.IdempotencyKey[:shortID]
	}
}

func contentKey(d *Delivery, p *payload, action string, stamp time.Time, text string) string {
	var b []byte
	number := func(n int64) { b = append(strconv.AppendInt(b, n, 36), 0) }
	words := func(s string) { b = append(append(strconv.AppendInt(b, int64(len(s)), 36), ' '), s...) }
	words(p.Kind)
	number(p.Object.ID.value)
	words(d.Issue.Ref.String())
	words(action)
	number(stamp.UnixNano())
	number(d.Event.Actor.ID)
	words(d.Event.Actor.Username)
	words(text)
	b = append(b, p.Changes.sum[:]...)
	return sha256Hex(b)
}
