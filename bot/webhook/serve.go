package webhook

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"
)

// answer is the JSON that every request gets.
type answer struct {
	Status   string `json:"status"`
	Delivery string `json:"delivery,omitempty"`
	Reason   string `json:"reason,omitempty"`
}

// outcome is how a request ended: what the caller is told and how it is counted.
type outcome struct {
	code   int
	class  string
	answer answer
	hangUp bool // what is left of the request is not read, and the connection is closed
}

// retryAfter is the number of seconds after which a sender that was turned away may try again.
const retryAfter = "10"

// serve answers one request.
func (h *Handler) serve(c echo.Context) error {
	start := h.now()
	out := h.handle(c.Request(), start)
	if out.code == http.StatusServiceUnavailable {
		c.Response().Header().Set(echo.HeaderRetryAfter, retryAfter)
	}
	h.metrics.count(out, h.now().Sub(start))
	if out.hangUp {
		closeAfterAnswer(c)
	}
	return c.JSON(out.code, out.answer)
}

// closeAfterAnswer closes the connection after the answer. The server would otherwise first read the rest of the body, however slowly it arrives.
func closeAfterAnswer(c echo.Context) {
	c.Response().Header().Set(echo.HeaderConnection, "close")
	// Where there are no deadlines, as in tests without a connection, there is nothing left to read either.
	_ = http.NewResponseController(c.Response()).SetReadDeadline(time.Unix(1, 0))
}

// handle takes one request through its stages: verify, decode, deliver. A stage returns either the input of the next one or the outcome of the
// request.
func (h *Handler) handle(r *http.Request, began time.Time) outcome {
	received, end, ok := h.verify(r)
	defer received.release()
	if !ok {
		return end
	}
	d, end, ok := h.decode(r, received.bytes)
	if !ok {
		return end
	}
	ctx, span := h.traces.Receive(r.Context(), "accept", began, h.senderTrace(r))
	defer span.End()
	out := h.deliver(ctx, d)
	describe(span, d, out)
	return out
}

// verify reads the body of a request that is authentic. The body has to be released in any case.
func (h *Handler) verify(r *http.Request) (_ *body, end outcome, ok bool) {
	auth := h.auth.Load() // one for the whole request: secrets may change meanwhile
	if why := auth.checkHeader(r.Header); why != authentic {
		return &body{}, h.refusedOutcome(r, why), false
	}
	signed := auth.isSigned(r.Header)
	if !signed {
		h.trusted(r.Context())
	}
	received, err := readBody(r, signed, h.maxBody, h.room)
	if err != nil && signed {
		return received, h.unverifiedOutcome(r, err), false
	}
	h.metrics.bytes.Observe(float64(len(received.bytes)))
	if err != nil {
		return received, h.unreadBody(r, received, err), false
	}
	if why := auth.checkBody(r.Header, received.bytes); why != authentic {
		return received, h.refusedOutcome(r, why), false
	}
	if signed {
		h.trusted(r.Context())
	}
	return received, outcome{}, true
}

// decode reads what an authentic body says.
func (h *Handler) decode(r *http.Request, body []byte) (_ Delivery, end outcome, ok bool) {
	if !utf8.Valid(body) {
		return Delivery{}, h.brokenBody(r, body, ClassNotUTF8, "the body is not UTF-8, as all that GitLab sends; something on its way has damaged it"), false
	}
	d, err := Decode(r.Header, body, h.now())
	ignored, ok := errors.AsType[*Ignored](err)
	switch {
	case !ok:
		return d, outcome{}, true
	case brokenClasses[ignored.Class]:
		return Delivery{}, h.brokenBody(r, body, ignored.Class, ignored.Reason), false
	}
	h.log.Debug("delivery ignored", zap.String("delivery", d.ID), zap.String("class", ignored.Class), zap.String("reason", ignored.Reason))
	return Delivery{}, acceptedOutcome(Dropped, ignored.Class, d.ID, ignored.Reason), false
}

// deliver hands a delivery to the receiver. It does so even if GitLab has hung up by now: GitLab would not send it again.
func (h *Handler) deliver(ctx context.Context, d Delivery) outcome {
	a, err := h.store(ctx, d)
	if err != nil {
		return outcome{code: http.StatusServiceUnavailable, class: "receiver", answer: answer{
			"unavailable", d.ID, "the delivery could not be stored; resend it from the recent events of the webhook",
		}}
	}
	if line := h.log.Check(zap.DebugLevel, "delivery taken"); line != nil { // what it says is put together only if somebody reads it
		line.Write(append(deliveryFields(d), zap.String("status", string(a.Status)), zap.String("class", a.Class))...)
	}
	return acceptedOutcome(a.Status, a.Class, d.ID, a.Reason)
}

// store has the receiver store a delivery.
func (h *Handler) store(ctx context.Context, d Delivery) (Answer, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), h.timeout)
	defer cancel()
	a, err := h.receiver.Receive(ctx, d)
	if err == nil && a.Status != Accepted && a.Status != Duplicate && a.Status != Dropped {
		err = fmt.Errorf("the receiver answered with the unknown status %q", a.Status)
	}
	if err != nil {
		h.log.Error("delivery not stored", append(deliveryFields(d), zap.Error(err))...)
	}
	return a, err
}

// deliveryFields are the log fields that tell which delivery it is.
func deliveryFields(d Delivery) []zap.Field {
	return []zap.Field{zap.String("delivery", d.ID), zap.Stringer("issue", d.Issue.Ref), zap.Stringer("kind", d.Event.Kind)}
}

// acceptedOutcome is the outcome of an authentic delivery.
func acceptedOutcome(s Status, class, id, reason string) outcome {
	return outcome{code: http.StatusAccepted, class: class, answer: answer{string(s), id, reason}}
}

// refusedOutcome is the outcome of a request that is not authentic. The caller learns nothing of the cause.
func (h *Handler) refusedOutcome(r *http.Request, why authFailure) outcome {
	h.log.Warn("delivery refused", zap.String("cause", string(why)), zap.String("peer", r.RemoteAddr),
		zap.String("event", eventName(r.Header)))
	return outcome{code: http.StatusUnauthorized, class: string(why), hangUp: true, answer: answer{
		Status: "refused", Reason: "the delivery is not authentic; compare the webhook's secret or signing token with the bot's",
	}}
}

// unverifiedOutcome is the outcome of a signed request whose body could not be read: nothing says that it is authentic.
func (h *Handler) unverifiedOutcome(r *http.Request, err error) outcome {
	switch {
	case errors.Is(err, errTooLarge):
		h.log.Warn("delivery too large", zap.Int64("declared", r.ContentLength), zap.Int64("limit", h.maxBody), zap.String("peer", r.RemoteAddr))
		return outcome{code: http.StatusRequestEntityTooLarge, class: "body", hangUp: true, answer: answer{
			Status: "too_large", Reason: fmt.Sprintf("the body is larger than %d bytes", h.maxBody),
		}}
	case errors.Is(err, errBusy):
		out := h.busyOutcome(r)
		out.hangUp = true
		return out
	}
	return h.refusedOutcome(r, bodyCut)
}

// busyOutcome is the outcome of a body for which there is no room beside the others.
func (h *Handler) busyOutcome(r *http.Request) outcome {
	h.log.Warn("delivery refused: too much is being received at the same time", zap.Int64("declared", r.ContentLength),
		zap.Int64("limit", h.held), zap.String("peer", r.RemoteAddr))
	return outcome{code: http.StatusServiceUnavailable, class: "busy", answer: answer{
		Status: "unavailable", Reason: "too much is being received at the same time; resend it from the recent events of the webhook",
	}}
}
