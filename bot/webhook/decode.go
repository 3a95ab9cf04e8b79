package webhook

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"flowkeeper/rules/triage"
)

// Decode reads one of GitLab's requests, which must be known to be authentic; seen is when it arrived. The body's object_kind names the event,
// because GitLab sends several kinds under one header. The error is always an *Ignored; the delivery then has an ID only.
func Decode(h http.Header, body []byte, seen time.Time) (Delivery, error) {
	key := headerKey(h)
	d := Delivery{ID: deliveryID(key, body)}
	p, intact, err := parse(body)
	if err != nil {
		return d, err
	}
	full := d
	full.Event.ReceivedAt = seen
	if err := full.readEvent(h, key, p, body); err != nil {
		return d, err
	}
	if full.Event.At.IsZero() {
		full.Event.At = seen
	}
	if !intact {
		full.keepSafeParts()
	}
	return full, nil
}

// keepSafeParts keeps only what is safe of a delivery some value of which could not be read.
func (d *Delivery) keepSafeParts() {
	d.forgetSnapshot()
	if d.Event.Note != nil {
		d.Event.Note.Internal = true
	}
}

// parse decodes the body. It is not intact if some value had an unexpected type; that value is left out then.
func parse(body []byte) (p *payload, intact bool, err error) {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\ufeff")))
	if len(body) == 0 {
		return nil, false, &Ignored{ClassEmpty, "the body is empty; GitLab sends a JSON object"}
	}
	p, err = unmarshal[payload](body)
	if _, odd := errors.AsType[*json.UnmarshalTypeError](err); odd && body[0] == '{' {
		return p, false, nil
	}
	if err != nil || body[0] != '{' {
		return nil, false, ignoredJSON(body, err)
	}
	return p, true, nil
}

// readEvent fills the delivery by the kind of its event.
func (d *Delivery) readEvent(h http.Header, key string, p *payload, body []byte) error {
	d.Event.Actor = p.User.person()
	switch p.Kind {
	case "issue", "work_item":
		return d.readIssue(key, p)
	case "note":
		return d.readNote(h, key, p)
	case "emoji":
		return d.readEmoji(key, p)
	case "merge_request":
		return d.readMergeRequest(key, p, body)
	}
	return ignoredKind(h, p)
}

// testAge is the age from which on an issue that was reported as opened comes from the button "Test" of the webhook: GitLab takes the first issue
// it finds. A real opening is delivered within minutes.
const testAge = time.Hour

func (d *Delivery) readIssue(key string, p *payload) error {
	if err := d.setSubject(p, &p.Object.issue); err != nil {
		return err
	}
	o := &p.Object
	if o.Labels == nil {
		o.Labels = p.Labels
	}
	d.setSnapshot(p, &o.issue)
	action := cleanText(o.Action, maxName)
	if created := o.CreatedAt.at; action == "open" && p.Changes.isEmpty() && !created.IsZero() && d.Event.ReceivedAt.Sub(created) > testAge {
		return &Ignored{ClassTest, "the webhook works; this issue was opened long ago and is left as it is"}
	}
	// An update that GitLab will invent one day is an update, too: something changed.
	d.Event.Kind = triage.Updated
	stamp := o.UpdatedAt.at
	switch action {
	case "open":
		d.Event.Kind = triage.Opened
		stamp = firstMoment(o.UpdatedAt, o.CreatedAt)
	case "close":
		d.Event.Kind |= triage.Closed
	case "reopen":
		d.Event.Kind |= triage.Reopened
	default:
		d.Event.Kind |= p.Changes.stateChange()
	}
	d.Event.Changes = p.Changes.facts()
	d.Event.Kind |= p.Changes.kinds(d.Event.Changes)
	d.Event.At = stamp
	d.setKeys(key, p, action, stamp, "")
	return nil
}

// slack is how far the two times of a new note may differ: they are cut to whole seconds.
const slack = time.Second

func (d *Delivery) readNote(h http.Header, key string, p *payload) error {
	o := &p.Object
	if !isIssue(o.NoteableType) && !p.isOnMergeRequest() {
		return ignoredSubject("notes", o.NoteableType)
	}
	if o.System {
		return &Ignored{ClassSystemNote, "it is a note that GitLab wrote itself"}
	}
	if p.isOnMergeRequest() {
		return d.readMergeRequestNote(key, p)
	}
	noteable := p.noteable()
	if err := d.setSubject(p, noteable); err != nil {
		return err
	}
	// GitLab names a note's author as the actor, even when somebody else edits it. After "Test" the actor is who pressed it.
	retold := o.UpdatedAt.at.Sub(o.CreatedAt.at) > slack
	if author := firstID(o.AuthorID); d.Event.Actor.ID == 0 {
		d.Event.Actor.ID = author
	} else if author != 0 && author != d.Event.Actor.ID {
		d.Event.Actor, retold = triage.Person{ID: author}, true
	}
	d.setSnapshot(p, noteable)
	if d.Issue.URL == "" {
		d.Issue.URL, _, _ = strings.Cut(cleanText(o.URL, maxURL), "#")
	}
	d.Event.Kind = triage.Noted
	d.Event.Note = &triage.Note{
		ID:          firstID(o.ID),
		Discussion:  cleanText(o.Discussion, maxName),
		Text:        cleanNote(o.Note, maxNote),
		Internal:    isInternal(h, p),
		Edited:      o.Action == "update",
		MaybeEdited: retold && o.Action != "update",
	}
	d.Event.At = firstMoment(o.CreatedAt, o.UpdatedAt)
	if d.Event.Note.Edited {
		d.Event.At = firstMoment(o.UpdatedAt, o.CreatedAt)
	}
	d.setKeys(key, p, cleanText(o.Action, maxName), d.Event.At, d.Event.Note.Text)
	return nil
}

// isInternal reports whether only members see a note. GitLab uses the same event name for these and for all notes on confidential issues, and older
// versions say nothing more. In doubt a note counts as internal, so that no answer to it leaks.
func isInternal(h http.Header, p *payload) bool {
	event := p.EventType
	if event == "" {
		event = strings.ReplaceAll(strings.ToLower(strings.TrimSuffix(eventName(h), " Hook")), " ", "_")
	}
	if event == "confidential_note" && !p.noteable().Confidential {
		return true
	}
	if p.Object.Internal != nil {
		return *p.Object.Internal
	}
	return event == "confidential_note"
}

// testAward is the id of the reaction that GitLab invents for a "Test": a thumbsup on the newest note by the person who pressed it.
const testAward = 1

func (d *Delivery) readEmoji(key string, p *payload) error {
	o := &p.Object
	if !isIssue(o.AwardableType) && o.AwardableType != "Note" {
		return ignoredSubject("emoji", o.AwardableType)
	}
	if subject := p.otherSubject(); o.AwardableType == "Note" && subject != "" {
		return ignoredSubject("emoji", subject)
	}
	action := p.EventType
	if action == "" {
		action = o.Action
	}
	if o.ID.value == testAward && action == "award" {
		return &Ignored{ClassTest, "the webhook works; nobody gave this reaction"}
	}
	noteable := p.noteable()
	if err := d.setSubject(p, noteable); err != nil {
		return err
	}
	if d.Event.Actor.ID == 0 {
		d.Event.Actor.ID = firstID(o.UserID)
	}
	d.setSnapshot(p, noteable)
	switch action {
	case "award":
		d.Event.Kind = triage.Awarded
		d.Event.At = firstMoment(o.CreatedAt, o.UpdatedAt)
	case "revoke":
		d.Event.Kind = triage.Revoked
		d.Event.At = firstMoment(o.UpdatedAt, o.CreatedAt)
	default:
		return &Ignored{ClassUnknownEvent, "emoji are awarded or revoked, this one was " + quoteForeign(action)}
	}
	d.Event.Emoji = &triage.Emoji{Name: cleanText(o.Name, maxName)}
	if o.AwardableType == "Note" {
		d.Event.Emoji.NoteID = firstID(o.AwardableID)
	}
	d.setKeys(key, p, action, d.Event.At, d.Event.Emoji.Name)
	return nil
}
