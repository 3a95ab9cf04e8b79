package mail

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"
)

// state is how far the mail to a person has come. The first two go on, all others are the end.
type state string

const (
	stateNone      state = ""
	stateWaiting   state = "waiting" // to be sent, or to be tried again
	stateSending   state = "sending" // a process hands it over, or died while it did
	stateSent      state = "sent"
	stateRefused   state = "refused"
	stateUnknown   state = "unknown" // nobody knows whether it was sent
	stateNoAddress state = "no_address"
)

// record is what is remembered of the mail to one person. The zero value is none.
type record struct {
	State state     `json:"s"`
	At    time.Time `json:"at"`         // when it came into the state
	Since time.Time `json:"t"`          // when it was first to be sent
	Again time.Time `json:"a,omitzero"` // when it is tried next
	Tries int       `json:"n,omitempty"`
	Cause string    `json:"c,omitempty"` // why it was not sent, for people

	stored []byte
}

// in is the record when the mail comes into a state.
func (r record) in(s state, now time.Time, cause string) record {
	r.State, r.At, r.Cause = s, now, cause
	return r
}

// records keeps them as checkpoints.
type records struct{ checkpoints Checkpoints }

// recordName names the record of a person's mail. People choose the lengths of both parts.
func recordName(key, person string) string { return "mail/" + digest(key, person) }

// digest stands for some words, always the same for the same.
func digest(words ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(words, "\x00")))
	return hex.EncodeToString(sum[:16])
}

func (r records) load(ctx context.Context, key, person string) (record, error) {
	stored, err := r.checkpoints.Checkpoint(ctx, recordName(key, person))
	if err != nil || stored == nil {
		return record{}, err
	}
	rec := record{}
	if json.Unmarshal(stored, &rec) != nil {
		rec = record{State: stateUnknown, Cause: "what is noted of the mail cannot be read; it is not sent again"}
	}
	rec.stored = stored
	return rec, nil
}

// replace stores the next record if the old one still stands, and reports whether it did. The record it returns is that which was stored.
func (r records) replace(ctx context.Context, key, person string, old, next record) (record, bool, error) {
	value, err := json.Marshal(next)
	if err != nil {
		return record{}, false, err
	}
	swapped, err := r.checkpoints.SwapCheckpoint(ctx, recordName(key, person), old.stored, value)
	next.stored = value
	return next, swapped, err
}
