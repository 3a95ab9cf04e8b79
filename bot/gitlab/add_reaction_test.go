package gitlab_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// A reaction is there once, however often it is asked for.
func TestSandboxReact(t *testing.T) {
	t.Parallel()
	lab, c, ref := inSandbox(t, sandbox.Premium, sandbox.IssueOptions{Title: "Slow"})
	id := comment(t, lab, ref, "/flow next")
	for _, name := range []string{"white_check_mark", "x", "white_check_mark"} {
		if err := c.AddReaction(t.Context(), ref, id, name); err != nil {
			t.Fatalf("reacting with %s: %v", name, err)
		}
	}
	want := []sandbox.Award{{User: "flowkeeper-bot", Name: "white_check_mark"}, {User: "flowkeeper-bot", Name: "x"}}
	if diff := cmp.Diff(want, noteOf(t, lab, ref, id).Awards, cmpopts.IgnoreFields(sandbox.Award{}, "ID")); diff != "" {
		t.Errorf("reactions (-want +got):\n%s", diff)
	}
	if err := lab.DeleteNote("ann", ref, id); err != nil {
		t.Fatal(err)
	}
	check(t, c.AddReaction(t.Context(), ref, id, "x"), gitlab.NotFound, fmt.Sprintf("reacting to comment %d of issue %s: ", id, ref))
	check(t, c.AddReaction(t.Context(), triage.Ref{Project: ref.Project, IID: 99}, id, "x"), gitlab.NotFound)
}

func TestReactAnswers(t *testing.T) {
	t.Parallel()
	const json = "application/json"
	tests := map[string]struct {
		answer func(http.ResponseWriter, *http.Request) bool
		class  gitlab.Class // "" is success
		says   string
	}{
		"there already":       {always(404, json, `{"message":"404 Award Emoji Name has already been taken Not Found"}`), "", ""},
		"there, old versions": {always(404, json, `{"message":"404 Award Emoji {:name=>[\"has already been taken\"]} Not Found"}`), "", ""},
		"there, as a list":    {always(404, json, `{"message":"404 Award Emoji [\"Name has already been taken\"] Not Found"}`), "", ""},
		"conflict":            {always(409, json, `{"message":"409 Conflict"}`), "", ""},
		"no such comment":     {always(404, json, `{"message":"404 Not found"}`), gitlab.NotFound, "404"},
		"may not see or react": {
			always(404, json, `{"message":"404 Award Emoji Not Found"}`), gitlab.NotFound, "the token may not see it",
		},
		"no such reaction": {
			always(404, json, `{"message":"404 Award Emoji Name is not a valid emoji name Not Found"}`), gitlab.Permanent, "not a valid emoji name",
		},
		"403":               {always(403, json, `{"message":"403 Forbidden"}`), gitlab.Permanent, "role Reporter"},
		"429":               {always(429, "text/plain", "Retry later\n"), gitlab.Unavailable, "too many requests"},
		"conflict, a proxy": {always(409, "text/html", "<html>"), gitlab.Transient, "409"},
		"404, a proxy":      {always(404, "text/html", "already been taken"), gitlab.Transient, "text/html"},
		"a login page":      {always(200, "text/html", "<html>"), gitlab.Transient, "text/html"},
		"cut":               {func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }, gitlab.Unavailable, "no answer"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server{Answer: tt.answer}
			err := s.client(t).AddReaction(t.Context(), ref, 31, "x")
			if tt.class == "" {
				if err != nil {
					t.Errorf("reacting: %v; want success", err)
				}
				return
			}
			check(t, err, tt.class, "reacting to comment 31 of issue 7#12: ", tt.says)
		})
	}
}
