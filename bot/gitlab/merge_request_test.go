package gitlab_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/closing"
	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

// answers is a GitLab that answers each path with a text, and with 404 where there is none. It gives the paths that were asked for.
func answers(t *testing.T, texts map[string]string) (*gitlab.Client, *[]string) {
	t.Helper()
	var asked []string
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.Path)
		w.Header().Set("Content-Type", "application/json")
		text, ok := texts[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			text = `{"message":"404 Not found"}`
		}
		_, _ = w.Write([]byte(text))
	}))
	t.Cleanup(web.Close)
	return newClient(t, gitlab.Options{URL: web.URL}), &asked
}

func TestMergeRequest(t *testing.T) {
	const path = "/api/v4/projects/7/merge_requests/12"
	const head = `{"id":900,"iid":12,"project_id":7,"web_url":"https://gl.example/g/p/-/merge_requests/12","references":{"full":"g/p!12"},`
	bare := func(change func(*triage.Issue)) triage.Issue {
		i := triage.Issue{
			Ref: mergeRequest, ID: 900, Path: "g/p", URL: "https://gl.example/g/p/-/merge_requests/12", NoWeights: true,
			MergeRequest: &triage.MergeRequestDetails{State: triage.MROpened, DefaultUnknown: true, Digest: closing.Digest("", "")},
		}
		change(&i)
		return i
	}
	for name, test := range map[string]struct {
		json string
		want triage.Issue
	}{
		"everything": {head + `"title":"Faster","description":"Closes #4 and x/y#5, PLAN-1","state":"merged","draft":false,"labels":["a"],"weight":3,
			"author":{"id":3,"username":"ann"},"assignees":[{"id":4,"username":"bob"}],"reviewers":[{"id":5,"username":"cy"},null],
			"source_branch":"s","target_branch":"main","sha":"abc","merged_at":"2026-10-05T12:00:00.123Z","milestone":{"id":9},
			"created_at":"2026-10-05T11:00:00Z","updated_at":"2026-10-05T12:00:00.456Z"}`, bare(func(i *triage.Issue) {
			i.Title, i.Description, i.Closed, i.Labels, i.Milestone = "Faster", "Closes #4 and x/y#5, PLAN-1", true, []string{"a"}, 9
			i.Author, i.Assignees = triage.Person{ID: 3, Username: "ann"}, []triage.Person{{ID: 4, Username: "bob"}}
			i.CreatedAt, i.UpdatedAt = noon.Add(-time.Hour), noon.Add(456*time.Millisecond)
			i.MergeRequest = &triage.MergeRequestDetails{
				State: triage.MRMerged, SourceBranch: "s", TargetBranch: "main", DefaultUnknown: true, Head: "abc", Reviewers: []triage.Person{{ID: 5, Username: "cy"}},
				MergedAt: noon.Add(123 * time.Millisecond), References: []string{"g/p#4", "x/y#5"}, External: []string{"PLAN-1"}, Mentions: true,
				Digest: closing.Digest("Faster", "Closes #4 and x/y#5, PLAN-1"),
			}
		})},
		"nulls": {head + `"title":null,"description":null,"state":"opened","draft":null,"labels":null,"author":null,"assignees":null,"reviewers":null,"sha":null,"merged_at":null,"milestone":null}`,
			bare(func(*triage.Issue) {})},
		"a draft":                 {head + `"state":"opened","draft":true}`, bare(func(i *triage.Issue) { i.MergeRequest.Draft = true })},
		"a draft of old versions": {head + `"state":"opened","work_in_progress":true}`, bare(func(i *triage.Issue) { i.MergeRequest.Draft = true })},
		"being merged":            {head + `"state":"locked"}`, bare(func(i *triage.Issue) { i.MergeRequest.State = triage.MRLocked })},
		"closed":                  {head + `"state":"closed"}`, bare(func(i *triage.Issue) { i.Closed, i.MergeRequest.State = true, triage.MRClosed })},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := answers(t, map[string]string{path: test.json})
			got, err := c.Issue(t.Context(), mergeRequest)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("merge request (-want +got):\n%s", diff)
			}
		})
	}
	for name, json := range map[string]string{
		"another one":           `{"id":900,"iid":13,"project_id":7,"state":"opened"}`,
		"a state of the future": head + `"state":"frozen"}`,
	} {
		c, _ := answers(t, map[string]string{path: json})
		if _, err := c.Issue(t.Context(), mergeRequest); gitlab.ClassOf(err) != gitlab.Transient {
			t.Errorf("%s: got %v, want it tried again", name, err)
		}
	}
}

func TestIssuesOfMergeRequest(t *testing.T) {
	const path = "/api/v4/projects/7/merge_requests/12/"
	c, asked := answers(t, map[string]string{
		path + "closes_issues": `[{"iid":4,"project_id":7,"references":{"full":"g/p#4"}},{"id":"PLAN-1","title":"in another tracker"},
			{"iid":5,"project_id":8,"web_url":"https://gl.example/x/y/-/issues/5"}]`,
	})
	got, err := c.ClosedIssues(t.Context(), mergeRequest)
	want := []gitlab.NamedIssue{{Ref: triage.Ref{Project: 7, IID: 4}, Name: "g/p#4"}, {Ref: triage.Ref{Project: 8, IID: 5}, Name: "x/y#5"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v, issues (-want +got):\n%s", err, diff)
	}
	if _, err := c.ReferredIssues(t.Context(), mergeRequest); gitlab.ClassOf(err) != gitlab.NotFound {
		t.Errorf("a GitLab without the list: got %v, want not found", err)
	}
	if want := []string{"GET " + path + "closes_issues", "GET " + path + "related_issues"}; !slices.Equal(*asked, want) {
		t.Errorf("asked for %q, want %q", *asked, want)
	}
}

func TestMergeRequestsClosing(t *testing.T) {
	const path = "/api/v4/projects/7/issues/12/"
	const own = `{"id":1,"iid":1,"project_id":7,"state":"opened","draft":true,"title":"Draft: a","target_branch":"main","web_url":"https://gl.example/g/p/-/merge_requests/1","references":{"full":"g/p!1"}}`
	c, asked := answers(t, map[string]string{
		path + "closed_by": "[" + own + "]",
		path + "related_merge_requests": "[" + own + `,
			{"id":2,"iid":1,"project_id":8,"state":"merged","title":"b","description":"Closes g/p#12","merged_at":"2026-10-05T12:00:00Z","target_branch":"dev","web_url":"https://gl.example/x/y/-/merge_requests/1","references":{"full":"x/y!1"}},
			{"id":3,"iid":2,"project_id":8,"state":"opened","title":"c","description":"Only mentions g/p#12","web_url":"https://gl.example/x/y/-/merge_requests/2","references":{"full":"x/y!2"}},
			{"id":4,"iid":2,"project_id":7,"state":"opened","title":"d: fixes #12","target_branch":"main","web_url":"https://gl.example/g/p/-/merge_requests/2","references":{"full":"g/p!2"}}]`,
	})
	got, err := c.MergeRequestsClosing(t.Context(), triage.Ref{Project: 7, IID: 12}, "G/p#12")
	of := func(project, iid int64, path string) triage.MergeRequest {
		return triage.MergeRequest{Ref: triage.Ref{Project: project, Kind: triage.SubjectMergeRequest, IID: iid}, Path: path, State: triage.MROpened}
	}
	first, second, third := of(7, 1, "g/p"), of(8, 1, "x/y"), of(7, 2, "g/p")
	first.URL, first.Title, first.Draft = "https://gl.example/g/p/-/merge_requests/1", "Draft: a", true
	second.URL, second.Title, second.State, second.MergedAt, second.ByText = "https://gl.example/x/y/-/merge_requests/1", "b", triage.MRMerged, noon, true
	third.URL, third.Title, third.ByText = "https://gl.example/g/p/-/merge_requests/2", "d: fixes #12", true
	want := []gitlab.CloserOf{{MergeRequest: first, Target: "main"}, {MergeRequest: second, Target: "dev"}, {MergeRequest: third, Target: "main"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v, merge requests (-want +got):\n%s", err, diff)
	}
	if len(*asked) != 2 {
		t.Errorf("asked for %q, want two calls", *asked)
	}
}

func TestMergeSettings(t *testing.T) {
	for json, want := range map[string]gitlab.MergeSettings{
		`{"id":7,"default_branch":"main","autoclose_referenced_issues":false}`: {DefaultBranch: "main"},
		`{"id":7,"default_branch":"main","autoclose_referenced_issues":true}`:  {DefaultBranch: "main", AutoClose: true},
		`{"id":7,"default_branch":null}`:                                       {AutoClose: true},
		`{"id":7,"forked_from_project":{"id":3,"name":"x"}}`:                   {AutoClose: true, ForkedFrom: 3},
		`{"id":7,"forked_from_project":null}`:                                  {AutoClose: true},
	} {
		c, _ := answers(t, map[string]string{"/api/v4/projects/7": json})
		if got, err := c.MergeSettings(t.Context(), 7); got != want || err != nil {
			t.Errorf("%s: got %+v, %v, want %+v", json, got, err, want)
		}
	}
	c, _ := answers(t, nil)
	if _, err := c.MergeSettings(t.Context(), 7); gitlab.ClassOf(err) != gitlab.NotFound {
		t.Errorf("a project that cannot be seen: got %v, want not found", err)
	}
}
