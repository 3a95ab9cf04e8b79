package webhook_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/webhook"
)

func TestDecodeIgnored(t *testing.T) {
	edited := func(name string, edits ...edit) string { return string(fixture(t, name, edits...)) }
	for _, test := range []struct {
		name   string
		body   string
		event  string // X-Gitlab-Event
		class  string
		reason string // a part of it
	}{
		{"nothing", "", "", webhook.ClassEmpty, "empty"},
		{"blanks", " \r\n", "", webhook.ClassEmpty, "empty"},
		{"a form", "object_kind=issue", "", webhook.ClassNotJSON, "application/json"},
		{"an array", `[{"object_kind": "issue"}]`, "", webhook.ClassNotJSON, "application/json"},
		{"a string", `"issue"`, "", webhook.ClassNotJSON, "application/json"},
		{"null", `null`, "", webhook.ClassNotJSON, "application/json"},
		{"a broken array", `[`, "", webhook.ClassNotJSON, "application/json"},
		{"cut short", `{"object_kind": "issue", "obj`, "", webhook.ClassBrokenJSON, "near byte 29"},
		{"two objects", `{"object_kind": "issue"}{}`, "", webhook.ClassBrokenJSON, "near byte 25"},
		{"a NUL byte", "{\"object_kind\": \"iss\x00ue\"}", "", webhook.ClassBrokenJSON, "broken"},
		{"deep", `{"a":` + strings.Repeat("[", 20_000), "", webhook.ClassDeepJSON, "nested too deeply"},
		{"deep in the changes", `{"object_kind":"issue","changes":{"labels":` + strings.Repeat("[", 20_000), "", webhook.ClassDeepJSON, "nested too deeply"},
		{"no kind", `{"object_attributes": {"iid": 12}}`, "Issue Hook", webhook.ClassUnknownEvent, "custom template"},
		{"kind that is no string", `{"object_kind": 5}`, "", webhook.ClassUnknownEvent, "custom template"},
		{"push", `{"object_kind": "push", "project_id": 7, "user": "x"}`, "Push Hook", webhook.ClassPush, "push events"},
		{"tag push", `{"object_kind": "tag_push"}`, "Tag Push Hook", webhook.ClassPush, "tag push events"},
		{"a merge request for a test", edited("merge_request.json", edit{"object_attributes.action", ""}, edit{"changes", `{}`}), "Merge Request Hook", webhook.ClassTest, "nothing happened"},
		{"merge request without its number", edited("merge_request.json", edit{"object_attributes.iid", ""}), "Merge Request Hook", webhook.ClassIncomplete, "number (iid) of the merge request"},
		{"merge request without its project", edited("merge_request.json", edit{"project", `{}`}, edit{"object_attributes.target_project_id", ""}), "Merge Request Hook", webhook.ClassIncomplete, "id of the project"},
		{"pipeline", `{"object_kind": "pipeline"}`, "Pipeline Hook", webhook.ClassOtherEvent, "pipeline events"},
		{"member", `{"event_name": "user_add_to_group"}`, "Member Hook", webhook.ClassOtherEvent, "user_add_to_group"},
		{"system hook", `{"event_name": "project_create"}`, "System Hook", webhook.ClassOtherEvent, "project or group"},
		{"event of the future", `{"object_kind": "party"}`, "Party Hook", webhook.ClassUnknownEvent, `"party" ("Party Hook")`},
		{"event without a name", `{"object_kind": "party\n"}`, "", webhook.ClassUnknownEvent, `"party\n"; `},
		{"note on a merge request", edited("note.json", edit{"object_attributes.noteable_type", `"MergeRequest"`}), "Note Hook", webhook.ClassMergeRequest, "notes on merge requests"},
		{"note on a commit", edited("note.json", edit{"object_attributes.noteable_type", `"Commit"`}), "Note Hook", webhook.ClassElsewhere, `notes on "Commit"`},
		{"note on a snippet", edited("note.json", edit{"object_attributes.noteable_type", `"Snippet"`}), "Note Hook", webhook.ClassElsewhere, `notes on "Snippet"`},
		{"note on an epic", edited("note.json", edit{"object_attributes.noteable_type", `"Epic"`}), "Note Hook", webhook.ClassEpic, "groups"},
		{"note on nothing", edited("note.json", edit{"object_attributes.noteable_type", ""}), "Note Hook", webhook.ClassIncomplete, "stand on"},
		{"note by GitLab", edited("note.json", edit{"object_attributes.system", `true`}), "Note Hook", webhook.ClassSystemNote, "GitLab wrote"},
		{"note without its issue", edited("note.json", edit{"issue", ""}), "Note Hook", webhook.ClassIncomplete, "number (iid)"},
		{"emoji made up for a test", edited("emoji.json", edit{"object_attributes.id", `1`}), "Emoji Hook", webhook.ClassTest, "nobody gave"},
		{"an old issue for a test", edited("issue_update.json", edit{"object_attributes.action", `"open"`}, edit{"changes", `{}`}), "Issue Hook", webhook.ClassTest, "long ago"},
		{"GitLab's own note on a merge request", edited("note.json", edit{"object_attributes.noteable_type", `"MergeRequest"`}, edit{"merge_request", `{"iid": 3}`}, edit{"object_attributes.system", "true"}), "Note Hook", webhook.ClassSystemNote, "GitLab wrote itself"},
		{"emoji on a merge request", edited("emoji.json", edit{"object_attributes.awardable_type", `"MergeRequest"`}), "Emoji Hook", webhook.ClassMergeRequest, "emoji on merge requests"},
		{"emoji on a merge request's note", edited("emoji.json", edit{"work_item", ""}, edit{"merge_request", `{"iid": 3}`}), "Emoji Hook", webhook.ClassMergeRequest, "emoji on merge requests"},
		{"emoji on a commit's note", edited("emoji.json", edit{"work_item", ""}, edit{"commit", `{}`}), "Emoji Hook", webhook.ClassElsewhere, "Commit"},
		{"emoji on a snippet's note", edited("emoji.json", edit{"work_item", ""}, edit{"project_snippet", `{}`}), "Emoji Hook", webhook.ClassElsewhere, "Snippet"},
		{"emoji on a design's note", edited("emoji.json", edit{"work_item", ""}, edit{"note", `{"noteable_type": "DesignManagement::Design"}`}), "Emoji Hook", webhook.ClassElsewhere, "Design"},
		{"emoji on a note on nothing", edited("emoji.json", edit{"work_item", ""}), "Emoji Hook", webhook.ClassIncomplete, "number (iid)"},
		{"emoji turned over", edited("emoji.json", edit{"event_type", `"turn"`}), "Emoji Hook", webhook.ClassUnknownEvent, `"turn"`},
		{"epic", edited("issue_update.json", edit{"project", `null`}, edit{"object_attributes.project_id", `null`}), "Issue Hook", webhook.ClassEpic, "groups"},
		{"note on a group's item", edited("note.json", edit{"project", `null`}, edit{"project_id", `null`}, edit{"issue.project_id", `null`}), "Note Hook", webhook.ClassEpic, "groups"},
		{"no project id", edited("issue_update.json", edit{"project.id", ""}, edit{"object_attributes.project_id", ""}), "Issue Hook", webhook.ClassIncomplete, "id of the project"},
		{"no iid", edited("issue_update.json", edit{"object_attributes.iid", ""}), "Issue Hook", webhook.ClassIncomplete, "number (iid)"},
		{"iid below 1", edited("issue_update.json", edit{"object_attributes.iid", `-1`}), "Issue Hook", webhook.ClassIncomplete, "number (iid)"},
		{"iid with a fraction", edited("issue_update.json", edit{"object_attributes.iid", `1.5`}), "Issue Hook", webhook.ClassIncomplete, "number (iid)"},
		{"iid beyond whole numbers", edited("issue_update.json", edit{"object_attributes.iid", `1e30`}), "Issue Hook", webhook.ClassIncomplete, "number (iid)"},
		{"iid that is an object", edited("issue_update.json", edit{"object_attributes.iid", `{"a": 1}`}), "Issue Hook", webhook.ClassIncomplete, "number (iid)"},
		{"attributes that are a list", edited("issue_update.json", edit{"object_attributes", `[]`}), "Issue Hook", webhook.ClassIncomplete, "number (iid)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			header := http.Header{"Webhook-Id": {"d-1"}, "X-Gitlab-Event": {test.event}}
			got, err := webhook.Decode(header, []byte(test.body), arrival)
			ignored, ok := errors.AsType[*webhook.Ignored](err)
			if !ok {
				t.Fatalf("Decode gave %+v, %v; want it ignored", got, err)
			}
			if ignored.Class != test.class || !strings.Contains(ignored.Reason, test.reason) {
				t.Errorf("ignored as %s: %s\nwant %s: … %s …", ignored.Class, ignored.Reason, test.class, test.reason)
			}
			if diff := cmp.Diff(webhook.Delivery{ID: "d-1"}, got); diff != "" {
				t.Errorf("delivery (-want +got):\n%s", diff)
			}
		})
	}
}
