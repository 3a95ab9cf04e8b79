package webhook

import (
	"net/http"

	"flowkeeper/bot/tracing"
)

// senderTrace is the trace parent that an authentic request names, as a proxy before the bot may have it. Where requests are taken from anybody,
// none is believed: strangers would decide what is traced and to which trace it belongs.
func (h *Handler) senderTrace(r *http.Request) string {
	if h.traces == nil || h.auth.Load().takesAll() {
		return ""
	}
	return r.Header.Get("Traceparent")
}

// describe says on a span what was delivered and what became of it.
func describe(s tracing.Span, d Delivery, out outcome) {
	if !s.IsOn() {
		return
	}
	s.Text("flowkeeper.issue", d.Issue.Ref.String())
	s.Text("flowkeeper.event", d.Event.Kind.String())
	s.Text("flowkeeper.delivery", d.ID)
	s.Text("flowkeeper.outcome", out.answer.Status)
	if out.code >= http.StatusInternalServerError {
		s.Fail(out.class)
	}
}
