-- The embedded inbox on one page. Times are microseconds since 1970; 0 is none. A subject
-- is an issue (kind 0) or a merge request (kind 1): its project's id, its kind and its number within the project.
--
-- To look at a running bot's store:  sqlite3 -readonly inbox.sqlite "SELECT * FROM waiting"
-- To copy it while the bot runs:     sqlite3 inbox.sqlite "VACUUM INTO 'copy.sqlite'"

-- Every subject that waits for something.
CREATE TABLE mailboxes (
    project     INTEGER NOT NULL,
    kind        INTEGER NOT NULL,
    iid         INTEGER NOT NULL,
    due         INTEGER NOT NULL DEFAULT 0,  -- when its deliveries are to be handled
    wake        INTEGER NOT NULL DEFAULT 0,  -- when it is to be looked at anyway
    token       INTEGER NOT NULL DEFAULT 0,  -- of the lease; 0 if nobody holds it
    lease_until INTEGER NOT NULL DEFAULT 0,
    attempt     INTEGER NOT NULL DEFAULT 0,  -- claims since the last success
    waiting     INTEGER NOT NULL DEFAULT 0,  -- deliveries
    delayed     INTEGER NOT NULL DEFAULT 0,  -- 1: due is the end of a retry's delay, nothing makes it earlier
    revived     INTEGER NOT NULL DEFAULT 0,  -- 1: a dead letter came back under the lease and set wake
    cause       TEXT    NOT NULL DEFAULT '', -- of the last retry
    -- When the issue may be claimed; 0 is never. A lease that runs out needs nobody to notice.
    next INTEGER NOT NULL GENERATED ALWAYS AS (
        CASE WHEN token <> 0 THEN lease_until
             WHEN delayed <> 0 OR wake = 0 THEN due
             WHEN due = 0 THEN wake
             ELSE min(due, wake) END) VIRTUAL,
    PRIMARY KEY (project, kind, iid)
) STRICT, WITHOUT ROWID;
CREATE INDEX mailboxes_next ON mailboxes (next);
CREATE INDEX mailboxes_leased ON mailboxes (lease_until) WHERE token <> 0;

-- What came, in the order in which it came: in mailboxes, and in dead letters.
CREATE TABLE deliveries (
    seq      INTEGER PRIMARY KEY,
    project  INTEGER NOT NULL,
    kind     INTEGER NOT NULL,
    iid      INTEGER NOT NULL,
    dead     INTEGER NOT NULL DEFAULT 0,     -- 1: in the subject's dead letter
    id       TEXT    NOT NULL,
    accepted INTEGER NOT NULL,
    body     BLOB    NOT NULL
) STRICT;
CREATE INDEX deliveries_of_subject ON deliveries (project, kind, iid, dead);

-- What suppresses repeats: digests of a delivery's key and of what it says, in the order in which they came.
CREATE TABLE dedup (
    n       INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    key     BLOB,
    content BLOB
) STRICT;
CREATE INDEX dedup_key ON dedup (key) WHERE key IS NOT NULL;
CREATE INDEX dedup_content ON dedup (content) WHERE content IS NOT NULL;

-- What the bot remembers of a subject.
CREATE TABLE memories (
    project INTEGER NOT NULL,
    kind    INTEGER NOT NULL,
    iid     INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    body    BLOB    NOT NULL,
    PRIMARY KEY (project, kind, iid)
) STRICT;
CREATE INDEX memories_expires ON memories (expires);

-- The newest decisions, for explanations.
CREATE TABLE records (
    n       INTEGER PRIMARY KEY,
    project INTEGER NOT NULL,
    kind    INTEGER NOT NULL,
    iid     INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    body    BLOB    NOT NULL
) STRICT;
CREATE INDEX records_of_subject ON records (project, kind, iid);

-- What was given up. The deliveries of a letter are those of its subject with dead = 1.
CREATE TABLE dead_letters (
    project  INTEGER NOT NULL,
    kind     INTEGER NOT NULL,
    iid      INTEGER NOT NULL,
    buried   INTEGER NOT NULL,
    cause    TEXT    NOT NULL,
    attempts INTEGER NOT NULL,
    record   BLOB,
    woken    INTEGER NOT NULL,               -- 1: a wake-up was being handled, too
    PRIMARY KEY (project, kind, iid)
) STRICT, WITHOUT ROWID;
CREATE INDEX dead_letters_buried ON dead_letters (buried);

-- What processes agree on: small named values, such as how far a job has come.
CREATE TABLE coordination (
    name    TEXT    NOT NULL PRIMARY KEY,
    expires INTEGER NOT NULL,
    value   BLOB    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX coordination_expires ON coordination (expires);

-- Projects that had a delivery, and when the last one came, to the hour.
CREATE TABLE projects (
    id      INTEGER PRIMARY KEY,
    touched INTEGER NOT NULL
) STRICT;
CREATE INDEX projects_touched ON projects (touched);

-- began: when this file was made. seq, token: no higher ones were given out.
CREATE TABLE meta (
    name  TEXT    NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- For people: what waits, the most overdue first.
CREATE VIEW waiting AS
    SELECT project || iif(kind = 0, '#', '!') || iid AS subject, waiting AS deliveries, attempt, token <> 0 AS leased,
           datetime(next / 1000000, 'unixepoch') AS next, cause
    FROM mailboxes ORDER BY mailboxes.next;
