package webhook

import (
	"context"
	"errors"
	"fmt"
	"net/http"

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
}

// retryAfter is the number of seconds after which a sender may try again that was told to come back.
const retryAfter = "10"

// serve answers one request.
func (h *Handler) serve(c echo.Context) error {
	start := h.now()
	out := h.handle(c.Request())
	if out.code == http.StatusServiceUnavailable {
		c.Response().Header().Set(echo.HeaderRetryAfter, retryAfter)
	}
	h.metrics.count(out, h.now().Sub(start))
	return c.JSON(out.code, out.answer)
}

// handle takes one request through all the steps.
func (h *Handler) handle(r *http.Request) outcome {
	auth := h.auth.Load() // one for the whole request: secrets may change meanwhile
	if why := auth.checkHeader(r.Header); why != authentic {
		discard(r)
		return h.refuse(r, why)
	}
	received, err := readBody(r, h.maxBody, h.room)
	defer received.release()
	switch {
	case errors.Is(err, errTooLarge):
		discard(r)
		return h.tooLarge(r)
	case errors.Is(err, errBusy):
		received.release()
		discard(r)
		return h.busy(r)
	case err != nil:
		return h.cutOff(r, err)
	}
	body := received.bytes
	h.metrics.bytes.Observe(float64(len(body)))
	if why := auth.checkBody(r.Header, body); why != authentic {
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

// busy is the outcome of a body for which there is no room beside the others.
func (h *Handler) busy(r *http.Request) outcome {
	h.log.Warn("delivery refused: too much is being received at the same time", zap.Int64("declared", r.ContentLength),
		zap.Int64("limit", h.held), zap.String("peer", r.RemoteAddr))
	return outcome{http.StatusServiceUnavailable, "busy", answer{
		Status: "unavailable", Reason: "too much is being received at the same time; resend it from the recent events of the webhook",
	}}
}

// cutOff is the outcome of a request whose body did not arrive whole. Mostly nobody is left to hear it.
func (h *Handler) cutOff(r *http.Request, err error) outcome {
	h.log.Info("delivery cut off", zap.String("peer", r.RemoteAddr), zap.Error(err))
	return outcome{http.StatusBadRequest, "body", answer{Status: "cut_off", Reason: "the body did not arrive whole"}}
}
