package bot_test

import (
	"strings"
	"testing"

	"flowkeeper/bot/sandbox"
)

// TestOpeningWithAnotherDefault: where GitLab opens issues with a status that is none of the team's, a new issue is put at the start all the same, in one
// call. A status of that kind which a person chooses stays.
func TestOpeningWithAnotherDefault(t *testing.T) {
	t.Parallel()
	for place, text := range map[string]string{"status": board, "both": strings.Replace(board, "store: status", "store: both", 1)} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			both := place == "both"
			r := newStatusRig(t, text, nil)
			r.must(nil, r.gitlab.SetStatuses("team", append([]sandbox.Status{{Name: "Inbox", Category: "triage"}, {Name: "Waiting", Category: "to_do"}}, boardStatuses()...)))
			ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed})
			is := func(what, status, label string) {
				t.Helper()
				if i := r.gitlab.Issue(ref); i.Status != status || both && label != "" && !i.Has(label) {
					t.Errorf("%s: status %q, labels %q, want %q and %q; calls %q", what, i.Status, i.Labels, status, label, calls(r))
				}
			}
			is("opened", "To do", "board::todo")
			if sets, _ := r.sets(); sets != 1 {
				t.Errorf("the status of the new issue is set %d times", sets)
			}
			r.card("omar", ref, "Inbox")
			is("a person puts it back", "Inbox", "")
			r.card("omar", ref, "Waiting")
			is("a person chooses a status of their own", "Waiting", "")
			r.card("omar", ref, "In dev")
			is("a person moves it on", "In dev", "board::doing")
			if both {
				ref = r.open(sandbox.IssueOptions{Title: "t", Labels: append([]string{"board::ready"}, typed...)})
				is("opened with a label", "Ready", "board::ready")
			}
			r.alive()
		})
	}
}
