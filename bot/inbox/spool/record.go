package spool

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/rules/triage"
)

// record is a delivery with the time it came, to the microsecond. Its delay counts from then.
type record struct {
	inbox.Delivery
	arrived time.Time
}

// at is the delivery as it is to be accepted at a later time: with what is left of its delay. A clock that was set back does not make
// the delay longer than it was.
func (r record) at(now time.Time) inbox.Delivery {
	d := r.Delivery
	d.Delay = min(max(0, r.arrived.Add(d.Delay).Sub(now)), d.Delay)
	return d
}

// encode lays the record out as time in microseconds since 1970, delay in nanoseconds, project, issue number, and the id, key and meaning
// with their lengths; the body is what remains.
func (r record) encode() []byte {
	b := make([]byte, 0, 7*binary.MaxVarintLen64+len(r.ID)+len(r.IdempotencyKey)+len(r.ContentKey)+len(r.Body))
	for _, n := range []int64{r.arrived.UnixMicro(), int64(r.Delay), r.Issue.Project, r.Issue.IID} {
		b = binary.AppendVarint(b, n)
	}
	for _, s := range []string{r.ID, r.IdempotencyKey, r.ContentKey} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return summed(append(b, r.Body...))
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// summed is a checksum of four bytes and b.
func summed(b []byte) []byte {
	return append(binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(b)), crc32.Checksum(b, castagnoli)), b...)
}

// unsummed is the rest of b if the checksum is right.
func unsummed(b []byte) ([]byte, error) {
	if len(b) < 4 || binary.BigEndian.Uint32(b) != crc32.Checksum(b[4:], castagnoli) {
		return nil, errRecord
	}
	return b[4:], nil
}

var errRecord = errors.New("the record is damaged")

// decode copies what it takes from b.
func decode(b []byte) (record, error) {
	b, err := unsummed(b)
	if err != nil {
		return record{}, err
	}
	in := reader{rest: b}
	r := record{arrived: time.UnixMicro(in.number())}
	r.Delay = time.Duration(in.number())
	r.Issue = triage.Ref{Project: in.number(), IID: in.number()}
	r.ID, r.IdempotencyKey, r.ContentKey = in.text(), in.text(), in.text()
	r.Body = append([]byte{}, in.rest...)
	if in.short || r.Validate() != nil {
		return record{}, errRecord
	}
	return r, nil
}

// reader takes values from the front of rest. After the first that is not there, all are zero.
type reader struct {
	rest  []byte
	short bool
}

func (r *reader) number() int64 {
	v, n := binary.Varint(r.rest)
	return v * int64(r.skip(n))
}

func (r *reader) text() string {
	size, n := binary.Uvarint(r.rest)
	if r.skip(n) == 0 || size > uint64(len(r.rest)) {
		r.short = true
		return ""
	}
	s := string(r.rest[:size])
	r.rest = r.rest[size:]
	return s
}

// skip is 1 if n bytes were there to be taken, else 0.
func (r *reader) skip(n int) int {
	if n <= 0 || r.short {
		r.short = true
		return 0
	}
	r.rest = r.rest[n:]
	return 1
}
