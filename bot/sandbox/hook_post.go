package sandbox

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// post sends one webhook. GitLab never repeats one that failed.
func (s *Server) post(out *sending, instance string) Delivery {
	ctx, cancel := context.WithTimeout(context.Background(), s.opt.HookTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, out.URL, bytes.NewReader(out.Body))
	if err != nil {
		return Delivery{State: Failed, Err: err.Error(), Sent: s.now()}
	}
	now := s.opt.Now()
	req.Header = s.headers(out, instance, now)
	result := Delivery{State: Failed, Header: req.Header.Clone(), Sent: now.UTC().Truncate(time.Millisecond)}
	started := time.Now()
	resp, err := s.client.Do(req)
	if err != nil {
		result.Took, result.Err = time.Since(started), err.Error()
		return result
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 8<<10))
	result.Took, result.Status, result.Answer = time.Since(started), resp.StatusCode, string(answer)
	if err != nil {
		result.Err = err.Error()
		return result
	}
	result.State = Answered
	return result
}

// headers are those of the GitLab's version. Only from 19 on is anything signed.
func (s *Server) headers(out *sending, instance string, now time.Time) http.Header {
	timestamp := strconv.FormatInt(now.Unix(), 10)
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set("User-Agent", "GitLab/"+s.opt.Version)
	h.Set("X-Gitlab-Event", out.Event)
	h.Set("X-Gitlab-Instance", instance)
	h.Set("X-Gitlab-Webhook-UUID", uuid())
	h.Set("X-Gitlab-Event-UUID", out.uuid)
	h.Set("Idempotency-Key", out.key)
	if s.atLeast(19, 0) {
		h.Set("webhook-id", out.key)
		h.Set("webhook-timestamp", timestamp)
	}
	if out.token != "" {
		h.Set("X-Gitlab-Token", out.token)
	}
	if len(out.secret) > 0 && s.atLeast(19, 0) {
		mac := hmac.New(sha256.New, out.secret)
		mac.Write([]byte(out.key + "." + timestamp + "."))
		mac.Write(out.Body)
		h.Set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return h
}

// uuid is a random UUID of version 4.
func uuid() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
