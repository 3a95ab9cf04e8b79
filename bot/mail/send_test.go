package mail_test

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/quotedprintable"
	netmail "net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/coordination"
	"flowkeeper/bot/mail"
	"flowkeeper/bot/testkit"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// sasl64 is how the password goes over the wire.
func sasl64() string {
	return base64.StdEncoding.EncodeToString([]byte("\x00" + username + "\x00" + password))
}

func TestOneMailToEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		all := letters("eric", "erin", "nora")
		mailed, err := r.mailer(nil).Prepare(t.Context(), key, all, nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"eric", "erin"}, mailed); diff != "" {
			t.Errorf("names for the report (-want +got):\n%s", diff)
		}
		want := mail.Outcome{Sent: []string{"eric", "erin"}, NoAddress: []string{"nora"}}
		for range 3 { // the same process, and after restarts
			if diff := cmp.Diff(want, r.sendAgain(r.mailer(nil), all)); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
		}
		r.got("eric@example.com", "erin@example.com")
		if n := r.logs.FilterMessage("no mail: team.emails has no address").Len(); n != 1 {
			t.Errorf("that nora has no address was said %d times, want once", n)
		}
	})
}

func TestMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		now := time.Now().Format(time.RFC1123Z)
		hostile := planning.Letter{
			To: "eric", Subject: "Kickoff\r\nBcc: everybody@example.com\r\n\r\n<b>é",
			Text: []triage.Prose{
				triage.Say("Likely yours: "), triage.Say("- #12 ").Quote("ends\r\n.\r\nMAIL FROM:<x>\u202e"), triage.Say(".\nGröße **10**"),
			},
		}
		r.send(r.mailer(func(o *mail.Options) { o.From = `"Flow, é" <flowkeeper@example.org>` }), []planning.Letter{hostile})
		delivered := r.server.delivered()
		if len(delivered) != 1 {
			t.Fatalf("got %d mails, want 1", len(delivered))
		}
		raw := delivered[0]
		msg, err := netmail.ReadMessage(strings.NewReader(raw.raw))
		if err != nil {
			t.Fatal(err)
		}
		id := msg.Header.Get("Message-ID")
		if !strings.HasPrefix(id, "<flowkeeper.") || !strings.HasSuffix(id, "@example.org>") {
			t.Errorf("Message-ID is %s", id)
		}
		decode := func(s string) string {
			word, err := new(mime.WordDecoder).DecodeHeader(s)
			if err != nil {
				t.Fatal(err)
			}
			return word
		}
		got := map[string]string{"envelope": raw.from + " to " + raw.to}
		for name := range msg.Header {
			if name != "Message-Id" {
				got[name] = decode(msg.Header.Get(name))
			}
		}
		want := map[string]string{
			"envelope": "flowkeeper@example.org to eric@example.com",
			"From":     "Flow, é <flowkeeper@example.org>", "To": "<eric@example.com>",
			"Subject": "Kickoff Bcc: everybody@example.com <b>é", "Date": now,
			"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All", "List-Id": "<flowkeeper.example.org>",
			"Mime-Version": "1.0", "Content-Type": "text/plain; charset=UTF-8", "Content-Transfer-Encoding": "quoted-printable",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("headers (-want +got):\n%s", diff)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(msg.Body))
		if err != nil {
			t.Fatal(err)
		}
		text := "Likely yours: \n- #12 “ends . MAIL FROM:<x>”\n\n.\nGröße **10**\n\n-- \n" +
			"Flowkeeper for Create:Source Code BE. Your address is in team.emails of its configuration.\n"
		if diff := cmp.Diff(text, strings.ReplaceAll(string(body), "\r\n", "\n")); diff != "" {
			t.Errorf("text (-want +got):\n%s", diff)
		}
	})
}

// TestTwoRoles has two letters for one person.
func TestTwoRoles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		all := letters("eric", "erin", "eric")
		all[2].Text = []triage.Prose{triage.Say("No security issue is planned.")}
		if out := r.send(r.mailer(nil), all); !slices.Equal(out.Sent, []string{"eric", "erin"}) {
			t.Errorf("got %s, want one mail to eric and one to erin", out)
		}
		r.got("eric@example.com", "erin@example.com")
		if raw := r.server.delivered()[0].raw; !strings.Contains(raw, "your budget is 10") || !strings.Contains(raw, "No security issue") {
			t.Errorf("the mail lacks one of the letters:\n%s", raw)
		}
	})
}

// TestReplicas has several processes send at the same time.
func TestReplicas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		all := letters("eric", "erin")
		var processes sync.WaitGroup
		for range 4 {
			m := r.mailer(nil)
			processes.Go(func() {
				if _, err := m.Prepare(t.Context(), key, all, nil); err != nil {
					t.Error(err)
				}
				if _, err := m.Send(t.Context(), key, all); err != nil {
					t.Error(err)
				}
			})
		}
		processes.Wait()
		if n := len(r.server.delivered()); n != 2 {
			t.Errorf("%d mails were delivered, want 2", n)
		}
	})
}

// TestEmptiedStore has the published report remember who got mail.
func TestEmptiedStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		all := letters("eric", "erin")
		r.send(r.mailer(nil), all[:1])
		values := coordination.NewMemory(time.Now)
		r.store = coordination.New(values, values, nil)
		m := r.mailer(nil)
		mailed, err := m.Prepare(t.Context(), key, all, []string{"eric"})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"eric", "erin"}, mailed); diff != "" {
			t.Errorf("names for the report (-want +got):\n%s", diff)
		}
		out := r.sendAgain(m, all)
		if diff := cmp.Diff(mail.Outcome{Sent: []string{"erin"}, Unknown: []string{"eric"}}, out); diff != "" {
			t.Errorf("outcome (-want +got):\n%s", diff)
		}
		r.got("eric@example.com", "erin@example.com")
	})
}

// failing is a store that fails from a swap on, and after its context ended.
type failing struct {
	*coordination.Coordinator

	left int
}

var errStore = errors.New("the store is away")

func (f *failing) SwapCheckpoint(ctx context.Context, name string, old, value []byte) (bool, error) {
	if f.left--; f.left < 0 {
		return false, errStore
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	return f.Coordinator.SwapCheckpoint(ctx, name, old, value)
}

// TestEndsBetween has the process end, or lose the store, at each step; whoever comes next sends what was surely not sent, and nothing else.
func TestEndsBetween(t *testing.T) {
	for swaps, want := range []struct {
		mails   int
		unknown []string
	}{{1, nil}, {1, nil}, {1, []string{"eric"}}, {1, nil}} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, nil)
			all := letters("eric")
			store := &failing{r.store, swaps}
			m, err := mail.New(r.options(), store)
			if err != nil {
				t.Fatal(err)
			}
			if _, err = m.Prepare(t.Context(), key, all, nil); err == nil {
				_, err = m.Send(t.Context(), key, all)
			}
			if (err == nil) != (swaps == 3) {
				t.Errorf("got error %v after %d changes of the store", err, swaps)
			}
			next := r.mailer(nil)
			out := r.send(next, all)
			if !out.Again.IsZero() {
				testkit.Pass(time.Until(out.Again))
				out = r.sendAgain(next, all)
			}
			if diff := cmp.Diff(want.unknown, out.Unknown); diff != "" {
				t.Errorf("unknown after %d changes (-want +got):\n%s", swaps, diff)
			}
			if n := len(r.server.delivered()); n != want.mails {
				t.Errorf("after %d changes of the store %d mails were delivered, want %d", swaps, n, want.mails)
			}
		})
	}
}
