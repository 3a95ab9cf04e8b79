package sandbox_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/sandbox"
)

func TestIssueHookTellsTheWholeStory(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{Labels: []string{"w::start"}, Assignees: []string{"omar"}, Description: "Long ago"})
	l.must("PUT", "/projects/1/issues/1", `{"add_labels":"w::design,UX","weight":3}`)
	p := l.sent(1)[0]
	issue := l.Issue(ref)
	for path, want := range map[string]any{
		"object_kind":                           "issue",
		"event_type":                            "issue",
		"user.username":                         "flowkeeper-bot",
		"user.email":                            "[REDACTED]",
		"project.path_with_namespace":           "create/source-code",
		"object_attributes.action":              "update",
		"object_attributes.type":                "Issue",
		"object_attributes.state":               "opened",
		"object_attributes.iid":                 1.0,
		"object_attributes.weight":              3.0,
		"object_attributes.updated_at":          issue.UpdatedAt.Format("2006-01-02T15:04:05.000Z"),
		"changes.weight.previous":               nil,
		"changes.weight.current":                3.0,
		"changes.updated_at.current":            issue.UpdatedAt.Format("2006-01-02T15:04:05.000Z"),
		"changes.title":                         "-",
		"changes.assignees":                     "-",
		"object_attributes.last_edited_at":      nil,
		"object_attributes.discussion_locked":   nil,
		"object_attributes.moved_to_id":         nil,
		"object_attributes.description":         "Long ago",
		"object_attributes.total_time_spent":    0.0,
		"object_attributes.health_status":       nil,
		"object_attributes.duplicated_to_id":    nil,
		"repository.name":                       "source-code",
		"object_attributes.url":                 "http://gitlab.example/create/source-code/-/issues/1",
		"object_attributes.assignee_id":         p.at("object_attributes.assignee_ids").([]any)[0],
		"changes.updated_by_id.previous":        nil,
		"object_attributes.milestone_id":        nil,
		"object_attributes.human_time_estimate": nil,
		"object_attributes.severity":            "unknown",
		"object_attributes.confidential":        false,
		"object_attributes.closed_at":           nil,
		"object_attributes.state_id":            1.0,
	} {
		if diff := cmp.Diff(want, p.at(path)); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
	for path, want := range map[string][]string{
		"labels": {"w::design", "UX"}, "object_attributes.labels": {"w::design", "UX"},
		"changes.labels.previous": {"w::start"}, "changes.labels.current": {"w::design", "UX"},
	} {
		if diff := cmp.Diff(want, p.titles(path)); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
	if n := len(p.Delivery.Body); n < 3000 || n > 8000 {
		t.Errorf("the body has %d bytes, a real one of this kind 3 to 8 thousand", n)
	}
}

func TestOpenReportsNoLabelsAsChanges(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	l.open(sandbox.IssueOptions{Labels: []string{"UX"}, Weight: ptr(2)})
	p := l.sent(0)[0]
	for path, want := range map[string]any{
		"object_attributes.action": "open", "changes.labels": "-", "changes.weight.current": 2.0, "changes.title.previous": nil, "assignees": "-",
	} {
		if diff := cmp.Diff(want, p.at(path)); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
	if diff := cmp.Diff([]string{"UX"}, p.titles("object_attributes.labels")); diff != "" {
		t.Error(diff)
	}
}

func TestClosingDeliversTwice(t *testing.T) {
	t.Run("with nothing else", func(t *testing.T) {
		l := newLab(t, sandbox.Options{})
		l.open(sandbox.IssueOptions{})
		l.must("PUT", "/projects/1/issues/1", `{"state_event":"close"}`)
		sent := l.sent(1)
		if a, b := sent[0].at("object_attributes.updated_at"), sent[1].at("object_attributes.updated_at"); a != b {
			t.Errorf("close says updated at %v, update %v", a, b)
		}
		repeated := sent[1].at("changes").(map[string]any)
		delete(repeated, "status") // which only the second one reports
		if diff := cmp.Diff(sent[0].at("changes"), any(repeated)); diff != "" {
			t.Errorf("the update does not repeat the changes: %s", diff)
		}
	})
	t.Run("with a label", func(t *testing.T) {
		l := newLab(t, sandbox.Options{})
		l.open(sandbox.IssueOptions{})
		l.must("PUT", "/projects/1/issues/1", `{"state_event":"close","add_labels":"UX"}`)
		sent := l.sent(1)
		for n, want := range []map[string]any{
			{"object_attributes.action": "close", "object_attributes.state": "closed", "changes.state_id.current": 2.0, "changes.labels": "-"},
			{"object_attributes.action": "update", "object_attributes.state": "closed", "changes.state_id.current": 2.0},
		} {
			for path, v := range want {
				if diff := cmp.Diff(v, sent[n].at(path)); diff != "" {
					t.Errorf("delivery %d, %s: %s", n, path, diff)
				}
			}
		}
		if diff := cmp.Diff([]string{"UX"}, sent[1].titles("changes.labels.current")); diff != "" {
			t.Error(diff)
		}
	})
}

func TestKindOfWorkItems(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{Type: "Task"})
	l.edit("omar", ref, sandbox.Change{AddLabels: []string{"a"}})
	l.must("PUT", "/projects/1/issues/1", `{"add_labels":"b"}`)
	var kinds []any
	for _, p := range l.sent(0) {
		kinds = append(kinds, p.at("object_kind"), p.at("object_attributes.type"))
	}
	if diff := cmp.Diff([]any{"work_item", "Task", "work_item", "Task", "issue", "Task"}, kinds); diff != "" {
		t.Error(diff)
	}
}

func TestNoteAndEmojiHooks(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{Weight: ptr(2)})
	id := l.comment("omar", ref, "hello\r\nthere ")
	if err := l.EditNote("maria", ref, id, "edited"); err != nil {
		t.Fatal(err)
	}
	if err := l.React("omar", ref, id, "thumbsup"); err != nil {
		t.Fatal(err)
	}
	if err := l.React("omar", ref, 0, "👍"); err != nil {
		t.Fatal(err)
	}
	sent := l.sent(1)
	for n, want := range []map[string]any{
		{
			"object_kind": "note", "event_type": "note", "object_attributes.note": "hello\nthere", "object_attributes.action": "create",
			"object_attributes.created_at": "2026-11-23 12:00:00 UTC", "object_attributes.internal": false, "issue.weight": 2.0,
			"issue.updated_at": "2026-11-23 12:00:00 UTC", "issue.type": "Issue", "issue.action": "-", "object_attributes.noteable_type": "Issue",
		},
		{"object_attributes.action": "update", "user.username": "omar", "object_attributes.note": "edited"},
		{
			"object_kind": "emoji", "event_type": "award", "object_attributes.name": "thumbsup", "object_attributes.awardable_type": "Note",
			"object_attributes.awardable_id": float64(id), "note.id": float64(id), "issue.iid": 1.0, "object_attributes.action": "-",
		},
		{"event_type": "award", "object_attributes.awardable_type": "Issue", "work_item.iid": 1.0, "issue": "-", "object_attributes.name": "thumbsup"},
	} {
		for path, v := range want {
			if diff := cmp.Diff(v, sent[n].at(path)); diff != "" {
				t.Errorf("delivery %d, %s: %s", n, path, diff)
			}
		}
	}
	maria := sent[1].at("object_attributes.updated_by_id")
	if maria == sent[1].at("user.id") || maria == nil {
		t.Errorf("the editor is %v", maria)
	}
}
