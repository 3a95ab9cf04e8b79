package spool

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/rules/triage"
)

// envelope is a delivery with the time it came. Its delay counts from then.
type envelope struct {
	inbox.Delivery
	arrived time.Time
}

// header is what the file's own columns do not hold of an envelope. It stands before the body, as JSON. Keys come from outside and need not be
// text.
type header struct {
	IdempotencyKey []byte        `json:"key"`
	ContentKey     []byte        `json:"content"`
	Delay          time.Duration `json:"delay"`
	Arrived        int64         `json:"arrived"` // microseconds since 1970
}

// at is the delivery as it is to be accepted at a later time: with what is left of its delay. A clock that was set back does not make
// the delay longer than it was.
func (e envelope) at(now time.Time) inbox.Delivery {
	d := e.Delivery
	d.Delay = min(max(0, e.arrived.Add(d.Delay).Sub(now)), d.Delay)
	return d
}

// encode lays the envelope out as a checksum of eight digits, the header, a new line, and the body: SQLite does not notice if a body is not
// as it was written.
func (e envelope) encode() ([]byte, error) {
	head, err := json.Marshal(header{[]byte(e.IdempotencyKey), []byte(e.ContentKey), e.Delay, e.arrived.UnixMicro()})
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "%s%s\n%s", checksum(e.Issue, e.ID, head, e.Body), head, e.Body), nil
}

const sumSize = 8

// checksum is over all that the file holds of a delivery.
func checksum(issue triage.Ref, id string, head, body []byte) string {
	sum := crc32.NewIEEE()
	fmt.Fprintf(sum, "%s %q %s\n%s", issue, id, head, body) // a hash takes what it is given
	return fmt.Sprintf("%08x", sum.Sum32())
}

var errNotAsWritten = errors.New("it is not as it was written")

// decode reads what encode wrote.
func decode(issue triage.Ref, stored inbox.Message) (envelope, error) {
	raw := stored.Body
	if len(raw) < sumSize {
		return envelope{}, errNotAsWritten
	}
	head, body, _ := bytes.Cut(raw[sumSize:], []byte("\n"))
	var h header
	if checksum(issue, stored.ID, head, body) != string(raw[:sumSize]) || json.Unmarshal(head, &h) != nil {
		return envelope{}, errNotAsWritten
	}
	return envelope{inbox.Delivery{
		ID: stored.ID, Issue: issue, IdempotencyKey: string(h.IdempotencyKey), ContentKey: string(h.ContentKey), Delay: h.Delay, Body: body,
	}, time.UnixMicro(h.Arrived)}, nil
}
