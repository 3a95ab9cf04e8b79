package sandbox_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

func note(id int64) string { return fmt.Sprintf("/projects/1/issues/1/notes/%d", id) }

func TestWhatIsDelivered(t *testing.T) {
	tests := map[string]struct {
		confidential bool
		do           func(l *lab, ref triage.Ref)
		want         []string
	}{
		"one PUT is one delivery": {false, func(l *lab, _ triage.Ref) {
			l.must("PUT", "/projects/1/issues/1", `{"add_labels":"UX,a","weight":3,"title":"New"}`)
		}, []string{"Issue Hook update"}},
		"a PUT that changes nothing": {false, func(l *lab, _ triage.Ref) {
			l.must("PUT", "/projects/1/issues/1", `{"add_labels":"backend"}`)
		}, []string{"Issue Hook update"}},
		"closing is two": {false, func(l *lab, _ triage.Ref) {
			l.must("PUT", "/projects/1/issues/1", `{"state_event":"close"}`)
		}, []string{"Issue Hook close", "Issue Hook update"}},
		"reopening is two": {false, func(l *lab, ref triage.Ref) {
			l.edit("omar", ref, sandbox.Change{Close: true})
			l.edit("omar", ref, sandbox.Change{Reopen: true})
		}, []string{"Issue Hook close", "Issue Hook update", "Issue Hook reopen", "Issue Hook update"}},
		"a comment": {false, func(l *lab, ref triage.Ref) { l.comment("omar", ref, "hi") }, []string{"Note Hook create"}},
		"an edited comment": {false, func(l *lab, ref triage.Ref) {
			id := l.comment("omar", ref, "hi")
			if err := l.EditNote("omar", ref, id, "ho"); err != nil {
				l.t.Error(err)
			}
		}, []string{"Note Hook create", "Note Hook update"}},
		"an edit that changes nothing": {false, func(l *lab, ref triage.Ref) {
			id := l.comment("omar", ref, "hi")
			if err := l.EditNote("omar", ref, id, "hi"); err != nil {
				l.t.Error(err)
			}
		}, []string{"Note Hook create"}},
		"a deleted comment says nothing": {false, func(l *lab, ref triage.Ref) {
			id := l.comment("omar", ref, "hi")
			if err := l.DeleteNote("omar", ref, id); err != nil {
				l.t.Error(err)
			}
		}, []string{"Note Hook create"}},
		"the bot's own comment": {false, func(l *lab, _ triage.Ref) {
			l.must("POST", "/projects/1/issues/1/notes", `{"body":"hi"}`)
		}, []string{"Note Hook create"}},
		"an internal note": {false, func(l *lab, ref triage.Ref) {
			if _, err := l.CommentInternally("omar", ref, "hi"); err != nil {
				l.t.Error(err)
			}
		}, []string{"Confidential Note Hook create"}},
		"a confidential issue": {true, func(l *lab, ref triage.Ref) {
			l.edit("omar", ref, sandbox.Change{AddLabels: []string{"UX"}})
			l.comment("omar", ref, "hi")
		}, []string{"Confidential Issue Hook update", "Confidential Note Hook create"}},
		"made public: the state after counts": {true, func(l *lab, ref triage.Ref) {
			l.edit("omar", ref, sandbox.Change{Confidential: ptr(false)})
		}, []string{"Issue Hook update"}},
		"emoji of a confidential issue": {true, func(l *lab, ref triage.Ref) {
			if err := l.React("omar", ref, 0, "thumbsup"); err != nil {
				l.t.Error(err)
			}
			if err := l.Unreact("omar", ref, 0, "+1"); err != nil {
				l.t.Error(err)
			}
		}, []string{"Emoji Hook award", "Emoji Hook revoke"}},
		"a link": {false, func(l *lab, _ triage.Ref) {
			l.open(sandbox.IssueOptions{})
			l.must("POST", "/projects/1/issues/1/links", `{"target_project_id":1,"target_issue_iid":2}`)
		}, []string{"Issue Hook open"}},
		"a created label": {false, func(l *lab, _ triage.Ref) {
			l.must("POST", "/projects/1/labels", `{"name":"new","color":"#112233"}`)
		}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, sandbox.Options{})
			ref := l.open(sandbox.IssueOptions{Labels: []string{"backend"}, Confidential: tt.confidential})
			tt.do(l, ref)
			got := events(l.sent(1))
			slices.Sort(got)
			want := slices.Clone(tt.want)
			slices.Sort(want) // hooks of different issues may overtake each other
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestHooksThatCannotBe(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	for name, h := range map[string]sandbox.Hook{
		"no URL":                 {},
		"no http":                {URL: "ftp://x"},
		"unknown event":          {URL: "http://x", Events: []string{"pushes"}},
		"signing token, no pref": {URL: "http://x", SigningToken: "YWJjZGVm"},
		"signing token, no key":  {URL: "http://x", SigningToken: "whsec_"},
		"signing token, no b64":  {URL: "http://x", SigningToken: "whsec_???"},
	} {
		if _, err := l.AddHook(l.project, h); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
