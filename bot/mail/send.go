package mail

import (
	"context"
	"slices"
	"time"

	"go.uber.org/zap"

	"flowkeeper/rules/planning"
)

// When what failed is tried again.
const (
	firstPause = 5 * time.Minute
	longPause  = time.Hour        // the most between two tries; and after a refused login, which too many tries would lock
	giveUp     = 24 * time.Hour   // after Prepare: later a mail says nothing new
	abandoned  = 15 * time.Minute // after that whoever noted "sending" is gone
	noteTime   = 10 * time.Second // to note what became of a mail, also when the bot stops
)

// Prepare notes who is to get mail of a report, before the report is published. known are the names that the published report carries: of
// those nobody who has no record gets mail any more, because the store that knew more was emptied. It returns the names that the report
// has to carry from now on; call Send once it does. Further calls change nothing.
func (m *Mailer) Prepare(ctx context.Context, key string, letters []planning.Letter, known []string) ([]string, error) {
	o, mailed := m.now.Load(), slices.Clone(known)
	if o.Host == "" {
		return mailed, nil
	}
	for _, l := range onePerPerson(letters) {
		old, err := m.records.load(ctx, key, l.To)
		if err != nil {
			return nil, err
		}
		switch {
		case old.State == stateNone && slices.Contains(known, l.To):
			continue
		case old.State == stateNone:
			next := record{State: stateWaiting, At: o.Now(), Since: o.Now()}
			if o.Emails[l.To] == "" {
				next.State = stateNoAddress
			}
			// If another process was quicker it noted the same.
			_, swapped, err := m.records.replace(ctx, key, l.To, old, next)
			if err != nil {
				return nil, err
			}
			if swapped && next.State == stateNoAddress {
				m.say(key, next, l.To)
			}
			old = next
		}
		if old.State != stateNoAddress && !slices.Contains(mailed, l.To) {
			mailed = append(mailed, l.To)
		}
	}
	return mailed, nil
}

// Send hands over the mails that are due. An error is one of the store; what goes wrong with the mail is in the Outcome. When Outcome.Again
// is set, call it then.
func (m *Mailer) Send(ctx context.Context, key string, letters []planning.Letter) (Outcome, error) {
	b := batch{Mailer: m, o: m.now.Load(), key: key}
	if b.o.Host == "" {
		return Outcome{}, nil
	}
	for _, l := range onePerPerson(letters) {
		rec, err := m.records.load(ctx, key, l.To)
		if err != nil {
			return Outcome{}, err
		}
		b.people = append(b.people, person{letter: l, record: rec})
	}
	err := b.send(ctx)
	return b.outcome(), err
}

// batch is the mails of one report.
type batch struct {
	*Mailer

	o      *sender
	key    string
	people []person
}

// person is who gets a letter, with what is known of it.
type person struct {
	letter planning.Letter
	record record
}

// send sends what is due over one connection.
func (b *batch) send(ctx context.Context) error {
	var due, left []*person
	for n := range b.people {
		p := &b.people[n]
		switch now := b.o.Now(); {
		case p.record.State == stateSending && !now.Before(p.record.At.Add(abandoned)):
			left = append(left, p)
		case p.record.State == stateWaiting && !now.Before(p.record.Again):
			due = append(due, p)
		}
	}
	if err := b.failed(ctx, left, &failure{kind: unclear, text: "the bot ended while it sent the mail; it is not sent again, and the report itself says the same"}); err != nil {
		return err
	}
	if len(due) == 0 {
		return nil
	}
	conn, failed := b.o.connect(ctx)
	if failed != nil {
		return b.failed(ctx, due, failed)
	}
	defer conn.close()
	for n, p := range due {
		failed, err := b.sendOne(ctx, conn, p)
		if err != nil {
			return err
		}
		if failed != nil && failed.scope == ofServer {
			return b.failed(ctx, due[n:], failed)
		}
	}
	return nil
}

// sendOne sends one mail, and notes it before and after. A failure of the server leaves the mail waiting as it was.
func (b *batch) sendOne(ctx context.Context, conn *connection, p *person) (*failure, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	msg, err := b.o.message(b.key, p.letter, b.o.Now())
	if err != nil {
		return nil, b.failed(ctx, []*person{p}, b.o.notWritten(err))
	}
	waited := p.record
	mine, err := b.note(ctx, p, waited.in(stateSending, b.o.Now(), waited.Cause))
	if err == nil && !mine { // another process sends it
		p.record, err = b.records.load(ctx, b.key, p.letter.To)
	}
	if err != nil || !mine {
		return nil, err
	}
	at, err := conn.deliver(msg)
	noting, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTime)
	defer cancel()
	if err == nil {
		if _, err := b.note(noting, p, waited.in(stateSent, b.o.Now(), "")); err != nil {
			return nil, err
		}
		b.say(b.key, p.record, p.letter.To)
		return nil, nil
	}
	failed := b.o.notSent(p.letter.To, at, err)
	if failed.scope == ofServer {
		_, err := b.note(noting, p, waited)
		return failed, err
	}
	conn.forget()
	return nil, b.failed(noting, []*person{p}, failed)
}

// failed notes a failure with the mails of all these people, and says it once.
func (b *batch) failed(ctx context.Context, people []*person, f *failure) error {
	noting, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTime)
	defer cancel()
	var names []string
	var said record
	for _, p := range people {
		before := p.record
		mine, err := b.note(noting, p, b.after(before, f))
		if err != nil {
			return err
		}
		if mine && (p.record.State != stateWaiting || p.record.Cause != before.Cause) {
			names, said = append(names, p.letter.To), p.record
		}
	}
	if len(names) > 0 {
		b.say(b.key, said, names...)
	}
	return nil
}

// after is the record of a mail after a failure.
func (b *batch) after(r record, f *failure) record {
	now := b.o.Now()
	switch {
	case f.kind == unclear:
		return r.in(stateUnknown, now, f.text)
	case f.kind == lasting && f.scope == ofPerson:
		return r.in(stateRefused, now, f.text)
	}
	pause := longPause
	if f.kind == passing {
		pause = min(longPause, firstPause<<min(r.Tries, 8))
	}
	if now.Add(pause).After(r.Since.Add(giveUp)) {
		return r.in(stateRefused, now, "given up after a day: "+f.text)
	}
	r.Again = now.Add(pause)
	r.Tries++
	return r.in(stateWaiting, now, f.text)
}

// note stores the next record of a person, and reports whether nobody else was quicker.
func (b *batch) note(ctx context.Context, p *person, next record) (mine bool, err error) {
	stored, mine, err := b.records.replace(ctx, b.key, p.letter.To, p.record, next)
	if err != nil {
		if p.record.State == stateSending {
			b.log.Error("what became of a mail cannot be noted; it is not sent again",
				zap.String("report", b.key), zap.String("person", p.letter.To), zap.String("outcome", string(next.State)), zap.Error(err))
		}
		return false, err
	}
	if mine {
		p.record = stored
	}
	return mine, nil
}

// say logs and counts what became of mails.
func (m *Mailer) say(key string, r record, people ...string) {
	m.mails.WithLabelValues(string(r.State)).Add(float64(len(people)))
	log := m.log.With(zap.String("report", key), zap.Strings("people", people))
	switch r.State {
	case stateSent:
		log.Info("mail sent")
	case stateWaiting:
		log.Warn("mail not sent yet; it is tried again", zap.String("cause", r.Cause), zap.Time("again", r.Again))
	case stateNoAddress:
		log.Warn("no mail: team.emails has no address")
	case stateRefused, stateUnknown:
		log.Error("mail not sent", zap.String("cause", r.Cause))
	case stateNone, stateSending:
	}
}
