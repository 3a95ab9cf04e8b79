package webhook_test

import (
	"net/http"
	"strings"
	"testing"

	"flowkeeper/bot/webhook"
)

// decode reads a fixture that is known to be good.
func decode(t *testing.T, h http.Header, body []byte) webhook.Delivery {
	t.Helper()
	d, err := webhook.Decode(h, body, arrival)
	if err != nil {
		t.Fatalf("Decode: %v", err)
	}
	return d
}

func TestKeyOfHeaders(t *testing.T) {
	long := strings.Repeat("x", 129)
	for _, test := range []struct {
		name   string
		header http.Header
		want   string // "" is a hash
	}{
		{"webhook-id", http.Header{"Webhook-Id": {"a"}, "Idempotency-Key": {"b"}}, "a"},
		{"Idempotency-Key", http.Header{"Idempotency-Key": {"b"}}, "b"},
		{"longest", http.Header{"Webhook-Id": {long[1:]}}, long[1:]},
		{"too long", http.Header{"Webhook-Id": {long}}, ""},
		{"control character", http.Header{"Webhook-Id": {"a\x1b[31m"}}, ""},
		{"not ASCII", http.Header{"Webhook-Id": {"ä"}}, ""},
		{"others say nothing", http.Header{"X-Gitlab-Event-Uuid": {"c"}, "X-Gitlab-Webhook-Uuid": {"d"}}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := decode(t, test.header, fixture(t, "issue_update.json"))
			if test.want != "" && (d.IdempotencyKey != test.want || d.ID != test.want) {
				t.Errorf("key %q, id %q; want %q for both", d.IdempotencyKey, d.ID, test.want)
			}
			if test.want == "" && (len(d.IdempotencyKey) != 64 || strings.Trim(d.IdempotencyKey, "0123456789abcdef") != "") {
				t.Errorf("key %q is not a hash", d.IdempotencyKey)
			}
			if d.ID == "" || !strings.HasPrefix(d.IdempotencyKey, d.ID) {
				t.Errorf("the id %q does not begin the key %q", d.ID, d.IdempotencyKey)
			}
		})
	}
}

func TestKeyOfHeadersTellsLongOnesApart(t *testing.T) {
	long := strings.Repeat("x", 200)
	body := fixture(t, "issue_update.json")
	a := decode(t, http.Header{"Webhook-Id": {long + "a"}}, body)
	b := decode(t, http.Header{"Webhook-Id": {long + "b"}}, body)
	if a.IdempotencyKey == b.IdempotencyKey {
		t.Errorf("two long ids have the same key %q", a.IdempotencyKey)
	}
	if again := decode(t, http.Header{"Webhook-Id": {long + "a"}}, body); again.IdempotencyKey != a.IdempotencyKey {
		t.Errorf("one long id has the keys %q and %q", a.IdempotencyKey, again.IdempotencyKey)
	}
}

func TestContentKey(t *testing.T) {
	const issue, task, note, emoji = "issue_update.json", "task_close.json", "note.json", "emoji.json"
	for _, test := range []struct {
		name    string
		fixture string
		edits   []edit
		same    bool
	}{
		{"with a redacted address", issue, []edit{{"user.email", `"x@example.com"`}}, true},
		{"in another project's words", issue, []edit{{"project.name", `"Boat"`}}, true},
		{"another action: a close and its update", task, []edit{{"object_attributes.action", `"update"`}}, false},
		{"another time", issue, []edit{{"object_attributes.updated_at", `"2026-03-02T09:30:15.501Z"`}}, false},
		{"another change", issue, []edit{{"changes.weight", `{"previous": null, "current": 2}`}}, false},
		{"another actor", issue, []edit{{"user.id", `44`}}, false},
		{"another issue", issue, []edit{{"object_attributes.id", `9014`}, {"object_attributes.iid", `14`}}, false},
		{"another project", issue, []edit{{"project.id", `8`}}, false},
		{"another note", note, []edit{{"object_attributes.id", `556`}}, false},
		{"another text in the same second", note, []edit{{"object_attributes.note", `"no"`}}, false},
		{"an edit", note, []edit{{"object_attributes.action", `"update"`}}, false},
		{"another emoji", emoji, []edit{{"object_attributes.id", `78`}}, false},
		{"an emoji revoked", emoji, []edit{{"event_type", `"revoke"`}}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			unedited := edit{"repository", `null`} // so that both are written in the same way
			for _, header := range []http.Header{nil, {"Webhook-Id": {"a"}}} {
				one := decode(t, header, fixture(t, test.fixture, unedited))
				other := decode(t, header, fixture(t, test.fixture, append(test.edits, unedited)...))
				if same := one.ContentKey == other.ContentKey; same != test.same || one.ContentKey == "" {
					t.Errorf("meanings %q and %q: same is %t, want %t", one.ContentKey, other.ContentKey, same, test.same)
				}
				if same := one.IdempotencyKey == other.IdempotencyKey; header == nil && same != test.same {
					t.Errorf("keys %q and %q: same is %t, want %t", one.IdempotencyKey, other.IdempotencyKey, same, test.same)
				}
			}
		})
	}
}

func TestContentKeyTellsNamesApart(t *testing.T) {
	withoutID := edit{"user.id", ""} // as in old versions
	one := decode(t, nil, fixture(t, "issue_update.json", withoutID))
	other := decode(t, nil, fixture(t, "issue_update.json", withoutID, edit{"user.username", `"omar"`}))
	if one.ContentKey == other.ContentKey {
		t.Errorf("what two people without ids did has one meaning %q", one.ContentKey)
	}
}

func TestContentKeyNeedsATime(t *testing.T) {
	body := fixture(t, "issue_update.json", edit{"object_attributes.updated_at", `null`})
	d := decode(t, nil, body)
	if d.IdempotencyKey != "" || d.ContentKey != "" || d.ID == "" {
		t.Errorf("key %q, meaning %q, id %q; want only an id: nothing tells it from a repeat", d.IdempotencyKey, d.ContentKey, d.ID)
	}
	if d := decode(t, http.Header{"Webhook-Id": {"a"}}, body); d.IdempotencyKey != "a" || d.ContentKey != "" {
		t.Errorf("key %q, meaning %q; want the header's id and no meaning", d.IdempotencyKey, d.ContentKey)
	}
}
