package sandbox_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/sandbox"
)

// A reply to a plain comment makes a thread of both; the hook names the thread and says who may read it.
func TestRepliesOfPeople(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{})
	plain := l.comment("omar", ref, "question")
	internal, err := l.CommentInternally("omar", ref, "secret question")
	if err != nil {
		t.Fatal(err)
	}
	first := l.sent(0)
	from := len(first)
	asked := map[int64]payload{plain: first[from-2], internal: first[from-1]}
	for to, text := range map[int64]string{plain: "answer", internal: "secret answer"} {
		id, err := l.Reply("maria", ref, to, text)
		if err != nil {
			t.Fatal(err)
		}
		again, err := l.Reply("omar", ref, id, "thanks for the "+text)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range l.Issue(ref).Notes {
			if (n.ID == id || n.ID == again) && n.Internal != (to == internal) {
				t.Errorf("%q has internal %t", n.Text, n.Internal)
			}
		}
		list := l.sent(from)
		from += len(list)
		for _, got := range list {
			want := map[string]any{
				"event": asked[to].Event, "thread": asked[to].at("object_attributes.discussion_id"), "internal": to == internal, "type": "DiscussionNote",
			}
			has := map[string]any{
				"event": got.Event, "thread": got.at("object_attributes.discussion_id"), "internal": got.at("object_attributes.internal"),
				"type": got.at("object_attributes.type"),
			}
			if diff := cmp.Diff(want, has); diff != "" {
				t.Errorf("hook of a reply to %q (-want +got):\n%s", asked[to].at("object_attributes.note"), diff)
			}
		}
		if len(list) != 2 {
			t.Errorf("%d hooks for two replies", len(list))
		}
	}
	if _, err := l.Reply("gil", ref, internal, "what?"); err == nil {
		t.Error("a guest replied to an internal comment")
	}
	l.edit("maria", ref, sandbox.Change{Title: new("Slower")})
	notes := l.Issue(ref).Notes
	if _, err := l.Reply("maria", ref, notes[len(notes)-1].ID, "hm"); err == nil {
		t.Error("somebody replied to a note of GitLab's own")
	}
}

func TestFindingIssuesByWhoOpenedThem(t *testing.T) {
	var hours atomic.Int64
	l := newLab(t, sandbox.Options{Now: func() time.Time { return noon.Add(time.Duration(hours.Load()) * time.Hour) }})
	bot := int64(l.must("GET", "/user", "").object(t)["id"].(float64))
	for range 3 {
		l.open(sandbox.IssueOptions{})
		l.must("POST", "/projects/1/issues", `{"title":"by the bot"}`)
		hours.Add(1)
	}
	for query, want := range map[string][]int64{
		fmt.Sprintf("author_id=%d", bot):                                                  {2, 4, 6},
		"scope=created_by_me":                                                             {2, 4, 6},
		"scope=all&created_after=2026-11-23T13:00:00.000Z":                                {3, 4, 5, 6},
		"created_before=2026-11-23T12:30:00Z":                                             {1, 2},
		fmt.Sprintf("author_id=%d&created_after=2026-11-23T13:00:00.001Z&scope=all", bot): {6},
	} {
		var got []int64
		for _, i := range l.must("GET", "/projects/1/issues?sort=asc&"+query, "").list(t) {
			got = append(got, int64(i["iid"].(float64)))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	for _, query := range []string{"author_id=bot", "scope=mine", "created_after=soon"} {
		if r := l.api("GET", "/projects/1/issues?"+query, ""); r.StatusCode != 400 {
			t.Errorf("%s: %d %s", query, r.StatusCode, r.Text)
		}
	}
}
