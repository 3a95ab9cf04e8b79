package redis

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"

	"flowkeeper/rules/triage"
)

// keys builds every key of the store. All have one hash tag, so that a script stays on one node of a Redis Cluster.
//
//	<prefix>:{inbox}:numbers           hash    seq, token, record: the last ones given; gone: how many deliveries left the mailboxes;
//	                                           began: ms of the first delivery; now: the store's time when the server's clock
//	                                           stood at ticks, see scripts/shared.lua
//	<prefix>:{inbox}:due               zset    issue → ms: when each issue may be claimed next
//	<prefix>:{inbox}:leases            zset    issue → ms: when the lease on it ends
//	<prefix>:{inbox}:waiting           set     issues with deliveries
//	<prefix>:{inbox}:box:<issue>       hash    due, wake, token, until, attempt, delayed, revived, cause; record: of a Done that did not end
//	<prefix>:{inbox}:mail:<issue>      hash    seq → delivery
//	<prefix>:{inbox}:memory:<issue>    hash    body, until; expires
//	<prefix>:{inbox}:projects          zset    project → ms: when it was heard of, to the hour
//	<prefix>:{inbox}:heard:<project>   string  the same, while that is not noted again; expires
//	<prefix>:{inbox}:key:<digest>      string  ms since when it suppresses repeats; expires
//	<prefix>:{inbox}:meaning:<digest>  string  the same
//	<prefix>:{inbox}:records           hash    id → record
//	<prefix>:{inbox}:recent            zset    id → id: all records, in order
//	<prefix>:{inbox}:recorded:<issue>  list    ids of the issue's records, newest first
//	<prefix>:{inbox}:dead              zset    issue → ms: when its letter was buried last
//	<prefix>:{inbox}:letter:<issue>    hash    cause, attempts, buried, woken, record
//	<prefix>:{inbox}:lettered:<issue>  hash    seq → delivery
//	<prefix>:{inbox}:uses:<digest>     zset    digest of a use → ms: the uses of somebody that were allowed; expires
//	<prefix>:{inbox}:refused:<digest>  zset    the same for those that were refused
//	<prefix>:{inbox}:turn:<name>       hash    holder, until; expires
//	<prefix>:{inbox}:mark:<name>       hash    body, until; expires
//	<prefix>:{inbox}:bucket:<name>     hash    left: tokens at the time at; rate, burst: as of the last taker; expires
//	<prefix>:{inbox}:rights            any     tries what the user may do; gone at once
//
// An issue is written "7:12" (project id, issue number); times are milliseconds since 1970.
type keys struct{ base string }

func newKeys(prefix string) (keys, error) {
	if strings.ContainsAny(prefix, "{}") {
		return keys{}, errors.New("the key prefix must not contain { or }: they mark the hash tag")
	}
	return keys{base: prefix + ":{inbox}:"}, nil
}

func (k keys) numbers() string  { return k.base + "numbers" }
func (k keys) due() string      { return k.base + "due" }
func (k keys) leases() string   { return k.base + "leases" }
func (k keys) waiting() string  { return k.base + "waiting" }
func (k keys) records() string  { return k.base + "records" }
func (k keys) recent() string   { return k.base + "recent" }
func (k keys) dead() string     { return k.base + "dead" }
func (k keys) projects() string { return k.base + "projects" }
func (k keys) rights() string   { return k.base + "rights" }

// The keys of one issue. With "" they are the beginning to which a script adds the issue that it finds.
func (k keys) box(issue string) string      { return k.base + "box:" + issue }
func (k keys) mail(issue string) string     { return k.base + "mail:" + issue }
func (k keys) memory(issue string) string   { return k.base + "memory:" + issue }
func (k keys) recorded(issue string) string { return k.base + "recorded:" + issue }
func (k keys) letter(issue string) string   { return k.base + "letter:" + issue }
func (k keys) lettered(issue string) string { return k.base + "lettered:" + issue }

func (k keys) heard(project int64) string { return k.base + "heard:" + strconv.FormatInt(project, 10) }

// The keys that suppress repeats. What they are made of comes from outside and may be long, so they hold a digest of it.
func (k keys) key(key string) string         { return k.base + "key:" + digest(key) }
func (k keys) meaning(meaning string) string { return k.base + "meaning:" + digest(meaning) }

// The keys of somebody who uses something.
func (k keys) uses(who string) string    { return k.base + "uses:" + digest(who) }
func (k keys) refused(who string) string { return k.base + "refused:" + digest(who) }

// The keys of what the program itself names.
func (k keys) turn(name string) string   { return k.base + "turn:" + name }
func (k keys) mark(name string) string   { return k.base + "mark:" + name }
func (k keys) bucket(name string) string { return k.base + "bucket:" + name }

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}

func issueName(r triage.Ref) string {
	return strconv.FormatInt(r.Project, 10) + ":" + strconv.FormatInt(r.IID, 10)
}

func issueOf(name string) triage.Ref {
	project, iid, _ := strings.Cut(name, ":")
	p, _ := strconv.ParseInt(project, 10, 64)
	i, _ := strconv.ParseInt(iid, 10, 64)
	return triage.Ref{Project: p, IID: i}
}
