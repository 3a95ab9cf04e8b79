package webhook

import (
	"errors"
	"fmt"
	"net/http"

	"go.uber.org/zap"

	"flowkeeper/rules/triage"
)

// The classes of authentic requests whose body did not arrive as GitLab sent it, beside those of Ignored.
const (
	ClassCutShort = "cut_short"
	ClassTooLarge = "too_large"
	ClassEncoded  = "encoded"
	ClassNotUTF8  = "not_utf8"
)

// brokenClasses are the classes of Ignored that GitLab's own requests are never of.
var brokenClasses = map[string]bool{ClassEmpty: true, ClassNotJSON: true, ClassBrokenJSON: true, ClassDeepJSON: true}

// unreadBody is the outcome of a request with the right secret whose body could not be read to its end.
func (h *Handler) unreadBody(r *http.Request, received *body, err error) outcome {
	switch {
	case errors.Is(err, errBusy):
		received.release()
		discard(r)
		return h.busyOutcome(r)
	case errors.Is(err, errTooLarge):
		out := h.brokenBody(r, received.bytes, ClassTooLarge, fmt.Sprintf("the body is larger than %d bytes", h.maxBody))
		received.release()
		discard(r)
		return out
	case errors.Is(err, errEncoded):
		discard(r)
		return h.brokenBody(r, nil, ClassEncoded, "the body is encoded in a way that the bot does not read; GitLab sends it plain, something on its way has encoded it")
	}
	return h.brokenBody(r, received.bytes, ClassCutShort, fmt.Sprintf("the body did not arrive whole: %v", err))
}

// brokenBody is the outcome of a request with the right secret whose body cannot be understood. It is answered 202 like every authentic request,
// because GitLab would otherwise disable the webhook. If the part that arrived names the issue, the issue is looked at at once, as in a sweep.
func (h *Handler) brokenBody(r *http.Request, part []byte, class, reason string) outcome {
	d := Delivery{ID: deliveryID(headerKey(r.Header), part)}
	fields := []zap.Field{
		zap.String("delivery", d.ID), zap.String("class", class), zap.String("reason", reason), zap.Int("length", len(part)),
		zap.Int64("declared", r.ContentLength), zap.String("event", eventName(r.Header)), zap.String("peer", r.RemoteAddr),
	}
	ref, found := subjectOfPart(part)
	if !found {
		h.log.Warn("delivery broken: the next sweep finds what it told of", fields...)
		return acceptedOutcome(Broken, class, d.ID, reason)
	}
	h.log.Warn("delivery broken: its issue is looked at", append(fields, zap.Stringer("issue", ref))...)
	// It has no key: sent again as a whole, it is no duplicate.
	d.Issue.Ref = ref
	now := h.now()
	d.Event = triage.Event{Kind: triage.Swept, At: now, ReceivedAt: now}
	if out := h.deliver(r.Context(), d); out.code != http.StatusAccepted {
		return out
	}
	return acceptedOutcome(Broken, class, d.ID, reason+"; the issue is looked at")
}
