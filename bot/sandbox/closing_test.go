package sandbox_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// closes lists which issues of the first project a merge request closes by its stored set.
func (l *lab) closes(ref triage.Ref) []int64 {
	var list []int64
	for _, i := range l.MergeRequest(ref).Closes {
		list = append(list, i.IID)
	}
	return list
}

// numbers are the numbers of what the API lists.
func (l *lab) numbers(path string) []int64 {
	var list []int64
	for _, o := range l.must("GET", path, "").list(l.t) {
		list = append(list, int64(o["iid"].(float64)))
	}
	return list
}

func TestClosingPhrases(t *testing.T) {
	// GitLab's default pattern, looked for in the raw text: code does not hide a phrase, and a colon needs a space behind it.
	tests := map[string][]int64{
		"Closes #1":                        {1},
		"closes: #1, #2 and #3":            {1, 2, 3},
		"Fix issues #1 and #2. See #3.":    {1, 2},
		"This resolves issue #2":           {2},
		"Implementing #1":                  {1},
		"CLOSES #1":                        nil,
		"Closes:#1":                        nil,
		"Related to #1":                    nil,
		"Closes #99":                       nil,
		"`Closes #1`":                      {1},
		"<!-- Closes #1 -->":               {1},
		"encloses #1":                      nil,
		"Closes create/source-code#1":      {1},
		"Closes create/other#1":            nil,
		"Closes\n#1":                       nil,
		"Fixes #1\n\nResolves #2":          {1, 2},
		"Fixed by removing it, see also #": nil,
		"Closes http://gitlab.example/create/source-code/-/issues/2":       {2},
		"Closes http://elsewhere.example/create/source-code/-/issues/2":    nil,
		"Closes http://gitlab.example/create/source-code/-/work_items/2 .": {2},
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			l := newLab(t, sandbox.Options{})
			for range 3 {
				l.open(sandbox.IssueOptions{})
			}
			if diff := cmp.Diff(want, l.closes(l.request(sandbox.MergeRequestOptions{Description: text}))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestClosingSetIsStored(t *testing.T) {
	// cache_merge_request_closes_issues!: title, description and commits; the default branch only; recomputed on an edit and a push, kept when it is closed
	// or merged. What was linked by hand stays.
	l := newLab(t, sandbox.Options{})
	for range 5 {
		l.open(sandbox.IssueOptions{})
	}
	ref := l.request(sandbox.MergeRequestOptions{Title: "Fix #1", Description: "Closes #2", Commits: []string{"Resolves #3"}})
	step := func(what string, want ...int64) {
		t.Helper()
		if diff := cmp.Diff(want, l.closes(ref)); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	describe := func(text string) {
		l.editRequest(ref, sandbox.MergeRequestChange{Change: sandbox.Change{Description: &text}})
	}
	step("opened", 1, 2, 3)
	describe("Nothing")
	step("edited", 1, 3)
	l.ok(l.Push("omar", ref, "Closes #2"))
	step("pushed", 1, 3, 2)
	l.ok(l.LinkClosing("omar", ref, triage.Ref{Project: 1, IID: 5}))
	l.editRequest(ref, sandbox.MergeRequestChange{TargetBranch: "stable"})
	step("another branch", 5)
	l.editRequest(ref, sandbox.MergeRequestChange{TargetBranch: "main"})
	step("the default branch again", 5, 1, 3, 2)
	l.editRequest(ref, sandbox.MergeRequestChange{Change: sandbox.Change{Close: true}})
	describe("Closes #4")
	step("edited while it is closed", 5, 1, 3, 2)
	l.editRequest(ref, sandbox.MergeRequestChange{Change: sandbox.Change{Reopen: true}})
	step("reopened", 5, 1, 4, 3, 2)
}

func TestClosesIssuesOfProjectsWithAutoClose(t *testing.T) {
	// The list leaves out issues whose own project has auto-close off; related_issues has all references. closed_by looks only at the merge requests of the
	// issue's project, related_merge_requests at all, mentions included.
	l := newLab(t, sandbox.Options{})
	l.open(sandbox.IssueOptions{})
	other := l.AddProject("create/other")
	if _, err := l.Open("maria", other, sandbox.IssueOptions{Title: "Elsewhere"}); err != nil {
		t.Fatal(err)
	}
	l.request(sandbox.MergeRequestOptions{Description: "Closes #1 and create/other#1"})
	mention, err := l.OpenMergeRequest("omar", other, sandbox.MergeRequestOptions{Title: "Also", Description: "See create/source-code#1"})
	l.ok(err)
	l.settle()
	lists := func() map[string]int {
		counts := map[string]int{}
		for _, path := range []string{
			"/projects/1/merge_requests/1/closes_issues", "/projects/1/merge_requests/1/related_issues", "/projects/1/issues/1/closed_by",
			"/projects/1/issues/1/related_merge_requests", "/projects/2/issues/1/closed_by", "/projects/2/issues/1/related_merge_requests",
		} {
			counts[path] = len(l.numbers(path))
		}
		return counts
	}
	want := map[string]int{
		"/projects/1/merge_requests/1/closes_issues": 2, "/projects/1/merge_requests/1/related_issues": 2, "/projects/1/issues/1/closed_by": 1,
		"/projects/1/issues/1/related_merge_requests": 2, "/projects/2/issues/1/closed_by": 0, "/projects/2/issues/1/related_merge_requests": 1,
	}
	if diff := cmp.Diff(want, lists()); diff != "" {
		t.Error(diff)
	}
	l.ok(l.SetAutoClose(l.project, false))
	want["/projects/1/merge_requests/1/closes_issues"] = 1
	if diff := cmp.Diff(want, lists()); diff != "" {
		t.Errorf("with auto-close off: %s", diff)
	}
	if got := l.must("GET", "/projects/1", "").object(t)["autoclose_referenced_issues"]; got != false {
		t.Errorf("the setting is told as %v", got)
	}
	if got := l.ClosingMergeRequests(triage.Ref{Project: other, IID: 1}); len(got) != 1 || got[0].Ref == mention {
		t.Errorf("closing merge requests: %v", got)
	}
}

func TestMergingClosesIssuesByJobs(t *testing.T) {
	// PostMergeService: marked as merged, one job for each issue, then the hook. Each fifth issue adds five minutes.
	var minutes atomic.Int64
	l := newLab(t, sandbox.Options{Now: func() time.Time { return noon.Add(time.Duration(minutes.Load()) * time.Minute) }})
	text := "Closes #1"
	for n := range 6 {
		l.open(sandbox.IssueOptions{})
		text += fmt.Sprintf(", #%d", n+1)
	}
	ref := l.request(sandbox.MergeRequestOptions{Description: text})
	from := len(l.Deliveries())
	l.HoldJobs()
	l.ok(l.Merge("omar", ref))
	if got := l.MergeRequest(ref).State; got != "locked" || len(l.Deliveries()) != from {
		t.Errorf("before the job it is %s", got)
	}
	l.ok(l.RunJobs("merge"))
	if got := l.MergeRequest(ref); got.State != "merged" || got.MergedAt.IsZero() {
		t.Errorf("it is %s, merged at %v", got.State, got.MergedAt)
	}
	p := l.sent(from)
	if diff := cmp.Diff([]string{"Merge Request Hook merge"}, events(p)); diff != "" {
		t.Fatal(diff)
	}
	for path, want := range map[string]any{
		"changes.state_id.previous": 4.0, "changes.state_id.current": 3.0, "object_attributes.state": "merged", "changes.merge_user_id.previous": nil,
	} {
		if diff := cmp.Diff(want, p[0].at(path)); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
	open := func() (n int) {
		for _, i := range l.Issues(l.project) {
			if i.State == "opened" {
				n++
			}
		}
		return n
	}
	l.ReleaseJobs()
	l.settle()
	if open() != 2 {
		t.Errorf("%d issues are open after the merge, want those from the fifth on", open())
	}
	minutes.Store(5)
	l.ReleaseJobs()
	if closed := l.sent(from + 1); len(closed) != 6 || closed[5].Event != "Issue Hook" || closed[5].Action != "close" || closed[5].at("user.username") != "omar" {
		t.Errorf("closing sent %v", events(closed))
	}
	if open() != 0 {
		t.Errorf("%d issues are open five minutes later", open())
	}
	if l.Merge("omar", ref) == nil {
		t.Error("it can be merged twice")
	}
}

func TestWhatMergingDoesNotClose(t *testing.T) {
	// Not in a project with auto-close off, not by somebody who may not change the issue, not from another branch, and not what is closed already.
	l := newLab(t, sandbox.Options{})
	off, far := l.AddProject("create/off"), l.AddProject("far/away")
	l.ok(l.SetAutoClose(off, false))
	l.ok(l.SetLevel("omar", "far", sandbox.Guest))
	for _, p := range []int64{l.project, off, far} {
		_, err := l.Open("maria", p, sandbox.IssueOptions{Title: "Slow"})
		l.ok(err)
	}
	side := l.request(sandbox.MergeRequestOptions{Title: "Closes #1", TargetBranch: "stable"})
	main := l.request(sandbox.MergeRequestOptions{Title: "Draft: Closes create/off#1, far/away#1"})
	if l.Merge("omar", main) == nil {
		t.Error("a draft can be merged")
	}
	l.editRequest(main, sandbox.MergeRequestChange{Draft: ptr(false)})
	for _, ref := range []triage.Ref{side, main} {
		l.ok(l.Merge("omar", ref))
		l.settle()
	}
	for _, p := range []int64{l.project, off, far} {
		if got := l.Issue(triage.Ref{Project: p, IID: 1}).State; got != "opened" {
			t.Errorf("the issue of project %d is %s", p, got)
		}
	}
	// A link made by hand needs no rights on the issue.
	by := l.request(sandbox.MergeRequestOptions{Title: "By hand"})
	l.ok(l.LinkClosing("omar", by, triage.Ref{Project: far, IID: 1}))
	l.ok(l.Merge("omar", by))
	l.settle()
	if got := l.Issue(triage.Ref{Project: far, IID: 1}).State; got != "closed" {
		t.Errorf("the issue that was linked by hand is %s", got)
	}
}

func TestMergeRequestsThroughTheAPI(t *testing.T) {
	l := newLab(t, sandbox.Options{BotLevel: sandbox.Developer})
	l.open(sandbox.IssueOptions{})
	maria := l.must("GET", "/users?username=maria", "").list(t)[0]["id"].(float64)
	o := l.must("POST", "/projects/1/merge_requests", `{"title":"Draft: Faster","source_branch":"a","target_branch":"main","description":"Closes #1","labels":"UX","reviewer_ids":[`+trim(maria)+`]}`).object(t)
	if o["state"] != "opened" || o["draft"] != true || o["iid"] != 1.0 || len(o["reviewers"].([]any)) != 1 || o["labels"].([]any)[0] != "UX" {
		t.Errorf("opened: %v", o)
	}
	if r := l.api("POST", "/projects/1/merge_requests", `{"title":"Again","source_branch":"a","target_branch":"main"}`); r.StatusCode != 409 {
		t.Errorf("another one of the branch is answered %d %s", r.StatusCode, r.Text)
	}
	l.settle()
	l.must("POST", "/projects/1/merge_requests", `{"title":"Other","source_branch":"b","target_branch":"stable"}`)
	l.settle()
	for query, want := range map[string][]int64{
		"": {2, 1}, "?sort=asc": {1, 2}, "?wip=yes": {1}, "?wip=no": {2}, "?draft=true": {1}, "?labels=UX": {1}, "?target_branch=stable": {2}, "?source_branch=a": {1},
		"?reviewer_username=maria": {1}, "?reviewer_id=None": {2}, "?author_username=flowkeeper-bot": {2, 1}, "?state=merged": nil, "?search=faster": {1},
		"?iids[]=2": {2}, "?not[labels]=UX": {2}, "?updated_after=2030-01-01T00:00:00Z": nil,
	} {
		if diff := cmp.Diff(want, l.numbers("/projects/1/merge_requests"+query)); diff != "" {
			t.Errorf("%q: %s", query, diff)
		}
		if diff := cmp.Diff(want, l.numbers("/groups/create/merge_requests"+query)); diff != "" {
			t.Errorf("of the group, %q: %s", query, diff)
		}
	}
	if r := l.api("PUT", "/projects/1/merge_requests/1/merge", ""); r.StatusCode != 405 {
		t.Errorf("merging a draft is answered %d", r.StatusCode)
	}
	l.must("PUT", "/projects/1/merge_requests/1", `{"title":"Faster"}`)
	if r := l.api("PUT", "/projects/1/merge_requests/1/merge", `{"sha":"0000"}`); r.StatusCode != 409 {
		t.Errorf("merging another head is answered %d", r.StatusCode)
	}
	if o := l.must("PUT", "/projects/1/merge_requests/1/merge", "").object(t); o["state"] != "merged" || o["merged_at"] == nil {
		t.Errorf("merged: %v", o["state"])
	}
	l.settle()
	if diff := cmp.Diff([]int64{1}, l.numbers("/projects/1/merge_requests?state=merged")); diff != "" {
		t.Error(diff)
	}
	if got := l.Issue(triage.Ref{Project: 1, IID: 1}); got.State != "closed" {
		t.Errorf("the issue is %s", got.State)
	}
	if l.api("POST", "/projects/1/merge_requests/2/approve", "").StatusCode != 401 || l.api("GET", "/projects/1/merge_requests/9", "").StatusCode != 404 {
		t.Error("the author may approve, or there is a ninth merge request")
	}
}

func TestMergeRequestsOfALaggingReplica(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	l.open(sandbox.IssueOptions{})
	ref := l.request(sandbox.MergeRequestOptions{Description: "Closes #1"})
	l.LagReads(2)
	l.ok(l.Merge("omar", ref))
	l.settle()
	if o := l.must("GET", "/projects/1/merge_requests/1", "").object(t); o["state"] != "opened" {
		t.Errorf("the replica says %v", o["state"])
	}
	if o := l.must("GET", "/projects/1/merge_requests/1/closes_issues", "").list(t); len(o) != 1 || o[0]["state"] != "opened" {
		t.Errorf("the replica says it closes %v", o)
	}
	if o := l.must("GET", "/projects/1/merge_requests/1", "").object(t); o["state"] != "merged" {
		t.Errorf("later it says %v", o["state"])
	}
}
