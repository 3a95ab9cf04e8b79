package webhook_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot/webhook"
	"flowkeeper/rules/triage"
)

// seen is a Receiver that tells what it gets.
func seen() (receiver, <-chan webhook.Delivery) {
	all := make(chan webhook.Delivery, 10)
	return func(_ context.Context, d webhook.Delivery) (webhook.Answer, error) {
		all <- d
		return webhook.Answer{Status: webhook.Accepted}, nil
	}, all
}

// acceptedOutcome is what the receiver got, a zero delivery if nothing.
func acceptedOutcome(all <-chan webhook.Delivery) webhook.Delivery {
	select {
	case d := <-all:
		return d
	default:
		return webhook.Delivery{}
	}
}

// lookedAt is what a receiver gets of an issue that is to be looked at.
func lookedAt(d webhook.Delivery) bool {
	return d.Event.Kind == triage.Swept && d.Event.ReceivedAt.Equal(arrival) && d.IdempotencyKey == "" && d.ContentKey == "" && d.Issue.UpdatedAt.IsZero()
}

// TestCutAnywhere cuts deliveries at every byte: each is answered 202 and counted, and its issue is looked at as soon as that can be told. It is
// never another one's number that is cut short.
func TestCutAnywhere(t *testing.T) {
	right := map[string]triage.Ref{
		"issue_update.json": {Project: 7, IID: 12}, "task_close.json": {Project: 7, IID: 13}, "note.json": {Project: 7, IID: 12}, "emoji.json": {Project: 7, IID: 12},
		"merge_request.json": {Project: 7, Kind: triage.SubjectMergeRequest, IID: 5},
	}
	bodies := map[string][]byte{
		"note on a merge request": []byte(`{"object_kind":"note","user":{"id":3},"project_id":7,"project":{"id":7},"object_attributes":{"id":1244,"note":"see #12","noteable_type":"MergeRequest",
			"noteable_id":50,"url":"https://gitlab.example.com/a/b/-/merge_requests/5#note_1244"},"merge_request":{"id":50,"iid":5,"title":"Faster"}}`),
	}
	right["note on a merge request"] = triage.Ref{Project: 7, Kind: triage.SubjectMergeRequest, IID: 5}
	for name, want := range right {
		t.Run(name, func(t *testing.T) {
			whole := bodies[name]
			if whole == nil {
				whole = bytes.TrimSpace(fixture(t, name))
			}
			receiver, all := seen()
			b := newBench(t, webhook.Options{Secrets: []string{secret}, Receiver: receiver})
			found := false
			for n := range whole {
				w := b.post(t, http.Header{"X-Gitlab-Token": {secret}}, string(whole[:n]))
				if said := answerOf(t, w); w.Code != http.StatusAccepted || said.Status != "broken" {
					t.Fatalf("%d of %d bytes: answered %d %+v", n, len(whole), w.Code, said)
				}
				d := acceptedOutcome(all)
				switch {
				case d.Issue.Ref == triage.Ref{} && !found:
				case d.Issue.Ref == want && lookedAt(d):
					found = true
				default:
					t.Fatalf("after %q: %+v is looked at", whole[max(0, n-20):n], d)
				}
			}
			if !found {
				t.Error("the issue is never looked at")
			}
			count := b.counted(t, "broken", webhook.ClassBrokenJSON) + b.counted(t, "broken", webhook.ClassEmpty) + b.counted(t, "broken", webhook.ClassNotUTF8)
			if logged := b.logs.FilterMessageSnippet("delivery broken").Len(); int(count) != len(whole) || logged != len(whole) {
				t.Errorf("of %d, %v are counted and %d logged", len(whole), count, logged)
			}
		})
	}
}

// zip compresses.
func zip(t *testing.T, plain []byte) string {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestBrokenBodies(t *testing.T) {
	plain := fixture(t, "issue_update.json")
	damaged := bytes.Replace(plain, []byte("Anker"), []byte("Ank\xffr"), 1)
	late := strings.Replace(string(plain), `"changes"`, "\x00", 1) // behind the issue
	token := func(more ...string) http.Header {
		h := http.Header{"X-Gitlab-Token": {secret}}
		if len(more) > 0 {
			h.Set("Content-Encoding", more[0])
		}
		return h
	}
	for name, test := range map[string]struct {
		header http.Header
		body   string
		class  string // of the broken; "" is taken as it is
		looked bool
	}{
		"plain":                      {token(), string(plain), "", false},
		"said to be plain":           {token("identity"), string(plain), "", false},
		"compressed":                 {token("gzip"), zip(t, plain), "", false},
		"compressed, by its alias":   {token("X-GZIP"), zip(t, plain), "", false},
		"compressed and cut":         {token("gzip"), zip(t, plain)[:len(zip(t, plain))-4], webhook.ClassCutShort, true},
		"compressed, first half":     {token("gzip"), zip(t, plain)[:15], webhook.ClassCutShort, false},
		"said to be compressed":      {token("gzip"), string(plain), webhook.ClassCutShort, false},
		"compressed otherwise":       {token("br"), string(plain), webhook.ClassEncoded, false},
		"compressed twice":           {token("gzip, gzip"), zip(t, plain), webhook.ClassEncoded, false},
		"too much when unpacked":     {token("gzip"), zip(t, append(bytes.Clone(plain), bytes.Repeat([]byte(" "), 50<<20)...)), webhook.ClassTooLarge, true},
		"too much of it":             {token(), string(plain) + strings.Repeat(" ", 1<<20), webhook.ClassTooLarge, true},
		"not UTF-8":                  {token(), string(damaged), webhook.ClassNotUTF8, true},
		"broken behind the issue":    {token(), late, webhook.ClassBrokenJSON, true},
		"broken before":              {token(), strings.Replace(string(plain), `"project"`, "\x00", 1), webhook.ClassBrokenJSON, false},
		"another one behind it":      {token(), string(plain) + string(plain), webhook.ClassBrokenJSON, true},
		"deep":                       {token(), `{"object_kind":"issue","a":` + strings.Repeat("[", 20_000), webhook.ClassDeepJSON, false},
		"nothing":                    {token(), "", webhook.ClassEmpty, false},
		"no JSON":                    {token(), "object_kind=issue", webhook.ClassNotJSON, false},
		"broken, about no issue":     {token(), `{"object_kind":"push","project":{"id":7},"object_attributes":{"iid":12},`, webhook.ClassBrokenJSON, false},
		"broken, with odd values":    {token(), `{"object_kind":"issue","project":{"id":7.5},"":1,"object_attributes":{"iid":"12","":[{"iid":3}],"x":`, webhook.ClassBrokenJSON, false},
		"broken, with texts for ids": {token(), `{"object_kind":"issue","project":{"":1,"id":"7"},"object_attributes":{"iid":"12","x":`, webhook.ClassBrokenJSON, true},
	} {
		t.Run(name, func(t *testing.T) {
			receiver, all := seen()
			b := newBench(t, webhook.Options{Secrets: []string{secret}, Receiver: receiver, MaxBody: 1 << 20})
			w := b.post(t, test.header, test.body)
			said, d := answerOf(t, w), acceptedOutcome(all)
			if test.class == "" {
				if said.Status != "accepted" || d.Issue.Title == "" {
					t.Errorf("answered %+v, received %+v", said, d)
				}
				return
			}
			if w.Code != http.StatusAccepted || said.Status != "broken" || b.counted(t, "broken", test.class) != 1 {
				t.Errorf("answered %d %+v, want it counted as broken: %s", w.Code, said, test.class)
			}
			if looked := d.Issue.Ref == (triage.Ref{Project: 7, IID: 12}) && lookedAt(d); looked != test.looked || !looked && d.Issue.IID != 0 {
				t.Errorf("received %+v, want the issue looked at: %t", d, test.looked)
			}
			if strings.Contains(said.Reason, "looked at") != test.looked {
				t.Errorf("the answer says %q", said.Reason)
			}
		})
	}
}

// TestBrokenAndNotStored has nowhere to put the issue that is to be looked at: then the whole delivery is worth sending again.
func TestBrokenAndNotStored(t *testing.T) {
	b := newBench(t, webhook.Options{Secrets: []string{secret}, Receiver: &store{down: fmt.Errorf("the store is away")}})
	body := string(fixture(t, "issue_update.json"))
	if w := b.post(t, http.Header{"X-Gitlab-Token": {secret}}, body[:len(body)-5]); w.Code != http.StatusServiceUnavailable {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
}

// TestBrokenAndSigned has no body that its signature could be checked with.
func TestBrokenAndSigned(t *testing.T) {
	body := string(fixture(t, "issue_update.json"))
	zipped := signed(t, tokenOne, arrival, body)
	zipped.Set("Content-Encoding", "gzip")
	for name, test := range map[string]struct {
		header http.Header
		body   string
	}{
		"cut":                   {signed(t, tokenOne, arrival, body), body[:len(body)-5]},
		"compressed on its way": {zipped, zip(t, []byte(body))},
	} {
		receiver, all := seen()
		b := newBench(t, webhook.Options{SigningTokens: []string{tokenOne}, Receiver: receiver})
		if w := b.post(t, test.header, test.body); w.Code != http.StatusUnauthorized || acceptedOutcome(all).Issue.IID != 0 {
			t.Errorf("%s: answered %d %s", name, w.Code, w.Body)
		}
	}
}

// TestCutOnTheWire sends less than it promised.
func TestCutOnTheWire(t *testing.T) {
	whole := string(fixture(t, "issue_update.json"))
	part := whole[:len(whole)-5]
	for name, framing := range map[string]string{
		"declared":     fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(whole), part),
		"not declared": fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(part), part),
		"in a chunk":   fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s", len(whole), part),
	} {
		for way, end := range map[string]func(net.Conn) error{
			"and waits": func(c net.Conn) error { return c.(*net.TCPConn).CloseWrite() }, "and is gone": net.Conn.Close,
		} {
			t.Run(name+" "+way, func(t *testing.T) {
				t.Parallel()
				receiver, all := seen()
				b := newBench(t, webhook.Options{Secrets: []string{secret}, Receiver: receiver})
				conn := b.dial(t)
				if _, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: bot\r\nX-Gitlab-Token: %s\r\n%s", webhook.Path, secret, framing); err != nil {
					t.Fatal(err)
				}
				if err := end(conn); err != nil {
					t.Fatal(err)
				}
				if way == "and waits" {
					checkAnswer(t, conn, http.StatusAccepted)
				}
				select {
				case d := <-all:
					if d.Issue.Ref != (triage.Ref{Project: 7, IID: 12}) || !lookedAt(d) {
						t.Errorf("received %+v", d)
					}
				case <-time.After(reachable):
					t.Error("the issue is not looked at")
				}
			})
		}
	}
}
