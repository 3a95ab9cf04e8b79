package sqlite

import (
	"fmt"

	sqlite3 "modernc.org/sqlite/lib"

	"flowkeeper/bot/inbox"
)

const sqliteError = sqlite3.SQLITE_ERROR

// tx is the writer's transaction: all changes in it happen at one time.
type tx struct {
	*statements
	counters
	now     int64
	touched touched
}

// counters are numbers that the file could tell too, by counting: here they cost nothing. A transaction works on a copy, which counts once
// it is committed.
type counters struct {
	seq, token int64 // the highest that were given out
	// seqReserved and tokenReserved are up to where the file says that they were.
	seqReserved, tokenReserved int64

	deliveries  int64 // waiting in mailboxes
	issues      int64 // with waiting deliveries
	records     int64
	deadLetters int64
	projects    int64
}

// load counts what is in the file.
func (t *tx) load() error {
	for query, into := range map[string][]any{
		`SELECT value FROM meta WHERE name = 'seq'`:                                   {&t.seq},
		`SELECT value FROM meta WHERE name = 'token'`:                                 {&t.token},
		`SELECT coalesce(sum(waiting), 0), count(*) FROM mailboxes WHERE waiting > 0`: {&t.deliveries, &t.issues},
		`SELECT count(*) FROM records`:                                                {&t.records},
		`SELECT count(*) FROM dead_letters`:                                           {&t.deadLetters},
		`SELECT count(*) FROM projects`:                                               {&t.projects},
	} {
		if _, err := t.get(query, nil, into...); err != nil {
			return err
		}
	}
	t.seqReserved, t.tokenReserved = t.seq, t.token
	return nil
}

// reserve is how many numbers are taken from the file at a time: what is written there with each of them would be another page to sync.
const reserve = 10_000

// reserveNumbers notes in the file, before numbers are given out, that they never must be again. A process that ends leaves some out.
func (t *tx) reserveNumbers() error {
	if t.seq <= t.seqReserved && t.token <= t.tokenReserved {
		return nil
	}
	t.seqReserved, t.tokenReserved = t.seq+reserve, t.token+reserve
	_, err := t.exec(`UPDATE meta SET value = CASE name WHEN 'seq' THEN ? ELSE ? END WHERE name IN ('seq', 'token')`, t.seqReserved, t.tokenReserved)
	return err
}

// purge removes what expired, at most limit of each kind, and reports whether there may be more.
func (t *tx) purge(limit int64) (more bool, err error) {
	for _, query := range []string{
		`DELETE FROM dedup WHERE n IN (SELECT n FROM dedup ORDER BY n LIMIT ?2) AND at <= ?1 - ` + keepKeys,
		`DELETE FROM memories WHERE rowid IN (SELECT rowid FROM memories WHERE expires <= ?1 LIMIT ?2)`,
		`DELETE FROM coordination WHERE name IN (SELECT name FROM coordination WHERE expires <= ?1 LIMIT ?2)`,
	} {
		gone, err := t.exec(query, t.now, limit)
		if err != nil {
			return false, fmt.Errorf("purging what expired: %w", err)
		}
		more = more || gone == limit
	}
	return more, nil
}

// one is 1 for true: SQLite has no booleans.
func one(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// blob is the bytes as SQLite keeps them: none are no NULL.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

var (
	keepKeys     = micros(inbox.KeepIdempotencyKeys)
	keepContents = micros(inbox.KeepContentKeys)
)
