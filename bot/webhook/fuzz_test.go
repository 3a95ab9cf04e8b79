package webhook_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"unicode/utf8"

	"flowkeeper/bot/webhook"
	"flowkeeper/rules/triage"
)

// FuzzDecode checks what whoever stands behind the decoder relies on, whatever the body is.
func FuzzDecode(f *testing.F) {
	for _, name := range []string{"issue_update.json", "task_close.json", "note.json", "emoji.json", "merge_request.json"} {
		f.Add("", "Issue Hook", string(fixture(f, name)))
	}
	f.Add("a", "Push Hook", `{"object_kind":"push"}`)
	f.Add("\xff", "Note Hook", "{\"object_kind\":\"note\",\"project_id\":\"7\",\"object_attributes\":{\"noteable_type\":\"Issue\",\"note\":\"\\u0000\xff\"},\"issue\":{\"iid\":1.0}}")
	f.Add("", "", `{"object_kind":"issue","project":{"id":7},"object_attributes":{"iid":1,"weight":"3.5","updated_at":"9999-12-31T23:59:59-23:59"},"changes":[]}`)
	f.Add("", "", `{"object_kind":"emoji","event_type":"award","project_id":1,"object_attributes":{"awardable_type":"Issue"},"issue":{"iid":1,"labels":[{}]}}`)
	f.Add("", "", `{"object_kind":"merge_request","project":{"id":7,"default_branch":"m"},"object_attributes":{"iid":1,"action":"merge","state_id":3,"target_branch":"m","updated_at":"2026-01-16 05:56:22 UTC","description":"Closes #1, \u0000/x#2","last_commit":null,"labels":[]},"changes":{"reviewers":[[],[]],"assignees":[[],[{}]]}}`)
	f.Fuzz(func(t *testing.T, id, event, body string) {
		header := http.Header{"Webhook-Id": {id}, "X-Gitlab-Event": {event}}
		d, err := webhook.Decode(header, []byte(body), arrival)
		if len(d.ID) == 0 || len(d.ID) > 128 || len(d.IdempotencyKey) > 128 {
			t.Errorf("id %q or key %q has a wrong length", d.ID, d.IdempotencyKey)
		}
		if err != nil {
			ignored, ok := errors.AsType[*webhook.Ignored](err)
			if !ok || ignored.Class == "" || len(ignored.Reason) > 600 || !utf8.ValidString(ignored.Reason) {
				t.Errorf("Decode gave the odd error %#v", err)
			}
			return
		}
		if d.Issue.Project <= 0 || d.Issue.IID <= 0 {
			t.Errorf("no issue is named: %v", d.Issue.Ref)
		}
		k := d.Event.Kind
		if k&(triage.Opened|triage.Updated|triage.Noted|triage.Awarded|triage.Revoked) == 0 ||
			(k&triage.Noted != 0) != (d.Event.Note != nil) || (k&(triage.Awarded|triage.Revoked) != 0) != (d.Event.Emoji != nil) {
			t.Errorf("the kind %q does not fit the event %+v", k, d.Event)
		}
		if d.Event.At.IsZero() || !d.Event.ReceivedAt.Equal(arrival) {
			t.Errorf("the event has no time: %+v", d.Event)
		}
		if n := d.Event.Note; n != nil && (len(n.Text) > 64<<10 || !utf8.ValidString(n.Text)) {
			t.Errorf("the note's text is too long or broken: %q", n.Text)
		}
		if m := d.Issue.MergeRequest; (m != nil) != (d.Issue.Kind == triage.SubjectMergeRequest && !d.Issue.UpdatedAt.IsZero()) {
			t.Errorf("the details %+v do not fit %s of %s", m, d.Issue.Ref, d.Issue.UpdatedAt)
		} else if m != nil && (!m.State.Known() || len(m.References)+len(m.External) > 50 || m.Closes != nil || m.ClosesKnown) {
			t.Errorf("the details cannot be relied on: %+v", m)
		}
		if utf8.RuneCountInString(d.Issue.Title) > 255 || d.Issue.Description != "" {
			t.Errorf("too much is kept of the issue: %+v", d.Issue)
		}
		if _, err := json.Marshal(d); err != nil {
			t.Errorf("the delivery cannot be stored: %v", err)
		}
	})
}
