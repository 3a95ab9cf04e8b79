package webhook

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// answerWrongPath answers a request to another path with a hint, because a webhook with a wrong address would otherwise fail without an
// explanation. The content of the request is not logged.
func (h *Handler) answerWrongPath(c echo.Context) error {
	closeAfterAnswer(c)
	r := c.Request()
	if r.Method == http.MethodPost {
		h.stray.Warn("a request was posted to another path than webhooks go to: is the address of a webhook wrong?", zap.String("wanted", Path),
			zap.Bool("names_a_gitlab_event", r.Header.Get("X-Gitlab-Event") != ""), zap.String("peer", r.RemoteAddr))
	}
	return c.JSON(http.StatusNotFound, answer{Status: "not_found", Reason: "there is nothing here; webhooks go to " + Path})
}

// answerWrongMethod answers a request of another method than POST.
func (h *Handler) answerWrongMethod(c echo.Context) error {
	closeAfterAnswer(c)
	c.Response().Header().Set(echo.HeaderAllow, http.MethodPost)
	return c.JSON(http.StatusMethodNotAllowed, answer{Status: "not_allowed", Reason: "webhooks are posted to " + Path})
}

// rateLimitedLog writes each message at most once a minute, so that frequent requests cannot fill the log.
func rateLimitedLog(log *zap.Logger) *zap.Logger {
	return log.WithOptions(zap.WrapCore(func(c zapcore.Core) zapcore.Core {
		return zapcore.NewSamplerWithOptions(c, time.Minute, 1, 0)
	}))
}
