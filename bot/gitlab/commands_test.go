package gitlab_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// comment has ann write a comment.
func comment(t *testing.T, lab *sandbox.Server, ref triage.Ref, text string) int64 {
	t.Helper()
	id, err := lab.Comment("ann", ref, text)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// noteOf finds a comment of an issue.
func noteOf(t *testing.T, lab *sandbox.Server, ref triage.Ref, id int64) sandbox.Note {
	t.Helper()
	for _, n := range lab.Issue(ref).Notes {
		if n.ID == id {
			return n
		}
	}
	t.Fatalf("there is no comment %d", id)
	return sandbox.Note{}
}

// A reaction is there once, however often it is asked for.
func TestSandboxReact(t *testing.T) {
	t.Parallel()
	lab, c, ref := inSandbox(t, sandbox.Premium, sandbox.IssueOptions{Title: "Slow"})
	id := comment(t, lab, ref, "/flow next")
	for _, name := range []string{"white_check_mark", "x", "white_check_mark"} {
		if err := c.React(t.Context(), ref, id, name); err != nil {
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
	check(t, c.React(t.Context(), ref, id, "x"), gitlab.Gone, fmt.Sprintf("reacting to comment %d of issue %s: ", id, ref))
	check(t, c.React(t.Context(), triage.Ref{Project: ref.Project, IID: 99}, id, "x"), gitlab.Gone)
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
		"no such comment":     {always(404, json, `{"message":"404 Not found"}`), gitlab.Gone, "404"},
		"may not see or react": {
			always(404, json, `{"message":"404 Award Emoji Not Found"}`), gitlab.Gone, "the token may not see it",
		},
		"no such reaction": {
			always(404, json, `{"message":"404 Award Emoji Name is not a valid emoji name Not Found"}`), gitlab.GiveUp, "not a valid emoji name",
		},
		"403":               {always(403, json, `{"message":"403 Forbidden"}`), gitlab.GiveUp, "role Reporter"},
		"429":               {always(429, "text/plain", "Retry later\n"), gitlab.Outage, "too many requests"},
		"conflict, a proxy": {always(409, "text/html", "<html>"), gitlab.Retry, "409"},
		"404, a proxy":      {always(404, "text/html", "already been taken"), gitlab.Retry, "text/html"},
		"a login page":      {always(200, "text/html", "<html>"), gitlab.Retry, "text/html"},
		"cut":               {func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }, gitlab.Outage, "no answer"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server{Answer: tt.answer}
			err := s.client(t).React(t.Context(), ref, 31, "x")
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

// Replies stand in the thread of the comment, whether the thread is known, unknown or no id at all, and however long the list is.
func TestSandboxReply(t *testing.T) {
	t.Parallel()
	lab, c, ref := inSandbox(t, sandbox.Premium, sandbox.IssueOptions{Title: "Slow"})
	for range 5 {
		comment(t, lab, ref, "talk")
	}
	plain := comment(t, lab, ref, "/flow help")
	internal, err := lab.CommentInternally("ann", ref, "/flow unclear why")
	if err != nil {
		t.Fatal(err)
	}
	answered, err := lab.Reply("ann", ref, plain, "/flow why")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name       string
		discussion string
		note       int64
		internal   bool
	}{
		{"known", noteOf(t, lab, ref, plain).Discussion, plain, false},
		{"unknown", "", plain, false},
		{"of a reply", "", answered, false},
		{"no id", "../../notes", plain, false},
		{"internal", noteOf(t, lab, ref, internal).Discussion, internal, true},
		{"internal, unknown", "", internal, true},
		{"internal without saying so", noteOf(t, lab, ref, internal).Discussion, internal, false},
	}
	for _, tt := range tests {
		id, err := c.Reply(t.Context(), ref, tt.discussion, tt.note, tt.internal, tt.name)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		got, to := noteOf(t, lab, ref, id), noteOf(t, lab, ref, tt.note)
		if got.Text != tt.name || got.Discussion != to.Discussion || got.Internal != to.Internal || got.Author != "flowkeeper-bot" {
			t.Errorf("%s: the reply is %+v, to %+v", tt.name, got, to)
		}
	}
	before := len(lab.Issue(ref).Notes)
	_, err = c.Reply(t.Context(), ref, noteOf(t, lab, ref, plain).Discussion, plain, true, "secret")
	check(t, err, gitlab.GiveUp, "is not internal")
	_, err = c.Reply(t.Context(), ref, "", 999999, false, "nobody")
	check(t, err, gitlab.Gone, "loading the thread of comment 999999")
	_, err = c.Reply(t.Context(), ref, strings.Repeat("a", 40), plain, false, "nobody")
	check(t, err, gitlab.Gone, "replying to comment")
	if after := len(lab.Issue(ref).Notes); after != before {
		t.Errorf("%d comments were written by replies that failed", after-before)
	}
}

// A reply whose answer is lost is there once.
func TestSandboxReplyCut(t *testing.T) {
	t.Parallel()
	lab, c, ref := inSandbox(t, sandbox.Premium, sandbox.IssueOptions{Title: "Slow"})
	id := comment(t, lab, ref, "/flow help")
	lab.Next(sandbox.Fault{Match: "POST reply", ApplyThenCut: true})
	_, err := c.Reply(t.Context(), ref, "", id, false, "help")
	check(t, err, gitlab.Outage, "no answer")
	if got := lab.Issue(ref).CommentsBy("flowkeeper-bot"); len(got) != 1 || got[0].Text != "help" {
		t.Errorf("the bot wrote %+v, want one reply", got)
	}
	lab.Next(sandbox.Fault{Match: "GET discussions", Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"30"}}})
	_, err = c.Reply(t.Context(), ref, "", id, false, "help")
	check(t, err, gitlab.Outage, "429")
	if after := gitlab.After(err); after != 30*time.Second {
		t.Errorf("come back after %s, want 30s", after)
	}
}

func TestSandboxOpen(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		edition sandbox.Edition
		weight  *int
	}{
		"premium": {sandbox.Premium, triage.Int(2)},
		"free":    {sandbox.Free, nil},
		"CE":      {sandbox.CE, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab, c, ref := inSandbox(t, tt.edition, sandbox.IssueOptions{Title: "Spike"})
			got, err := c.Open(t.Context(), ref.Project, gitlab.NewIssue{
				Title: "Follow-up of #1", Description: "As found out.\n\n<!-- mark 1 -->", Labels: []string{"backend", "workflow::planning breakdown"},
				Weight: triage.Int(2), Confidential: true,
			})
			if err != nil {
				t.Fatal(err)
			}
			seen := lab.Issue(got.Ref)
			want := triage.Issue{
				Ref: triage.Ref{Project: ref.Project, IID: 2}, ID: seen.ID, Path: "g/p", URL: seen.URL, Type: "Issue", Title: "Follow-up of #1",
				Description: "As found out.\n\n<!-- mark 1 -->", Confidential: true, Labels: []string{"backend", "workflow::planning breakdown"},
				Weight: tt.weight, NoWeights: tt.edition == sandbox.CE, Author: got.Author, CreatedAt: seen.CreatedAt, UpdatedAt: seen.UpdatedAt,
			}
			if diff := cmp.Diff(want, got); diff != "" || got.Author.Username != "flowkeeper-bot" {
				t.Errorf("by %s, issue (-want +got):\n%s", got.Author.Username, diff)
			}
		})
	}
}

func TestOpenFailures(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		issue  gitlab.NewIssue
		answer func(http.ResponseWriter, *http.Request) bool
		class  gitlab.Class
		says   string
	}{
		"no title":  {gitlab.NewIssue{Title: " "}, nil, gitlab.GiveUp, "no title"},
		"bad label": {gitlab.NewIssue{Title: "a", Labels: []string{"a,b"}}, nil, gitlab.GiveUp, "comma"},
		"too long":  {gitlab.NewIssue{Title: "a"}, always(400, "application/json", `{"message":{"title":["is too long"]}}`), gitlab.GiveUp, "is too long"},
		"403":       {gitlab.NewIssue{Title: "a"}, always(403, "application/json", `{"message":"403 Forbidden"}`), gitlab.GiveUp, "role Reporter"},
		"404":       {gitlab.NewIssue{Title: "a"}, always(404, "application/json", `{"message":"404 Project Not Found"}`), gitlab.Gone, "not there"},
		"429":       {gitlab.NewIssue{Title: "a"}, always(429, "application/json", `{"message":{"error":"too many times"}}`), gitlab.Outage, "too many"},
		"elsewhere": {gitlab.NewIssue{Title: "a"}, always(201, "application/json", `{"id":1,"iid":1,"project_id":8}`), gitlab.Retry, "not that issue"},
		"half":      {gitlab.NewIssue{Title: "a"}, always(201, "application/json", `{"id":1,`), gitlab.Retry, "reading the answer"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server{Answer: tt.answer}
			_, err := s.client(t).Open(t.Context(), 7, tt.issue)
			check(t, err, tt.class, "opening an issue in project 7: ", tt.says)
		})
	}
}

// What was opened before an answer was lost is found again, and nothing that only looks like it.
func TestSandboxFindMarked(t *testing.T) {
	t.Parallel()
	var minutes atomic.Int64
	now := func() time.Time { return noon.Add(time.Duration(minutes.Load()) * time.Minute) }
	lab := sandbox.New(sandbox.Options{Token: token, PageSize: 2, Now: now})
	c, project := connected(t, lab)
	self, err := c.Self(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const marker = "<!-- flowkeeper:follow-up 1#7 -->"
	open := func(description string) triage.Ref {
		minutes.Add(1)
		issue, err := c.Open(t.Context(), project, gitlab.NewIssue{Title: "Follow-up", Description: description})
		if err != nil {
			t.Fatal(err)
		}
		return issue.Ref
	}
	open("Before.\n" + marker)
	since := now().Add(time.Second)
	for n := range 5 {
		open(fmt.Sprintf("Other.\n<!-- flowkeeper:follow-up 1#7%d -->", n))
	}
	if _, err := lab.Open("ann", project, sandbox.IssueOptions{Title: "Copied", Description: marker}); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := c.FindMarked(t.Context(), project, self.ID, marker, since); ok || err != nil {
		t.Errorf("found %v, %v; want nothing yet", ok, err)
	}
	lab.Next(sandbox.Fault{Match: "POST issue", ApplyThenCut: true})
	minutes.Add(1)
	_, err = c.Open(t.Context(), project, gitlab.NewIssue{Title: "Follow-up", Description: "Ours.\n" + marker})
	check(t, err, gitlab.Outage)
	all := lab.Issues(project)
	want := all[len(all)-1].Ref
	open(marker)
	got, ok, err := c.FindMarked(t.Context(), project, self.ID, marker, since)
	if err != nil || !ok || got.Ref != want || got.Description != "Ours.\n"+marker {
		t.Errorf("found %s %v, %v; want %s", got.Ref, ok, err, want)
	}
	_, _, err = c.FindMarked(t.Context(), project, self.ID, "", since)
	check(t, err, gitlab.GiveUp, "marker")
	_, _, err = c.FindMarked(t.Context(), 99, self.ID, marker, since)
	check(t, err, gitlab.Gone)
}

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
				made, err := c.Link(t.Context(), ref, other, tt.kind)
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
		"no kind":       {other, "duplicates", nil, gitlab.GiveUp, "relates_to, blocks, is_blocked_by"},
		"itself":        {ref, triage.Blocks, nil, gitlab.GiveUp, "to itself"},
		"may not":       {other, triage.Blocks, always(403, json, `{"message":"Couldn't link issue. You must have at least the Reporter role in both projects."}`), gitlab.GiveUp, "both projects"},
		"gone":          {other, triage.RelatesTo, always(404, json, `{"message":"404 Not found"}`), gitlab.Gone, "404"},
		"locked row":    {other, triage.RelatesTo, always(409, json, `{"message":"409 Conflict: Resource lock"}`), gitlab.Retry, "409"},
		"too many":      {other, triage.RelatesTo, always(429, "text/plain", "Retry later"), gitlab.Outage, "429"},
		"page":          {other, triage.RelatesTo, always(200, "text/html", "<html>"), gitlab.Retry, "text/html"},
		"page with 403": {other, triage.Blocks, always(403, "text/html", "not available for current license"), gitlab.Retry, "text/html"},
		"cut":           {other, triage.Blocks, func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }, gitlab.Outage, "no answer"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server{Answer: tt.answer}
			_, err := s.client(t).Link(t.Context(), ref, tt.to, tt.kind)
			check(t, err, tt.class, "linking issue 7#12 to ", tt.says)
		})
	}
}

// Every way in which people name an issue leads to it, and nothing else does.
func TestSandboxResolve(t *testing.T) {
	t.Parallel()
	lab, c, first := inSandbox(t, sandbox.Premium, sandbox.IssueOptions{Title: "Slow"})
	other, err := lab.Open("ann", lab.AddProject("g/sub.group/other"), sandbox.IssueOptions{Title: "Slower"})
	if err != nil {
		t.Fatal(err)
	}
	base := strings.TrimSuffix(lab.Issue(first).URL, "/g/p/-/issues/1")
	for reference, want := range map[string]triage.Ref{
		"#1": first, "1": first, " #1. ": first, "#1+": first, "#1+s": first, "g/p#1": first, "g/sub.group/other#1": other,
		base + "/g/p/-/issues/1":                                          first,
		"<" + base + "/g/p/-/issues/1>":                                   first,
		base + "/g/p/-/work_items/1?show=x#note_5":                        first,
		base + "/g/p/-/issues/incident/1":                                 first,
		base + "/g/p/-/issues/1/designs":                                  first,
		base + "/g/sub.group/other/-/issues/1":                            other,
		strings.Replace(base, "http://", "https://", 1) + "/g/p/issues/1": first,
	} {
		got, err := c.Resolve(t.Context(), first.Project, reference)
		if err != nil || got.Ref != want || got.Title != lab.Issue(want).Title {
			t.Errorf("%q is %s %q, %v; want %s", reference, got.Ref, got.Title, err, want)
		}
	}
	for _, reference := range []string{"#99", "g/p#99", "g/nowhere#1", base + "/g/p/-/issues/99"} {
		_, err := c.Resolve(t.Context(), first.Project, reference)
		check(t, err, gitlab.Gone, "the token may not see it")
	}
	reads := len(lab.Reads())
	for reference, says := range map[string]string{
		"":                                   "write #12",
		"the other one":                      "write #12",
		"!12":                                "write #12",
		"#12 and #13":                        "write #12",
		"#0":                                 "no number",
		"#99999999999":                       "no number",
		"#99999999999999999999":              "no number",
		"p#1":                                "group/project#12",
		"../../user#1":                       "group/project#12",
		"g/../p#1":                           "group/project#12",
		"g//p#1":                             "group/project#12",
		"g/p?x=%2e#1":                        "group/project#12",
		"https://elsewhere/g/p/-/issues/1":   "is not an address on " + base,
		base + "/g/p/-/merge_requests/1":     "is not the address of an issue",
		base + "/g/p/-/issues/new":           "is not the address of an issue",
		base + "/g/%2e%2e/x/-/issues/1":      "is not the address of an issue",
		"http://[::1/g/p/-/issues/1":         "is not an address on",
		strings.Repeat("long ", 1000) + "#1": "…",
	} {
		_, err := c.Resolve(t.Context(), first.Project, reference)
		bad, ok := errors.AsType[*gitlab.BadReference](err)
		if !ok || !strings.Contains(bad.Error(), says) || len(bad.Error()) > 800 {
			t.Errorf("%.50q: the error is %v, want a bad reference that says %q", reference, err, says)
		}
		if class := gitlab.ClassOf(err); class != gitlab.GiveUp {
			t.Errorf("%.50q: the class is %q", reference, class)
		}
	}
	if n := len(lab.Reads()) - reads; n != 0 {
		t.Errorf("%d requests were sent for what names no issue", n)
	}
}

// A project's old path leads to it, by its number and nowhere else.
func TestResolveMoved(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		location string
		want     triage.Ref
		class    gitlab.Class
	}{
		"to the number":         {"https://gitlab.example/api/v4/projects/7/issues/12", ref, ""},
		"below another address": {"/gitlab/api/v4/projects/7/issues/12", ref, ""},
		"to another issue":      {"/api/v4/projects/7/issues/13", triage.Ref{}, gitlab.Outage},
		"to a login page":       {"/users/sign_in", triage.Ref{}, gitlab.Outage},
		"nowhere":               {"", triage.Ref{}, gitlab.Outage},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server{Answer: func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.Contains(r.URL.EscapedPath(), "old%2Fname") {
					return false
				}
				w.Header().Set("Location", tt.location)
				w.WriteHeader(http.StatusMovedPermanently)
				return true
			}}
			got, err := s.client(t).Resolve(t.Context(), 3, "old/name#12")
			if tt.class != "" {
				check(t, err, tt.class, "looking up old/name#12: ")
				return
			}
			if err != nil || got.Ref != tt.want {
				t.Errorf("resolved to %s, %v; want %s", got.Ref, err, tt.want)
			}
		})
	}
}

func TestProjectID(t *testing.T) {
	t.Parallel()
	s := server{Answer: func(w http.ResponseWriter, r *http.Request) bool {
		switch r.URL.EscapedPath() {
		case "/api/v4/projects/g%2Fp":
			reply(w, http.StatusOK, map[string]any{"id": 7})
		case "/api/v4/projects/g%2Fold":
			w.Header().Set("Location", "https://gitlab.example/api/v4/projects/8")
			w.WriteHeader(http.StatusMovedPermanently)
		case "/api/v4/projects/g%2Fodd":
			reply(w, http.StatusOK, map[string]any{})
		default:
			return false
		}
		return true
	}}
	c := s.client(t)
	for path, want := range map[string]int64{"g/p": 7, "g/old": 8} {
		if got, err := c.ProjectID(t.Context(), path); err != nil || got != want {
			t.Errorf("%s is project %d, %v; want %d", path, got, err, want)
		}
	}
	for path, want := range map[string]gitlab.Class{"g/nowhere": gitlab.Gone, "g/odd": gitlab.Retry, "alone": gitlab.GiveUp, "../user": gitlab.GiveUp} {
		_, err := c.ProjectID(t.Context(), path)
		check(t, err, want, path)
	}
}
