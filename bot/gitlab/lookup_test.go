package gitlab_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

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
		got, err := c.IssueByReference(t.Context(), first.Project, reference)
		if err != nil || got.Ref != want || got.Title != lab.Issue(want).Title {
			t.Errorf("%q is %s %q, %v; want %s", reference, got.Ref, got.Title, err, want)
		}
	}
	for _, reference := range []string{"#99", "g/p#99", "g/nowhere#1", base + "/g/p/-/issues/99"} {
		_, err := c.IssueByReference(t.Context(), first.Project, reference)
		check(t, err, gitlab.NotFound, "the token may not see it")
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
		base + "/g/p/-/merge_requests/1":     "is the address of a merge request, and the bot looks at issues only",
		base + "/g/p/-/issues/new":           "is not the address of an issue",
		base + "/g/%2e%2e/x/-/issues/1":      "is not the address of an issue",
		"http://[::1/g/p/-/issues/1":         "is not an address on",
		strings.Repeat("long ", 1000) + "#1": "…",
	} {
		_, err := c.IssueByReference(t.Context(), first.Project, reference)
		bad, ok := errors.AsType[*gitlab.BadReference](err)
		if !ok || !strings.Contains(bad.Error(), says) || len(bad.Error()) > 800 {
			t.Errorf("%.50q: the error is %v, want a bad reference that says %q", reference, err, says)
		}
		if class := gitlab.ClassOf(err); class != gitlab.Permanent {
			t.Errorf("%.50q: the class is %q", reference, class)
		}
	}
	if n := len(lab.Reads()) - reads; n != 0 {
		t.Errorf("%d requests were sent for what names no issue", n)
	}
}

// GitLab's pages may have another address than its API, which the bot reaches from inside. Both lead to issues, also below a path.
func TestTwoAddresses(t *testing.T) {
	t.Parallel()
	for _, outside := range []string{"https://gitlab.example.com", "https://example.com/gitlab"} {
		t.Run(outside, func(t *testing.T) {
			t.Parallel()
			lab, c, first := inSandbox(t, sandbox.Premium, sandbox.IssueOptions{Title: "Slow"})
			inside := strings.TrimSuffix(lab.Issue(first).URL, "/g/p/-/issues/1")
			lab.SetURL(outside)
			if got := c.Pages(); got != inside {
				t.Errorf("before GitLab was asked the pages are at %s, want %s", got, inside)
			}
			if found, err := c.IssueByURL(t.Context(), outside+"/g/p/-/issues/1"); err != nil || found != first {
				t.Fatalf("found %s by the first address it is given, %v; want %s", found, err, first)
			}
			if got := c.Pages(); got != outside {
				t.Errorf("the pages are at %s, want %s", got, outside)
			}
			for _, base := range []string{inside, outside} {
				found, err := c.IssueByURL(t.Context(), base+"/g/p/-/issues/1")
				if err != nil || found != first {
					t.Errorf("found %s below %s, %v; want %s", found, base, err, first)
				}
				named, err := c.IssueByReference(t.Context(), first.Project, base+"/g/p/-/work_items/1#note_3")
				if err != nil || named.Ref != first || named.URL != outside+"/g/p/-/issues/1" {
					t.Errorf("named %s at %s below %s, %v", named.Ref, named.URL, base, err)
				}
			}
			_, err := c.IssueByURL(t.Context(), "https://elsewhere.example/g/p/-/issues/1")
			check(t, err, gitlab.Permanent, "is not an address on "+outside, outside+"/group/project/-/issues/12")
		})
	}
}

// What is no user's page says nothing of the address.
func TestOddProfiles(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"", "https://gl.example/somebody", "/flowkeeper-bot", "https:///flowkeeper-bot", ":/flowkeeper-bot"} {
		s := server{Everything: true, Answer: func(w http.ResponseWriter, _ *http.Request) bool {
			reply(w, http.StatusOK, map[string]any{"id": 5, "username": "flowkeeper-bot", "web_url": page})
			return true
		}}
		at := s.start(t)
		c := newClient(t, gitlab.Options{URL: at})
		if err := c.Ping(t.Context()); err != nil || c.Pages() != at {
			t.Errorf("with %q the pages are at %s, %v", page, c.Pages(), err)
		}
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
		"to another issue":      {"/api/v4/projects/7/issues/13", triage.Ref{}, gitlab.Unavailable},
		"to a login page":       {"/users/sign_in", triage.Ref{}, gitlab.Unavailable},
		"nowhere":               {"", triage.Ref{}, gitlab.Unavailable},
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
			got, err := s.client(t).IssueByReference(t.Context(), 3, "old/name#12")
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
	for path, want := range map[string]gitlab.Class{"g/nowhere": gitlab.NotFound, "g/odd": gitlab.Transient, "alone": gitlab.Permanent, "../user": gitlab.Permanent} {
		_, err := c.ProjectID(t.Context(), path)
		check(t, err, want, path)
	}
}
