package redis

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"

	"flowkeeper/rules/triage"
)

// keys builds every key of the store. All have one hash tag, so that a script stays on one node of a Redis Cluster, and the number of
// their layout, so that no program takes the keys of another layout for its own.
//
//	<prefix>:{inbox}:2:numbers                    hash    seq, token, record: the last ones given; gone: how many deliveries left the mailboxes;
//	                                                      began: ms of the first delivery; now: the store's time when the server's clock
//	                                                      stood at ticks, see scripts/shared.lua
//	<prefix>:{inbox}:2:due                        zset    subject → ms: when each may be claimed next
//	<prefix>:{inbox}:2:leases                     zset    subject → ms: when the lease on it ends
//	<prefix>:{inbox}:2:waiting                    set     subjects with deliveries
//	<prefix>:{inbox}:2:mailbox:<subject>          hash    due, wake, token, until, attempt, delayed, revived, cause; record: of a Done that did not end
//	<prefix>:{inbox}:2:deliveries:<subject>hash    seq → delivery
//	<prefix>:{inbox}:2:memory:<subject>           hash    body, until; expires
//	<prefix>:{inbox}:2:projects                   zset    project → ms: when its last delivery came, to the hour
//	<prefix>:{inbox}:2:touched:<project>          string  the same, while that is not noted again; expires
//	<prefix>:{inbox}:2:idempotency:<digest>string  ms since when it suppresses repeats; expires
//	<prefix>:{inbox}:2:content:<digest>           string  the same
//	<prefix>:{inbox}:2:records                    hash    id → record
//	<prefix>:{inbox}:2:recent                     zset    id → id: all records, in order
//	<prefix>:{inbox}:2:recorded:<subject>         list    ids of the subject's records, newest first
//	<prefix>:{inbox}:2:dead_letters               zset    subject → ms: when its letter was buried last
//	<prefix>:{inbox}:2:dead_letter:<subject>hash    cause, attempts, buried, woken, record
//	<prefix>:{inbox}:2:dead_deliveries:<subject>hash    seq → delivery
//	<prefix>:{inbox}:2:value:<name>               hash    body, until; expires
//	<prefix>:{inbox}:2:rights                     any     tries what the user may do; gone at once
//
// An issue is written "7#12" (project id, issue number), a merge request "7!12"; times are milliseconds since 1970.
type keys struct {
	all  string // what all keys of all layouts begin with
	base string // the same for this layout
}

// layout is the number of this layout. The first one had none in its keys.
const layout = "2"

func newKeys(prefix string) (keys, error) {
	if strings.ContainsAny(prefix, "{}") {
		return keys{}, errors.New("the key prefix must not contain { or }: they mark the hash tag")
	}
	all := prefix + ":{inbox}:"
	return keys{all: all, base: all + layout + ":"}, nil
}

// first is a key that every store of the first layout has.
func (k keys) first() string { return k.all + "numbers" }

func (k keys) numbers() string     { return k.base + "numbers" }
func (k keys) due() string         { return k.base + "due" }
func (k keys) leases() string      { return k.base + "leases" }
func (k keys) waiting() string     { return k.base + "waiting" }
func (k keys) records() string     { return k.base + "records" }
func (k keys) recent() string      { return k.base + "recent" }
func (k keys) deadLetters() string { return k.base + "dead_letters" }
func (k keys) projects() string    { return k.base + "projects" }
func (k keys) rights() string      { return k.base + "rights" }

// The keys of one subject. With "" they are the beginning to which a script adds the subject that it finds.
func (k keys) mailbox(subject string) string        { return k.base + "mailbox:" + subject }
func (k keys) deliveries(subject string) string     { return k.base + "deliveries:" + subject }
func (k keys) memory(subject string) string         { return k.base + "memory:" + subject }
func (k keys) recorded(subject string) string       { return k.base + "recorded:" + subject }
func (k keys) deadLetter(subject string) string     { return k.base + "dead_letter:" + subject }
func (k keys) deadDeliveries(subject string) string { return k.base + "dead_deliveries:" + subject }

func (k keys) touched(project int64) string {
	return k.base + "touched:" + strconv.FormatInt(project, 10)
}

// The keys that suppress repeats. What they are made of comes from outside and may be long, so they hold a digest of it.
func (k keys) idempotency(key string) string { return k.base + "idempotency:" + digest(key) }
func (k keys) content(key string) string     { return k.base + "content:" + digest(key) }

// The keys of what the program itself names.
func (k keys) value(name string) string { return k.base + "value:" + name }

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}

// issueOf reads what a script says of which subject something is; of a damaged name, none.
func issueOf(name string) triage.Ref {
	ref, err := triage.ParseRef(name)
	if err != nil {
		return triage.Ref{}
	}
	return ref
}
