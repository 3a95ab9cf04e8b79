package webhook

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"golang.org/x/sync/semaphore"
)

// Reading bounds, in bytes.
const (
	presized     = 64 << 10 // what every request may hold, and what a Content-Length is believed before anything has arrived
	discardLimit = 64 << 20 // how much of a body nobody wants is read so that its sender gets to see the answer

	// One byte more distinguishes a body that just fits from one that is too large; another lets the end be read without growing the buffer.
	spare = 2
)

var (
	errTooLarge = errors.New("the body is too large")
	errBusy     = errors.New("too much is being received at the same time")
	errEncoded  = errors.New("the body is encoded")
)

// body is the part of a request's body that has arrived. Small bodies, as most are, need no room. A larger one takes room shared by all for the
// bytes it holds, not for those it announces, so that a client that sends large bodies slowly cannot block small ones.
type body struct {
	bytes []byte
	taken int64 // from the room
	room  *semaphore.Weighted
}

// readBody reads the body of a request. GitLab sends it plain, but what stands between may compress it: that is undone, unless the request is
// signed, because a signature is of the bytes that come. Errors are errTooLarge, errBusy, errEncoded, or that of the connection. What arrived
// before is there all the same, and the body has to be released in any case.
func readBody(r *http.Request, signed bool, limit int64, room *semaphore.Weighted) (*body, error) {
	b := &body{room: room}
	if r.ContentLength > limit && (signed || r.Header.Get("Expect") != "") {
		return b, errTooLarge // of a stranger, or asked before anything is sent
	}
	switch encoding := strings.ToLower(r.Header.Get("Content-Encoding")); {
	case signed, encoding == "", encoding == "identity":
		return b, b.readFrom(r.Body, r.ContentLength, limit)
	case encoding != "gzip" && encoding != "x-gzip":
		return b, errEncoded
	}
	plain, err := gzip.NewReader(io.LimitReader(r.Body, limit))
	if err != nil {
		return b, fmt.Errorf("reading the compressed body: %w", err)
	}
	return b, b.readFrom(plain, 0, limit)
}

// readFrom reads at most limit bytes. If the declared length is larger, it reads only the first presized bytes.
func (b *body) readFrom(from io.Reader, declared, limit int64) error {
	if declared > limit {
		b.bytes = make([]byte, min(presized, limit))
		n, _ := io.ReadFull(from, b.bytes) // an error means that there is less of it
		b.bytes = b.bytes[:n]
		return errTooLarge
	}
	b.bytes = make([]byte, 0, min(max(declared, 512), presized)+spare)
	for {
		n, err := from.Read(b.bytes[len(b.bytes):cap(b.bytes)])
		b.bytes = b.bytes[:len(b.bytes)+n]
		switch {
		case int64(len(b.bytes)) > limit:
			return errTooLarge
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("reading the body: %w", err)
		}
		if len(b.bytes) == cap(b.bytes) {
			if err := b.grow(min(2*int64(cap(b.bytes)), limit+spare)); err != nil {
				return err
			}
		}
	}
}

// grow makes room for so many bytes.
func (b *body) grow(size int64) error {
	before := b.taken
	if size > presized+spare {
		if !b.room.TryAcquire(size) {
			return errBusy
		}
		b.taken = size
	}
	b.bytes = append(make([]byte, 0, size), b.bytes...)
	if before > 0 {
		b.room.Release(before)
	}
	return nil
}

// release gives the room back. The bytes must not be used any more.
func (b *body) release() {
	if b.taken > 0 {
		b.room.Release(b.taken)
	}
	b.bytes, b.taken = nil, 0
}

// discard reads and drops the rest of a body whose sender has shown the right secret. GitLab first sends everything and then reads; without this it
// would find its connection closed and never see the answer. A client that waits for 100 Continue gets its answer without sending.
func discard(r *http.Request) {
	if r.Header.Get("Expect") != "" {
		return
	}
	// An error means that the client is gone; there is nobody left to answer.
	_, _ = io.CopyN(io.Discard, r.Body, discardLimit)
}
