package webhook_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"flowkeeper/bot/closing"
	"flowkeeper/bot/webhook"
	"flowkeeper/rules/triage"
)

// mergeRequest is the fixture as it should be read.
func mergeRequest() webhook.Delivery {
	at := time.Date(2026, 3, 2, 9, 30, 15, 0, time.UTC)
	return webhook.Delivery{
		Event: triage.Event{Kind: triage.Updated, Actor: maria, At: at, ReceivedAt: arrival},
		Issue: triage.Issue{
			Ref: triage.Ref{Project: 7, Kind: triage.SubjectMergeRequest, IID: 5}, ID: 8005, Path: "fleet/ship", URL: "https://gitlab.example/fleet/ship/-/merge_requests/5",
			Title: "Anker leichter machen", Labels: []string{"backend"}, NoWeights: true, Author: triage.Person{ID: 42}, Assignees: []triage.Person{maria},
			Milestone: 300, CreatedAt: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC), UpdatedAt: at, SecondPrecision: true,
			MergeRequest: &triage.MergeRequestDetails{
				State: triage.MROpened, SourceBranch: "lighter", TargetBranch: "main", ToDefault: true, Reviewers: []triage.Person{omar},
				Head:       "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334",
				References: []string{"fleet/ship#12", "fleet/oar#3", "fleet/ship#99"}, External: []string{"PLAN-9"}, Mentions: true,
				Digest: closing.Digest("Anker leichter machen", "Less iron.\n\nCloses #12, fleet/oar#3 and PLAN-9\n\n`Fixes #99`"),
			},
		},
	}
}

func TestDecodeMergeRequest(t *testing.T) {
	details := func(change func(*triage.MergeRequestDetails)) func(*webhook.Delivery) {
		return func(d *webhook.Delivery) { change(d.Issue.MergeRequest) }
	}
	for _, test := range []struct {
		name  string
		edits []edit
		want  func(*webhook.Delivery)
	}{
		{"as it is", nil, nil},
		{"the changed reviewers in an object", []edit{{"changes.reviewers", `{"previous":[],"current":[{"id":43}]}`}}, nil},
		{"changed reviewers that are nonsense", []edit{{"changes.reviewers", `"x"`}}, nil},
		{"changed assignees in two lists", []edit{{"changes.assignees", `[[],[{"id":41}]]`}}, func(d *webhook.Delivery) { d.Event.Kind |= triage.AssigneesChanged }},
		{"the same assignees in two lists", []edit{{"changes.assignees", `[[{"id":41}],[{"id":41}]]`}}, nil},
		{"no reviewers", []edit{{"reviewers", ""}, {"object_attributes.reviewer_ids", ""}}, details(func(m *triage.MergeRequestDetails) { m.Reviewers = nil })},
		{"reviewers by id only", []edit{{"reviewers", ""}}, details(func(m *triage.MergeRequestDetails) { m.Reviewers = []triage.Person{{ID: 43}} })},
		{"nobody assigned", []edit{{"assignees", ""}, {"object_attributes.assignee_ids", ""}, {"object_attributes.assignee_id", "null"}},
			func(d *webhook.Delivery) { d.Issue.Assignees = nil }},
		{"a fork that was deleted", []edit{{"object_attributes.source", "null"}, {"object_attributes.source_project_id", "null"}}, nil},
		{"a branch without a commit", []edit{{"object_attributes.last_commit", "null"}}, details(func(m *triage.MergeRequestDetails) { m.Head = "" })},
		{"no description", []edit{{"object_attributes.description", "null"}}, details(func(m *triage.MergeRequestDetails) {
			m.References, m.External, m.Mentions, m.Digest = nil, nil, false, closing.Digest("Anker leichter machen", "")
		})},
		{"precise times", []edit{{"object_attributes.updated_at", `"2026-03-02T09:30:15.386Z"`}}, func(d *webhook.Delivery) {
			d.Event.At = d.Event.At.Add(386 * time.Millisecond)
			d.Issue.UpdatedAt, d.Issue.SecondPrecision = d.Event.At, false
		}},
		{"a draft", []edit{{"object_attributes.draft", "true"}}, details(func(m *triage.MergeRequestDetails) { m.Draft = true })},
		{"a draft by its former name", []edit{{"object_attributes.draft", ""}, {"object_attributes.work_in_progress", "true"}},
			details(func(m *triage.MergeRequestDetails) { m.Draft = true })},
		{"another target", []edit{{"object_attributes.target_branch", `"18-9-stable"`}},
			details(func(m *triage.MergeRequestDetails) { m.TargetBranch, m.ToDefault = "18-9-stable", false })},
		{"opened", []edit{{"object_attributes.action", `"open"`}}, func(d *webhook.Delivery) { d.Event.Kind = triage.Opened }},
		{"closed", []edit{{"object_attributes.action", `"close"`}, {"object_attributes.state", `"closed"`}}, func(d *webhook.Delivery) {
			d.Event.Kind |= triage.Closed
			d.Issue.Closed, d.Issue.MergeRequest.State = true, triage.MRClosed
		}},
		{"reopened", []edit{{"object_attributes.action", `"reopen"`}}, func(d *webhook.Delivery) { d.Event.Kind |= triage.Reopened }},
		{"merged out of being locked", []edit{
			{"object_attributes.action", `"merge"`}, {"object_attributes.state", `"merged"`}, {"object_attributes.merged_at", `"2026-03-02 09:30:14 UTC"`},
			{"changes", `{"state_id":{"previous":4,"current":3}}`},
		}, func(d *webhook.Delivery) {
			d.Event.Kind |= triage.Closed
			d.Issue.Closed, d.Issue.MergeRequest.State = true, triage.MRMerged
			d.Issue.MergeRequest.MergedAt = time.Date(2026, 3, 2, 9, 30, 14, 0, time.UTC)
		}},
		{"the state by its number", []edit{{"object_attributes.state", ""}, {"object_attributes.state_id", "4"}},
			details(func(m *triage.MergeRequestDetails) { m.State = triage.MRLocked })},
		{"approved", []edit{{"object_attributes.action", `"approved"`}, {"changes", `{}`}}, nil},
		{"approvals reset on a push", []edit{
			{"object_attributes.action", `"unapproved"`}, {"object_attributes.system", "true"}, {"object_attributes.system_action", `"approvals_reset_on_push"`},
		}, func(d *webhook.Delivery) { d.Event.Actor = triage.Person{} }},
		{"an action of the future", []edit{{"object_attributes.action", `"blessed"`}}, nil},
		{"a state of the future", []edit{{"object_attributes.state", `"frozen"`}}, nameOnly},
		{"no target", []edit{{"object_attributes.target_branch", "null"}}, nameOnly},
		{"no time", []edit{{"object_attributes.updated_at", "null"}}, func(d *webhook.Delivery) {
			nameOnly(d)
			d.Event.At = d.Event.At.Add(-25*time.Hour - 30*time.Minute - 15*time.Second)
		}},
		{"a draft that is no boolean", []edit{{"object_attributes.draft", `"maybe"`}}, nameOnly},
		{"keys of 16.x only", []edit{
			{"object_attributes.actioned_at", ""}, {"object_attributes.system", ""}, {"object_attributes.approval_rules", ""},
			{"object_attributes.merged_at", ""}, {"object_attributes.squash_commit_sha", ""},
		}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := mergeRequest()
			if test.want != nil {
				test.want(&want)
			}
			got := decode(t, http.Header{"Webhook-Id": {"d-1"}}, fixture(t, "merge_request.json", test.edits...))
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(webhook.Delivery{}, "ID", "IdempotencyKey", "ContentKey")); diff != "" {
				t.Errorf("delivery (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMergeRequestContentKey(t *testing.T) {
	approval := []edit{{"object_attributes.action", `"approved"`}, {"changes", `{}`}}
	untimed := []edit{{"object_attributes.action", `"approved"`}, {"changes", `{}`}, {"object_attributes.actioned_at", ""}}
	for _, test := range []struct {
		name       string
		one, other []edit
		same       bool
	}{
		{"twins", nil, []edit{{"user.email", `"x@example.com"`}}, true},
		{"twins of an approval", approval, approval, true},
		{"approved again at another time", approval, append([]edit{{"object_attributes.actioned_at", `"2026-03-02 09:40:00 UTC"`}}, approval...), false},
		{"a close and its update", []edit{{"object_attributes.action", `"close"`}}, nil, false},
		{"the issue of the same number", nil, []edit{{"object_kind", `"issue"`}}, false},
		{"another head", nil, []edit{{"object_attributes.last_commit", `{"id":"b"}`}}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			edits := func(e []edit) []edit { return append([]edit{{"repository", "null"}}, e...) }
			one, other := decode(t, nil, fixture(t, "merge_request.json", edits(test.one)...)), decode(t, nil, fixture(t, "merge_request.json", edits(test.other)...))
			if same := one.ContentKey == other.ContentKey; same != test.same || one.ContentKey == "" {
				t.Errorf("content keys %q and %q: same is %t, want %t", one.ContentKey, other.ContentKey, same, test.same)
			}
		})
	}
	// Where GitLab does not say when it was, a second approval is no repetition of the first.
	if d := decode(t, nil, fixture(t, "merge_request.json", untimed...)); d.ContentKey != "" || d.IdempotencyKey != "" {
		t.Errorf("an approval without a time of its own has the keys %q and %q, want none", d.ContentKey, d.IdempotencyKey)
	}
}

// Of a note on a merge request only that it was written is told.
func TestDecodeMergeRequestNote(t *testing.T) {
	body := fixture(t, "note.json", edit{"object_attributes.noteable_type", `"MergeRequest"`}, edit{"merge_request", `{"id": 8005, "iid": 5, "title": "Anchor", "state": "opened"}`},
		edit{"issue", ""}, edit{"object_attributes.note", `"/flow to done"`})
	got := decode(t, nil, body)
	if ref := (triage.Ref{Project: got.Issue.Project, Kind: triage.SubjectMergeRequest, IID: 5}); got.Issue.Ref != ref || got.Issue.ID != 8005 || got.Issue.MergeRequest != nil {
		t.Errorf("it is on %+v", got.Issue)
	}
	if e := got.Event; e.Kind != triage.Noted || e.Note == nil || e.Note.ID == 0 || e.Note.Text != "" || e.Actor.ID == 0 || e.At.IsZero() {
		t.Errorf("the event is %+v, %+v", e, e.Note)
	}
	if got.ContentKey == "" {
		t.Error("twins cannot be told")
	}
}
