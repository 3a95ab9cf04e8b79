package bot_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// deliverySize is about how large an issue event is, in bytes: most of it are the description and the people.
const deliverySize = 6 << 10

// Placeholders in a prepared request. The number stands for the number (iid) and the id of the issue and at the end of the delivery's
// id; numbers given to deliveries have as many digits and are different for every load.
const (
	numberMark    = "98765432"
	numbers       = 10_000_000 // of a load
	signatureMark = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
)

// delivery is a request as the sandbox's GitLab sends it for an update of an issue, with placeholders.
type delivery struct {
	Header       http.Header
	Body         []byte
	SigningToken string    // "" if it is not signed
	At           time.Time // of the signature, which is good for five minutes
}

// sampleDelivery takes a delivery from the sandbox and fills its description up to the size.
func sampleDelivery(b *testing.B, token, signingToken string) delivery {
	taken := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer taken.Close()
	gitlab := sandbox.New(sandbox.Options{Token: botToken})
	defer gitlab.Close()
	gitlab.SetURL("https://gitlab.example")
	project := gitlab.AddProject("team/project")
	_, err := gitlab.AddUser("ann", "Ann", sandbox.Reporter)
	_, err2 := gitlab.AddHook(project, sandbox.Hook{URL: taken.URL, Token: token, SigningToken: signingToken})
	ref, err3 := gitlab.Open("ann", project, sandbox.IssueOptions{
		Title: "The diff of a large merge request does not load", Description: "?", Assignees: []string{"ann"},
		Labels: []string{"backend", "type::bug", "group::source code", "workflow::ready for development"},
	})
	err4 := gitlab.Edit("ann", ref, sandbox.Change{Weight: triage.Int(3), AddLabels: []string{"workflow::in dev"}})
	if err := errors.Join(err, err2, err3, err4, gitlab.AwaitDelivered(b.Context())); err != nil {
		b.Fatalf("taking a delivery from the sandbox: %v", err)
	}
	all := gitlab.Deliveries()
	sent := all[len(all)-1]
	d := delivery{Header: sent.Header, Body: numbered(b, sent.Body), SigningToken: signingToken, At: time.Now()}
	for _, name := range []string{"Idempotency-Key", "Webhook-Id"} {
		id := d.Header.Get(name)
		d.Header.Set(name, id[:len(id)-len(numberMark)]+numberMark)
	}
	if signingToken != "" {
		d.Header.Set("Webhook-Timestamp", strconv.FormatInt(d.At.Unix(), 10))
		d.Header.Set("Webhook-Signature", signatureMark)
	}
	return d
}

// numbered puts the placeholder and a long description into the body of an issue event.
func numbered(b *testing.B, body []byte) []byte {
	var event map[string]any
	if err := json.Unmarshal(body, &event); err != nil {
		b.Fatalf("reading the sandbox's delivery: %v", err)
	}
	object := event["object_attributes"].(map[string]any)
	object["iid"], object["id"] = json.RawMessage(numberMark), json.RawMessage(numberMark)
	const sentence = "When the page is opened, it waits and then says \\\"500\\\". "
	object["description"] = strings.Repeat(sentence, max(1, (deliverySize-len(body))/len(sentence)))
	body, err := json.Marshal(event)
	if err != nil {
		b.Fatalf("writing the delivery: %v", err)
	}
	return body
}

// request is the delivery in the form of HTTP/1.1, placeholders included.
func (d delivery) request(u *url.URL) []byte {
	var r bytes.Buffer
	fmt.Fprintf(&r, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", u.Path, u.Host, len(d.Body))
	for _, name := range slices.Sorted(maps.Keys(d.Header)) {
		fmt.Fprintf(&r, "%s: %s\r\n", name, d.Header.Get(name))
	}
	r.WriteString("\r\n")
	r.Write(d.Body)
	return r.Bytes()
}

// stamp is a text with places to put something of the same length.
type stamp struct {
	text   []byte
	places [][]byte
}

func newStamp(text []byte, mark string) stamp {
	s := stamp{text: bytes.Clone(text)}
	s.find(mark)
	return s
}

// find adds the places where the mark stands.
func (s *stamp) find(mark string) {
	rest := s.text
	for {
		i := bytes.Index(rest, []byte(mark))
		if i < 0 {
			return
		}
		s.places = append(s.places, rest[i:i+len(mark)])
		rest = rest[i+len(mark):]
	}
}

func (s *stamp) put(what string) {
	for _, p := range s.places {
		copy(p, what)
	}
}
