package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	keepEvents    = 7 * 24 * time.Hour // how long GitLab shows what it sent
	maxHookEvents = 20                 // entries of a page
	internalError = "internal error"   // GitLab's status of a webhook that got no answer
)

// responseStatus is the status of a webhook as GitLab logs it; "" if it was never sent.
func responseStatus(d *Delivery) string {
	switch d.State {
	case Answered:
		return strconv.Itoa(d.Status)
	case Failed:
		return internalError
	}
	return ""
}

// hookEventREST is an entry of the log of a webhook. Secrets are left out.
func hookEventREST(d *Delivery) object {
	sent := object{}
	for name := range d.Header {
		sent[name] = d.Header.Get(name)
	}
	if sent["X-Gitlab-Token"] != nil {
		sent["X-Gitlab-Token"] = "[REDACTED]"
	}
	return object{
		"id": d.ID, "url": d.URL, "trigger": strings.ToLower(strings.ReplaceAll(d.Event, " ", "_")) + "s", "request_headers": sent,
		"request_data": json.RawMessage(d.Body), "response_headers": object{}, "response_body": d.Answer,
		"execution_duration": d.Took.Seconds(), "response_status": responseStatus(d), "created_at": preciseTime(d.Sent),
	}
}

// listHookEvents lists what was sent to a hook, newest first.
func listHookEvents(s *Server, c *apiCall) apiAnswer {
	h, no := s.hookOf(c)
	if no != nil {
		return *no
	}
	per, err := c.params.number("per_page")
	if err != nil {
		return errorAnswer(err)
	}
	if per != nil && (*per < 1 || *per > maxHookEvents) {
		return apiAnswer{status: http.StatusBadRequest, body: object{"error": "per_page does not have a valid value"}}
	}
	wanted, err := statusFilter(c)
	if err != nil {
		return errorAnswer(err)
	}
	var found []*Delivery
	for _, d := range slices.Backward(s.deliveries) {
		status := responseStatus(d)
		if d.Hook == h.ID && status != "" && wanted(status) && d.Sent.After(s.now().Add(-keepEvents)) {
			found = append(found, d)
		}
	}
	slices.SortStableFunc(found, func(a, b *Delivery) int { return b.Sent.Compare(a.Sent) })
	return offsetPage(s, c, found, hookEventREST)
}

// statusFilter reads which statuses are asked for: codes and classes of them. None is all.
func statusFilter(c *apiCall) (func(status string) bool, error) {
	names, err := c.params.list("status")
	if err != nil {
		return nil, err
	}
	classes := map[string]string{"successful": "2", "client_failure": "4", "server_failure": "5"}
	for _, name := range names {
		if _, err := strconv.Atoi(name); err != nil && classes[name] == "" {
			return nil, badParam{"status"}
		}
	}
	return func(status string) bool {
		return len(names) == 0 || slices.ContainsFunc(names, func(name string) bool {
			class := classes[name]
			return name == status || class != "" && strings.HasPrefix(status, class) || name == "server_failure" && status == internalError
		})
	}, nil
}

// testHook sends an example to a hook, also to one that is disabled, and answers when the receiver has. All examples name who asked for them: the
// newest issue as if it were just opened, the newest note as if it were just written, a reaction to it that nobody gave, and the newest merge request
// without an action.
func testHook(s *Server, c *apiCall) apiAnswer {
	h, no := s.hookOf(c)
	if no != nil {
		return *no
	}
	flag, _ := strings.CutSuffix(c.r.PathValue("trigger"), "_events")
	if !slices.Contains(HookEvents(), flag) {
		return apiAnswer{status: http.StatusBadRequest, body: object{"error": "trigger does not have a valid value"}}
	}
	if no := s.throttled("hook test", c); no != nil {
		return *no
	}
	d, missing := s.example(c, flag)
	if missing != "" {
		return message(http.StatusUnprocessableEntity, "Ensure the project has "+missing+".")
	}
	out := s.outgoing(h, d, uuid())
	return apiAnswer{later: func() apiAnswer {
		d := s.execute(out)
		switch {
		case d.State != Answered:
			return message(http.StatusUnprocessableEntity, d.Err)
		case d.Status < 200 || d.Status > 299:
			return message(http.StatusUnprocessableEntity, d.Answer)
		}
		return message(http.StatusCreated, "201 Created")
	}}
}

// example is the delivery that tests a hook, or what is missing for one.
func (s *Server) example(c *apiCall, flag string) (d *Delivery, missing string) {
	if flag == OnMergeRequests {
		if len(c.project.requests) == 0 {
			return nil, "merge requests"
		}
		m := c.project.requests[len(c.project.requests)-1]
		return &Delivery{Event: "Merge Request Hook", Issue: m.ref(), Body: encode(s.requestBody(c.by, m, object{}))}, ""
	}
	visible := slices.DeleteFunc(slices.Clone(c.project.issues), func(i *issue) bool { return !i.visible(c.by.user) })
	if flag == "issues" || flag == "confidential_issues" {
		if len(visible) == 0 {
			return nil, "issues"
		}
		i := visible[len(visible)-1]
		event, _, body := s.issueBody(c.by, i, "open", object{})
		return &Delivery{Event: event, Action: "open", Issue: i.ref(), Body: encode(body)}, ""
	}
	var of *issue
	var newest *note
	for _, i := range visible {
		for _, n := range i.notes {
			if !n.system && n.visible(c.by.user) && (newest == nil || n.id > newest.id) {
				of, newest = i, n
			}
		}
	}
	if newest == nil {
		return nil, "notes"
	}
	if flag == "emoji" {
		body := s.emojiBody(of, newest, &award{id: 1, user: c.by.user, name: "thumbsup", at: s.now()}, "award")
		return &Delivery{Event: "Emoji Hook", Action: "award", Issue: of.ref(), Note: newest.id, Body: encode(body)}, ""
	}
	event, _, body := s.noteBody(of, newest, c.by.user, "create")
	return &Delivery{Event: event, Action: "create", Issue: of.ref(), Note: newest.id, Body: encode(body)}, ""
}

// resendEvent sends once more what was sent to a hook, under the same key, and answers when the receiver has.
func resendEvent(s *Server, c *apiCall) apiAnswer {
	h, no := s.hookOf(c)
	if no != nil {
		return *no
	}
	if no := s.throttled("resend", c); no != nil {
		return *no
	}
	id := parseID(c.r.PathValue("event"))
	at := slices.IndexFunc(s.deliveries, func(d *Delivery) bool {
		return d.ID == id && d.Hook == h.ID && responseStatus(d) != "" && d.Sent.After(s.now().Add(-keepEvents))
	})
	if at < 0 {
		return message(http.StatusNotFound, "404 Not found")
	}
	old := s.deliveries[at]
	switch {
	case old.URL != h.URL:
		return message(http.StatusUnprocessableEntity, "The hook URL has changed, and this log entry cannot be retried")
	case !s.isExecutable(h):
		return message(http.StatusUnprocessableEntity, "Hook disabled")
	}
	again := &Delivery{Event: old.Event, Action: old.Action, Issue: old.Issue, Note: old.Note, Body: old.Body}
	out := s.outgoing(h, again, old.Header.Get("Idempotency-Key"))
	return apiAnswer{later: func() apiAnswer {
		d := s.execute(out)
		if d.State != Answered {
			return message(http.StatusUnprocessableEntity, d.Err)
		}
		return created(object{"response_status": d.Status})
	}}
}

// outgoing completes a delivery that is sent at once and takes it into the journal.
func (s *Server) outgoing(h *hook, d *Delivery, key string) *sending {
	d.ID, d.Hook, d.URL, d.At, d.State = s.nextID(), h.ID, h.URL, s.now(), Waiting
	s.deliveries = appendBounded(s.deliveries, d, maxDeliveries)
	s.notify()
	return &sending{Delivery: d, hook: h, token: h.Token, secret: h.key, key: key, uuid: uuid()}
}

// execute sends a webhook at once, beside the queues, and gives what became of it. The caller does not hold the lock.
func (s *Server) execute(out *sending) Delivery {
	s.mu.Lock()
	instance := s.url
	s.mu.Unlock()
	result := s.sendInSlot(out, instance)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recordDelivery(out, result)
	s.notify()
	return *out.Delivery
}
