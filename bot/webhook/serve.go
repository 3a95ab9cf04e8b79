package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"
)

// Reading bounds, in bytes.
const (
	presized     = 64 << 10 // what a Content-Length is believed before anything has arrived
	discardLimit = 64 << 20 // how much of a body nobody wants is read so that its sender gets to see the answer
)

var errTooLarge = errors.New("the body is too large")

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
}

// serve answers one request.
func (h *Handler) serve(c echo.Context) error {
	start := h.now()
	out := h.handle(c.Request())
	h.metrics.count(out, h.now().Sub(start))
	return c.JSON(out.code, out.answer)
}

// handle takes one request through all the steps.
func (h *Handler) handle(r *http.Request) outcome {
	if why := h.auth.checkHeader(r.Header); why != authentic {
		discard(r)
		return h.refuse(r, why)
	}
	body, err := readBody(r, h.maxBody)
	if errors.Is(err, errTooLarge) {
		discard(r)
		return h.tooLarge(r)
	}
	if err != nil {
		return h.cutOff(r, err)
	}
	h.metrics.bytes.Observe(float64(len(body)))
	if why := h.auth.checkBody(r.Header, body); why != authentic {
		return h.refuse(r, why)
	}
	d, err := Decode(r.Header, body, h.now())
	if ignored, ok := errors.AsType[*Ignored](err); ok {
		h.log.Debug("delivery ignored", zap.String("delivery", d.ID), zap.String("class", ignored.Class),
			zap.String("reason", ignored.Reason))
		return taken(Dropped, ignored.Class, d.ID, ignored.Reason)
	}
	return h.pass(r.Context(), d)
}

// pass hands a delivery to the receiver. It does so even if GitLab has hung up by now: GitLab would not send it again.
func (h *Handler) pass(ctx context.Context, d Delivery) outcome {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), h.timeout)
	defer cancel()
	a, err := h.receiver.Receive(ctx, d)
	if err == nil && a.Status != Accepted && a.Status != Duplicate && a.Status != Dropped {
		err = fmt.Errorf("the receiver answered with the unknown status %q", a.Status)
	}
	fields := []zap.Field{zap.String("delivery", d.ID), zap.Stringer("issue", d.Issue.Ref), zap.Stringer("kind", d.Event.Kind)}
	if err != nil {
		h.log.Error("delivery not stored", append(fields, zap.Error(err))...)
		return outcome{http.StatusServiceUnavailable, "receiver", answer{
			"unavailable", d.ID, "the delivery could not be stored; resend it from the recent events of the webhook",
		}}
	}
	h.log.Debug("delivery taken", append(fields, zap.String("status", string(a.Status)), zap.String("class", a.Class))...)
	return taken(a.Status, a.Class, d.ID, a.Reason)
}

// taken is the outcome of an authentic delivery.
func taken(s Status, class, id, reason string) outcome {
	return outcome{http.StatusAccepted, class, answer{string(s), id, reason}}
}

// refuse is the outcome of a request that is not authentic. The caller learns nothing of the cause.
func (h *Handler) refuse(r *http.Request, why cause) outcome {
	h.log.Warn("delivery refused", zap.String("cause", string(why)), zap.String("peer", r.RemoteAddr),
		zap.String("event", eventName(r.Header)))
	return outcome{http.StatusUnauthorized, string(why), answer{
		Status: "refused", Reason: "the delivery is not authentic; compare the webhook's secret or signing token with the bot's",
	}}
}

// tooLarge is the outcome of a body over the limit.
func (h *Handler) tooLarge(r *http.Request) outcome {
	h.log.Warn("delivery too large", zap.Int64("declared", r.ContentLength), zap.Int64("limit", h.maxBody),
		zap.String("peer", r.RemoteAddr))
	return outcome{http.StatusRequestEntityTooLarge, "body", answer{
		Status: "too_large", Reason: fmt.Sprintf("the body is larger than %d bytes", h.maxBody),
	}}
}

// cutOff is the outcome of a request whose body did not arrive whole. Mostly nobody is left to hear it.
func (h *Handler) cutOff(r *http.Request, err error) outcome {
	h.log.Info("delivery cut off", zap.String("peer", r.RemoteAddr), zap.Error(err))
	return outcome{http.StatusBadRequest, "body", answer{Status: "cut_off", Reason: "the body did not arrive whole"}}
}

// readBody reads a body of at most limit bytes, or returns errTooLarge.
func readBody(r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit {
		return nil, errTooLarge
	}
	// The buffer needs spare room to see the end without growing.
	size := min(max(r.ContentLength, 0), presized) + bytes.MinRead
	buf := bytes.NewBuffer(make([]byte, 0, size))
	n, err := buf.ReadFrom(io.LimitReader(r.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("reading the body: %w", err)
	}
	if n > limit {
		return nil, errTooLarge
	}
	return buf.Bytes(), nil
}

// discard reads and drops what is left of a body. A client that first sends everything and then reads, as GitLab does, would otherwise
// find its connection closed and never see the answer. A client that asks before it sends gets its answer without sending.
func discard(r *http.Request) {
	if r.Header.Get("Expect") != "" {
		return
	}
	// An error means that the client is gone; there is nobody left to answer.
	_, _ = io.CopyN(io.Discard, r.Body, discardLimit)
}
