package gitlab_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

func TestSandboxLink(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		edition    sandbox.Edition
		there      string // the link between the two that is there before
		kind, want string
	}{
		"related":             {sandbox.Premium, "", triage.RelatesTo, triage.RelatesTo},
		"blocks":              {sandbox.Premium, "", triage.Blocks, triage.Blocks},
		"blocked":             {sandbox.Premium, "", triage.BlockedBy, triage.BlockedBy},
		"blocked, free":       {sandbox.Free, "", triage.BlockedBy, triage.RelatesTo},
		"blocks, CE":          {sandbox.CE, "", triage.Blocks, triage.RelatesTo},
		"there already":       {sandbox.Premium, triage.BlockedBy, triage.BlockedBy, triage.BlockedBy},
		"there, another kind": {sandbox.Premium, triage.RelatesTo, triage.Blocks, triage.RelatesTo},
		"there, free":         {sandbox.Free, triage.RelatesTo, triage.Blocks, triage.RelatesTo},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab, c, ref := inSandbox(t, tt.edition, sandbox.IssueOptions{Title: "Slow"})
			other, err := lab.Open("ann", lab.AddProject("g/other"), sandbox.IssueOptions{Title: "Slower"})
			if err != nil {
				t.Fatal(err)
			}
			if tt.there != "" {
				link(t, lab, ref, other, tt.there)
			}
			for range 2 {
				made, err := c.CreateLink(t.Context(), ref, other, tt.kind)
				if err != nil || made != tt.want {
					t.Errorf("linked as %q, %v; want %q", made, err, tt.want)
				}
			}
			links, err := c.Links(t.Context(), ref)
			want := []triage.Link{{Kind: tt.want, Ref: other, Created: lab.Issue(other).CreatedAt}}
			if diff := cmp.Diff(want, links); err != nil || diff != "" {
				t.Errorf("%v, links (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestLinkFailures(t *testing.T) {
	t.Parallel()
	const json = "application/json"
	other := triage.Ref{Project: 7, IID: 13}
	tests := map[string]struct {
		to     triage.Ref
		kind   string
		answer func(http.ResponseWriter, *http.Request) bool
		class  gitlab.Class
		says   string
	}{
		"no kind":       {other, "duplicates", nil, gitlab.Permanent, "relates_to, blocks, is_blocked_by"},
		"itself":        {ref, triage.Blocks, nil, gitlab.Permanent, "to itself"},
		"may not":       {other, triage.Blocks, always(403, json, `{"message":"Couldn't link issue. You must have at least the Reporter role in both projects."}`), gitlab.Permanent, "both projects"},
		"gone":          {other, triage.RelatesTo, always(404, json, `{"message":"404 Not found"}`), gitlab.NotFound, "404"},
		"locked row":    {other, triage.RelatesTo, always(409, json, `{"message":"409 Conflict: Resource lock"}`), gitlab.Transient, "409"},
		"too many":      {other, triage.RelatesTo, always(429, "text/plain", "Retry later"), gitlab.Unavailable, "429"},
		"page":          {other, triage.RelatesTo, always(200, "text/html", "<html>"), gitlab.Transient, "text/html"},
		"page with 403": {other, triage.Blocks, always(403, "text/html", "not available for current license"), gitlab.Transient, "text/html"},
		"cut":           {other, triage.Blocks, func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }, gitlab.Unavailable, "no answer"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server{Answer: tt.answer}
			_, err := s.client(t).CreateLink(t.Context(), ref, tt.to, tt.kind)
			check(t, err, tt.class, "linking issue 7#12 to ", tt.says)
		})
	}
}
