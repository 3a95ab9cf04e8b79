package bolt

import (
	"bytes"
	"encoding/binary"
	"time"

	"go.etcd.io/bbolt"

	"flowkeeper/bot/inbox"
	"flowkeeper/rules/triage"
)

// The buckets. Numbers in keys are big-endian, so that bytes sort as numbers do; times are microseconds since 1970.
//
//	meta      name → number: "version", "began" (when the file was made), "records" and "projects" (how many are kept)
//	boxes     issue → box: every issue that waits for something
//	due       time, issue → nothing: when each box may be claimed next, in order
//	mail      seq → delivery, in mailboxes and in letters
//	order     issue, seq → nothing: what is in the mailbox
//	memory    issue → expiry, memory
//	expiry    time, kind, digest or other key → nothing: what suppresses repeats, and what else is to be purged, in order
//	records   id → time, issue, record: all records, in order
//	recorded  issue, id → nothing: the records of an issue
//	letters   issue → letter without its deliveries
//	lettered  issue, seq → nothing: what is in the letter
//	burials   time, issue → nothing: all letters, in order
//	uses      digest of who → expiry, uses with their answers
//	marks     name → expiry, value
//	projects  project → time it was heard of, to the hour
//	heard     time, project → nothing: the same, in order
//
// What is large (mail, records) has a growing number as its key and is appended; what is looked up by issue is small. A transaction
// with deliveries of many issues therefore writes few pages.
var (
	bucketMeta     = []byte("meta")
	bucketBoxes    = []byte("boxes")
	bucketDue      = []byte("due")
	bucketMail     = []byte("mail")
	bucketOrder    = []byte("order")
	bucketMemory   = []byte("memory")
	bucketExpiry   = []byte("expiry")
	bucketRecords  = []byte("records")
	bucketRecorded = []byte("recorded")
	bucketLetters  = []byte("letters")
	bucketLettered = []byte("lettered")
	bucketBurials  = []byte("burials")
	bucketUses     = []byte("uses")
	bucketMarks    = []byte("marks")
	bucketProjects = []byte("projects")
	bucketHeard    = []byte("heard")

	metaVersion  = []byte("version")
	metaBegan    = []byte("began")
	metaRecords  = []byte("records")
	metaProjects = []byte("projects")
)

func buckets() [][]byte {
	return [][]byte{
		bucketMeta, bucketBoxes, bucketDue, bucketMail, bucketOrder, bucketMemory, bucketExpiry,
		bucketRecords, bucketRecorded, bucketLetters, bucketLettered, bucketBurials,
		bucketUses, bucketMarks, bucketProjects, bucketHeard,
	}
}

func micros(t time.Time) int64 { return t.UnixMicro() }

// appended is a bucket whose keys only grow: its pages are filled, not kept half empty for what might come between.
func appended(tx *bbolt.Tx, name []byte) *bbolt.Bucket {
	b := tx.Bucket(name)
	b.FillPercent = 1
	return b
}

// number reads the 8 bytes at the start of a key or value.
func number(b []byte) int64 { return int64(binary.BigEndian.Uint64(b)) }

// numbered puts a number in front of the rest.
func numbered(n int64, rest ...byte) []byte {
	b := make([]byte, 0, 8+len(rest))
	return append(binary.BigEndian.AppendUint64(b, uint64(n)), rest...)
}

const issueSize = 16

func issueKey(r triage.Ref) []byte {
	b := make([]byte, 0, issueSize)
	b = binary.BigEndian.AppendUint64(b, uint64(r.Project))
	return binary.BigEndian.AppendUint64(b, uint64(r.IID))
}

func issueOf(b []byte) triage.Ref { return triage.Ref{Project: number(b), IID: number(b[8:])} }

// placed is the key of something that an issue has several of: deliveries, records.
func placed(issue []byte, seq int64) []byte {
	b := make([]byte, 0, issueSize+8)
	return binary.BigEndian.AppendUint64(append(b, issue...), uint64(seq))
}

// encodeMail lays a delivery out as accepted time, length of its id, id, body.
func encodeMail(accepted int64, id string, body []byte) []byte {
	b := make([]byte, 0, 8+binary.MaxVarintLen64+len(id)+len(body))
	b = binary.BigEndian.AppendUint64(b, uint64(accepted))
	b = binary.AppendUvarint(b, uint64(len(id)))
	return append(append(b, id...), body...)
}

// decodeMail copies: bbolt's bytes are gone after the transaction. Of a damaged delivery the body is whatever there is, so that it gets
// to somebody who can give it up, instead of standing in the way of all others.
func decodeMail(seq int64, b []byte) inbox.Stamped {
	damaged := inbox.Stamped{Seq: seq, Body: bytes.Clone(b)}
	if len(b) < 9 {
		return damaged
	}
	size, n := binary.Uvarint(b[8:])
	if n <= 0 || size > uint64(len(b)-8-n) {
		return damaged
	}
	rest := b[8+n:]
	return inbox.Stamped{
		Seq:      seq,
		ID:       string(rest[:size]),
		Accepted: time.UnixMilli(number(b) / 1000),
		Body:     bytes.Clone(rest[size:]),
	}
}
