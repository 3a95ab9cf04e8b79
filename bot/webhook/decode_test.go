package webhook_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"flowkeeper/bot/webhook"
	"flowkeeper/rules/triage"
)

var (
	maria = triage.Person{ID: 41, Username: "maria"}
	omar  = triage.Person{ID: 43, Username: "omar"}
)

// decoded are the fixtures as they should be read, apart from their ids and keys.
var decoded = map[string]func() webhook.Delivery{
	"issue_update.json": func() webhook.Delivery {
		return webhook.Delivery{
			Event: triage.Event{
				Kind: triage.Updated | triage.LabelsChanged | triage.WeightChanged | triage.AssigneesChanged | triage.MilestoneChanged,
				At:   time.Date(2026, 3, 2, 9, 30, 15, 500e6, time.UTC), ReceivedAt: arrival, Actor: maria,
				Changes: triage.Changes{
					Added: []string{"workflow::refinement"}, Removed: []string{"workflow::start"},
					Weight: &triage.WeightChange{To: new(3)},
				},
			},
			Issue: triage.Issue{
				Ref: triage.Ref{Project: 7, IID: 12}, ID: 9012, Path: "fleet/ship", URL: "https://gitlab.example/fleet/ship/-/issues/12",
				Type: "Issue", Title: "Anker löst sich bei Sturm ⚓", Labels: []string{"backend", "workflow::refinement"},
				Weight: new(3), Author: triage.Person{ID: 42}, Assignees: []triage.Person{omar}, Milestone: 300, DueDate: "2026-06-12", HealthStatus: "needs_attention",
				CreatedAt: time.Date(2026, 3, 1, 8, 0, 0, 123e6, time.UTC), UpdatedAt: time.Date(2026, 3, 2, 9, 30, 15, 500e6, time.UTC),
			},
		}
	},
	"task_close.json": func() webhook.Delivery {
		return webhook.Delivery{
			Event: triage.Event{
				Kind: triage.Closed | triage.Updated, Actor: maria, ReceivedAt: arrival,
				At:      time.Date(2026, 3, 2, 10, 0, 0, 386e6, time.UTC),
				Changes: triage.Changes{ClosedAt: time.Date(2026, 3, 2, 10, 0, 0, 385e6, time.UTC)},
			},
			Issue: triage.Issue{
				Ref: triage.Ref{Project: 7, IID: 13}, ID: 9013, Path: "fleet/ship", Type: "Task", Title: "Rope", Closed: true, Author: maria,
				URL:       "https://gitlab.example/fleet/ship/-/work_items/13",
				CreatedAt: time.Date(2026, 3, 1, 8, 0, 0, 123e6, time.UTC), UpdatedAt: time.Date(2026, 3, 2, 10, 0, 0, 386e6, time.UTC),
			},
		}
	},
	"note.json": func() webhook.Delivery {
		return webhook.Delivery{
			Event: triage.Event{
				Kind: triage.Noted, Actor: maria, At: time.Date(2026, 3, 2, 9, 31, 0, 0, time.UTC), ReceivedAt: arrival,
				Note: &triage.Note{ID: 555, Discussion: "0f34ca7c", Text: "Ich nehme das. 👍\n\n/flow weight 3"},
			},
			Issue: triage.Issue{
				Ref: triage.Ref{Project: 7, IID: 12}, ID: 9012, Path: "fleet/ship", URL: "https://gitlab.example/fleet/ship/-/issues/12",
				Type: "Incident", Title: "Anchor", Labels: []string{"backend"}, Weight: new(0), Author: maria,
				Assignees: []triage.Person{maria, {ID: 43}}, SecondPrecision: true,
				CreatedAt: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC), UpdatedAt: time.Date(2026, 3, 2, 9, 31, 0, 0, time.UTC),
			},
		}
	},
	"emoji.json": func() webhook.Delivery {
		return webhook.Delivery{
			Event: triage.Event{
				Kind: triage.Awarded, Actor: omar, At: time.Date(2026, 3, 2, 9, 40, 0, 0, time.UTC), ReceivedAt: arrival,
				Emoji: &triage.Emoji{Name: "thumbsup", NoteID: 555},
			},
			Issue: triage.Issue{
				Ref: triage.Ref{Project: 7, IID: 12}, ID: 9012, Path: "fleet/ship", URL: "https://gitlab.example/fleet/ship/-/issues/12",
				Type: "Issue", Title: "Anchor", Author: triage.Person{ID: 41}, SecondPrecision: true,
				CreatedAt: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC), UpdatedAt: time.Date(2026, 3, 2, 9, 31, 0, 0, time.UTC),
			},
		}
	},
}

// nameOnly leaves of an issue what a payload that is no picture of it still says.
func nameOnly(d *webhook.Delivery) {
	d.Issue = triage.Issue{Ref: d.Issue.Ref, ID: d.Issue.ID, Path: d.Issue.Path, URL: d.Issue.URL}
}

func TestDecode(t *testing.T) {
	const issue, task, note, emoji = "issue_update.json", "task_close.json", "note.json", "emoji.json"
	type delivery = webhook.Delivery
	for _, test := range []struct {
		name    string
		fixture string
		edits   []edit
		header  http.Header
		want    func(*delivery) // what is different from the fixture as it is; nil is nothing
	}{
		{name: "issue", fixture: issue},
		{name: "task", fixture: task},
		{name: "note", fixture: note},
		{name: "emoji on a note", fixture: emoji},

		// What happened.
		{"opened", issue, []edit{{"object_attributes.action", `"open"`}}, nil, func(d *delivery) {
			d.Event.Kind = d.Event.Kind&^triage.Updated | triage.Opened
		}},
		{"reopened", task, []edit{{"object_attributes.action", `"reopen"`}, {"object_attributes.state", `"opened"`}}, nil, func(d *delivery) {
			d.Event.Kind, d.Issue.Closed = triage.Reopened|triage.Updated, false
		}},
		{"closed by an update", task, []edit{{"object_attributes.action", `"update"`}}, nil, nil},
		{"reopened by an update", task, []edit{
			{"object_attributes.action", `"update"`}, {"object_attributes.state", `"opened"`}, {"changes.state_id", `{"previous": 2, "current": 1}`},
		}, nil, func(d *delivery) { d.Event.Kind, d.Issue.Closed = triage.Reopened|triage.Updated, false }},
		{"an update of a closed one", task, []edit{{"object_attributes.action", `"update"`}, {"changes.state_id", ""}}, nil, func(d *delivery) {
			d.Event.Kind = triage.Updated
		}},
		{"no action is an update", task, []edit{{"object_attributes.action", ""}}, nil, nil},
		{"an action of the future is an update", task, []edit{{"object_attributes.action", `"polish"`}, {"changes.state_id", ""}}, nil, func(d *delivery) {
			d.Event.Kind = triage.Updated
		}},
		{"no event_type", issue, []edit{{"event_type", ""}}, nil, nil},
		{"an update under the name of a note hook", issue, nil, http.Header{"X-Gitlab-Event": {"Note Hook"}}, nil},

		// Who and where.
		{"no id of the user", issue, []edit{{"user.id", ""}}, nil, func(d *delivery) { d.Event.Actor.ID = 0 }},
		{"no user", issue, []edit{{"user", `null`}}, nil, func(d *delivery) { d.Event.Actor = triage.Person{} }},
		{"no user of a note", note, []edit{{"user.id", ""}}, nil, nil},
		{"no user of an emoji", emoji, []edit{{"user.id", ""}}, nil, nil},
		{"no id in project", issue, []edit{{"project.id", ""}}, nil, nil},
		{"project id of a note beside the project", note, []edit{{"project", `{"path_with_namespace": "fleet/ship"}`}}, nil, nil},

		// Numbers.
		{"numbers as strings", issue, []edit{{"object_attributes.iid", `"12"`}, {"object_attributes.weight", `"3"`}, {"project.id", `"7"`}}, nil, nil},
		{"numbers as floats", issue, []edit{{"object_attributes.iid", `12.0`}, {"object_attributes.weight", `"3.0"`}, {"project.id", `7e0`}}, nil, nil},
		{"weight null", issue, []edit{{"object_attributes.weight", `null`}}, nil, func(d *delivery) { d.Issue.Weight = nil }},
		{"weight empty", issue, []edit{{"object_attributes.weight", `""`}}, nil, func(d *delivery) { d.Issue.Weight = nil }},
		{"weight 0", issue, []edit{{"object_attributes.weight", `0`}}, nil, func(d *delivery) { d.Issue.Weight = new(0) }},
		{"no weights at all", issue, []edit{{"object_attributes.weight", ""}}, nil, func(d *delivery) {
			d.Issue.Weight, d.Issue.NoWeights = nil, true
		}},
		{"weight that is no number", issue, []edit{{"object_attributes.weight", `"much"`}}, nil, nameOnly},
		{"weight with a fraction", issue, []edit{{"object_attributes.weight", `2.5`}}, nil, nameOnly},
		{"weight beyond whole numbers", issue, []edit{{"object_attributes.weight", `1e30`}}, nil, nameOnly},
		{"weight beyond all numbers", issue, []edit{{"object_attributes.weight", `1e400`}}, nil, nameOnly},

		// Dates.
		{"dates of old versions", task, []edit{{"object_attributes.updated_at", `"2026-03-02 10:00:00 UTC"`}}, nil, func(d *delivery) {
			at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
			d.Event.At, d.Issue.UpdatedAt, d.Issue.SecondPrecision = at, at, true
		}},
		{"date with an offset", task, []edit{{"object_attributes.updated_at", `"2026-03-02T12:30:00.386+02:30"`}}, nil, nil},
		{"date with an offset after a blank", task, []edit{{"object_attributes.updated_at", `"2026-03-02 11:00:00.386 +0100"`}}, nil, nil},
		{"date null", task, []edit{{"object_attributes.updated_at", `null`}}, nil, func(d *delivery) { nameOnly(d); d.Event.At = arrival }},
		{"date empty", task, []edit{{"object_attributes.updated_at", `""`}}, nil, func(d *delivery) { nameOnly(d); d.Event.At = arrival }},
		{"date that is a day", task, []edit{{"object_attributes.updated_at", `"2026-03-02"`}}, nil, func(d *delivery) { nameOnly(d); d.Event.At = arrival }},
		{"date that is a number", task, []edit{{"object_attributes.updated_at", `1772445600`}}, nil, func(d *delivery) { nameOnly(d); d.Event.At = arrival }},
		{"date beyond JSON's years", task, []edit{{"object_attributes.updated_at", `"9999-12-31T23:59:59-23:00"`}}, nil, func(d *delivery) {
			nameOnly(d)
			d.Event.At = arrival
		}},
		{"creation date of an opened issue", task, []edit{
			{"object_attributes.updated_at", `null`}, {"object_attributes.action", `"open"`},
		}, nil, func(d *delivery) {
			d.Event.Kind, d.Event.At = triage.Opened, d.Issue.CreatedAt
			nameOnly(d)
		}},

		// Labels and people.
		{"labels only beside the issue", issue, []edit{{"object_attributes.labels", ""}}, nil, nil},
		{"labels null beside the issue's", issue, []edit{{"labels", `null`}}, nil, nil},
		{"no labels anywhere", issue, []edit{{"object_attributes.labels", ""}, {"labels", ""}}, nil, nameOnly},
		{"labels that are no list", issue, []edit{{"object_attributes.labels", `"backend"`}}, nil, nameOnly},
		{"labels twice and without a title", issue, []edit{
			{"object_attributes.labels", `[{"id":1,"title":"backend"},{"id":9,"title":"backend"},{"id":4,"title":null}]`},
		}, nil, func(d *delivery) { d.Issue.Labels = []string{"backend"} }},
		{"more labels than an issue has", issue, []edit{{"object_attributes.labels", "[" + strings.Repeat(`{"title":"a"},`, 1000) + `{"title":"a"}]`}}, nil, nameOnly},
		{"assignees by id only", issue, []edit{{"assignees", ""}}, nil, func(d *delivery) { d.Issue.Assignees = []triage.Person{{ID: 43}} }},
		{"assignee of old versions", issue, []edit{{"assignees", ""}, {"assignee", `{"username": "omar"}`}}, nil, func(d *delivery) {
			d.Issue.Assignees = []triage.Person{{Username: "omar"}}
		}},
		{"assignee by one id", issue, []edit{{"assignees", ""}, {"object_attributes.assignee_ids", `null`}}, nil, func(d *delivery) {
			d.Issue.Assignees = []triage.Person{{ID: 43}}
		}},
		{"assignees twice", issue, []edit{{"assignees", `[{"id": 43, "username": "omar"}, {"id": 43, "username": "omar"}, {}]`}}, nil, nil},
		{"more assignees than an issue has", issue, []edit{{"assignees", "[" + strings.Repeat(`{"id": 1},`, 1000) + `{"id": 1}]`}}, nil, nameOnly},
		{"more ids of assignees than an issue has", issue, []edit{{"object_attributes.assignee_ids", "[" + strings.Repeat(`1,`, 1000) + `1]`}}, nil, nameOnly},
		{"nobody assigned", issue, []edit{{"assignees", ""}, {"object_attributes.assignee_ids", `[]`}, {"object_attributes.assignee_id", `null`}}, nil,
			func(d *delivery) { d.Issue.Assignees = nil }},

		// State.
		{"confidential", issue, []edit{{"object_attributes.confidential", `true`}}, nil, func(d *delivery) { d.Issue.Confidential = true }},
		{"confidential by its event", issue, []edit{{"event_type", `"confidential_issue"`}}, nil, func(d *delivery) { d.Issue.Confidential = true }},
		{"confidential that is no boolean", issue, []edit{{"object_attributes.confidential", `"false"`}}, nil, nameOnly},
		{"moved", task, []edit{{"object_attributes.moved_to_id", `9100`}}, nil, func(d *delivery) { d.Issue.Moved = true }},
		{"canceled", task, []edit{{"object_attributes.status", `{"id":"gid://gitlab/WorkItems::Statuses::SystemDefined::Status/4","name":"Won't do","category":"canceled"}`}}, nil, func(d *delivery) { d.Issue.Status, d.Issue.StatusName = "canceled", "Won't do" }},
		{"a status that is a word", task, []edit{{"object_attributes.status", `"running"`}}, nil, nil},
		{"duplicated", task, []edit{{"object_attributes.duplicated_to_id", `9100`}}, nil, func(d *delivery) { d.Issue.Duplicated = true }},
		{"state by its number", task, []edit{{"object_attributes.state", ""}}, nil, nil},
		{"no state", task, []edit{{"object_attributes.state", ""}, {"object_attributes.state_id", ""}}, nil, nameOnly},

		// Changes.
		{"changes empty", issue, []edit{{"changes", `{}`}}, nil, func(d *delivery) {
			d.Event.Kind, d.Event.Changes = triage.Updated, triage.Changes{}
		}},
		{"changes absent may be anything", issue, []edit{{"changes", ""}}, nil, func(d *delivery) {
			d.Event.Kind, d.Event.Changes = triage.Updated|triage.AllChanges, triage.Changes{}
		}},
		{"changes unreadable may be anything", issue, []edit{{"changes", `{"labels": 5}`}}, nil, func(d *delivery) {
			d.Event.Kind, d.Event.Changes = triage.Updated|triage.AllChanges, triage.Changes{}
		}},
		{"more changes than there can be", issue, []edit{
			{"changes", `{"labels": {"previous": [], "current": [` + strings.Repeat(`{"title": "a"},`, 1000) + `{"title": "a"}]}}`},
		}, nil, func(d *delivery) { d.Event.Kind, d.Event.Changes = triage.Updated|triage.AllChanges, triage.Changes{} }},
		{"changes unknown to the bot", issue, []edit{{"changes", `{"sprint": {"previous": [1], "current": "x"}}`}}, nil, func(d *delivery) {
			d.Event.Kind, d.Event.Changes = triage.Updated, triage.Changes{}
		}},
		{"label change with null halves", issue, []edit{{"changes", `{"labels": {"previous": null, "current": [{"title": "UX"}]}}`}}, nil, func(d *delivery) {
			d.Event.Kind, d.Event.Changes = triage.Updated|triage.LabelsChanged, triage.Changes{Added: []string{"UX"}}
		}},
		{"label change that is null", issue, []edit{{"changes", `{"labels": null, "weight": null}`}}, nil, func(d *delivery) {
			d.Event.Kind, d.Event.Changes = triage.Updated, triage.Changes{}
		}},
		{"label change in order and id only", issue, []edit{
			{"changes", `{"labels": {"previous": [{"id":1,"title":"a"},{"id":2,"title":"b"}], "current": [{"id":2,"title":"b"},{"id":9,"title":"a"}]}}`},
		}, nil, func(d *delivery) { d.Event.Kind, d.Event.Changes = triage.Updated, triage.Changes{} }},
		{"label change with repeats", issue, []edit{
			{"changes", `{"labels": {"previous": [{"title":"a"},{"title":"a"}], "current": [{"title":"b"},{"title":"b"}]}}`},
		}, nil, func(d *delivery) {
			d.Event.Kind, d.Event.Changes = triage.Updated|triage.LabelsChanged, triage.Changes{Added: []string{"b"}, Removed: []string{"a"}}
		}},
		{"weight change from 0 to none", issue, []edit{{"changes", `{"weight": {"previous": "0", "current": null}}`}}, nil, func(d *delivery) {
			d.Event.Kind = triage.Updated | triage.WeightChanged
			d.Event.Changes = triage.Changes{Weight: &triage.WeightChange{From: new(0)}}
		}},
		{"weight change to the same", issue, []edit{{"changes", `{"weight": {"previous": 2, "current": "2"}}`}}, nil, func(d *delivery) {
			d.Event.Kind, d.Event.Changes = triage.Updated, triage.Changes{}
		}},
		{"weight change that is no number", issue, []edit{{"changes", `{"weight": {"previous": 2, "current": "two"}}`}}, nil, func(d *delivery) {
			d.Event.Kind, d.Event.Changes = triage.Updated|triage.WeightChanged, triage.Changes{}
		}},
		{"assignees changed in order only", issue, []edit{
			{"changes", `{"assignees": {"previous": [{"id":1},{"username":"x"}], "current": [{"username":"x"},{"id":1,"username":"y"}]}}`},
		}, nil, func(d *delivery) { d.Event.Kind, d.Event.Changes = triage.Updated, triage.Changes{} }},
		{"milestone changed to the same", issue, []edit{{"changes", `{"milestone_id": {"previous": null, "current": null}}`}}, nil, func(d *delivery) {
			d.Event.Kind, d.Event.Changes = triage.Updated, triage.Changes{}
		}},

		// Notes.
		{"note under work_item", note, []edit{{"work_item", `{"iid": 12, "id": 9012, "url": "https://gitlab.example/fleet/ship/-/issues/12"}`}, {"issue", ""}}, nil, nameOnly},
		{"note without the issue's address", note, []edit{{"issue.url", ""}}, nil, nil},
		{"note edited", note, []edit{{"object_attributes.action", `"update"`}, {"object_attributes.updated_at", `"2026-03-02 09:41:00 UTC"`}}, nil, func(d *delivery) {
			d.Event.Note.Edited, d.Event.At = true, d.Event.At.Add(10*time.Minute)
		}},
		{"note tried by somebody else", note, []edit{{"user", `{"id": 43, "username": "omar"}`}}, nil, func(d *delivery) {
			d.Event.Actor, d.Event.Note.MaybeEdited = triage.Person{ID: 41}, true
			d.Issue.Author, d.Issue.Assignees = triage.Person{ID: 41}, []triage.Person{{ID: 41}, {ID: 43}}
		}},
		{"note tried when it was edited", note, []edit{{"object_attributes.updated_at", `"2026-03-02 09:31:02 UTC"`}}, nil, func(d *delivery) {
			d.Event.Note.MaybeEdited = true
		}},
		{"note across a second", note, []edit{{"object_attributes.updated_at", `"2026-03-02 09:31:01 UTC"`}}, nil, nil},
		{"note of versions without actions", note, []edit{{"object_attributes.action", ""}}, nil, nil},
		{"ticket", issue, []edit{{"object_attributes.type", `"Ticket"`}}, nil, func(d *delivery) {
			d.Issue.Type, d.Issue.ServiceDesk = "Ticket", true
		}},
		{"note internal", note, []edit{{"object_attributes.internal", `true`}}, nil, func(d *delivery) { d.Event.Note.Internal = true }},
		{"note internal by its event", note, []edit{{"event_type", `"confidential_note"`}}, nil, func(d *delivery) { d.Event.Note.Internal = true }},
		{"note internal by its header", note, []edit{{"event_type", ""}}, http.Header{"X-Gitlab-Event": {"Confidential Note Hook"}}, func(d *delivery) {
			d.Event.Note.Internal = true
		}},
		{"note for all on a confidential issue", note, []edit{{"event_type", `"confidential_note"`}, {"issue.confidential", `true`}}, nil, func(d *delivery) {
			d.Issue.Confidential = true
		}},
		{"note on a confidential issue that may be internal", note, []edit{
			{"event_type", `"confidential_note"`}, {"issue.confidential", `true`}, {"object_attributes.internal", ""},
		}, nil, func(d *delivery) { d.Issue.Confidential, d.Event.Note.Internal = true, true }},
		{"note internal in doubt", note, []edit{{"object_attributes.internal", `"no"`}}, nil, func(d *delivery) {
			nameOnly(d)
			d.Event.Note.Internal = true
		}},
		{"note with NUL and broken text", note, []edit{{"object_attributes.note", "\"a\\u0000b\\ud800c\xff\""}}, nil, func(d *delivery) {
			d.Event.Note.Text = "a\ufffdb\ufffdc\ufffd"
		}},
		{"note too long", note, []edit{{"object_attributes.note", `"` + strings.Repeat("x", 64<<10-1) + `äöü"`}}, nil, func(d *delivery) {
			d.Event.Note.Text = strings.Repeat("x", 64<<10-1)
		}},
		{"title with NUL", note, []edit{{"issue.title", `"a\u0000b"`}}, nil, func(d *delivery) { d.Issue.Title = "a\ufffdb" }},
		{"title too long", note, []edit{{"issue.title", `"` + strings.Repeat("ä", 300) + `"`}}, nil, func(d *delivery) {
			d.Issue.Title = strings.Repeat("ä", 255)
		}},

		// Emoji.
		{"emoji on an issue", emoji, []edit{{"object_attributes.awardable_type", `"Issue"`}, {"object_attributes.awardable_id", `9012`}}, nil, func(d *delivery) {
			d.Event.Emoji.NoteID = 0
		}},
		{"emoji revoked", emoji, []edit{{"event_type", `"revoke"`}}, nil, func(d *delivery) {
			d.Event.Kind, d.Event.At = triage.Revoked, d.Event.At.Add(5*time.Minute)
		}},
		{"emoji by its action", emoji, []edit{{"event_type", ""}, {"object_attributes.action", `"award"`}}, nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := webhook.Decode(test.header, fixture(t, test.fixture, test.edits...), arrival)
			if err != nil {
				t.Fatalf("Decode: %v", err)
			}
			want := decoded[test.fixture]()
			if test.want != nil {
				test.want(&want)
			}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(webhook.Delivery{}, "ID", "IdempotencyKey", "ContentKey")); diff != "" {
				t.Errorf("Decode (-want +got):\n%s", diff)
			}
		})
	}
}
