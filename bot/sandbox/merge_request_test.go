package sandbox_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// request opens a merge request as omar, who is a Developer, and waits until GitLab has prepared it.
func (l *lab) request(o sandbox.MergeRequestOptions) triage.Ref {
	l.t.Helper()
	if o.Title == "" {
		o.Title = "Faster listing"
	}
	ref, err := l.OpenMergeRequest("omar", l.project, o)
	if err != nil {
		l.t.Fatal(err)
	}
	l.settle()
	return ref
}

// settle waits until the background jobs are done and the hooks are answered.
func (l *lab) settle() {
	l.t.Helper()
	if err := l.AwaitDelivered(l.t.Context()); err != nil {
		l.t.Fatal(err)
	}
}

// ok ends the test if something did not work.
func (l *lab) ok(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) editRequest(ref triage.Ref, c sandbox.MergeRequestChange) {
	l.t.Helper()
	l.ok(l.EditMergeRequest("omar", ref, c))
	l.settle()
}

// requestHooks are the bodies of the Merge Request Hooks from the n-th delivery on.
func (l *lab) requestHooks(from int) []payload {
	l.t.Helper()
	var list []payload
	for _, p := range l.sent(from) {
		if p.Event == "Merge Request Hook" {
			list = append(list, p)
		}
	}
	return list
}

// has reports whether the body has a value, null included.
func (p payload) has(path string) bool { return p.at(path) != "-" }

func TestMergeRequestIsToldWhenItIsPrepared(t *testing.T) {
	// AfterCreateService runs in the background, stores what is closed and sends the hook: an edit before that is told first.
	l := newLab(t, sandbox.Options{})
	l.open(sandbox.IssueOptions{})
	l.settle()
	from := len(l.Deliveries())
	l.HoldJobs()
	ref, err := l.OpenMergeRequest("omar", l.project, sandbox.MergeRequestOptions{Title: "Draft: Faster", Description: "Closes #1"})
	l.ok(err)
	l.ok(l.EditMergeRequest("omar", ref, sandbox.MergeRequestChange{Change: sandbox.Change{AddLabels: []string{"backend"}}}))
	if got := l.must("GET", "/projects/1/merge_requests/1/closes_issues", "").list(t); len(got) != 0 {
		t.Errorf("before it is prepared it closes %v", got)
	}
	if got := l.must("GET", "/projects/1/merge_requests/1", "").object(t)["detailed_merge_status"]; got != "preparing" {
		t.Errorf("before it is prepared its status is %v", got)
	}
	if diff := cmp.Diff([]string{"prepare merge request 1!1"}, l.WaitingJobs()); diff != "" {
		t.Error(diff)
	}
	l.ReleaseJobs()
	hooks := l.requestHooks(from)
	if diff := cmp.Diff([]string{"Merge Request Hook update", "Merge Request Hook open"}, events(hooks)); diff != "" {
		t.Fatal(diff)
	}
	for path, want := range map[string]any{
		"object_kind": "merge_request", "event_type": "merge_request", "user.username": "omar", "project.path_with_namespace": "create/source-code",
		"object_attributes.action": "open", "object_attributes.state": "opened", "object_attributes.state_id": 1.0, "object_attributes.draft": true,
		"object_attributes.target_branch": "main", "changes.merge_status.previous": "preparing", "changes.merge_status.current": "checking",
		"changes.prepared_at.previous": nil, "changes.title": "-", "object_attributes.last_commit.title": "Draft: Faster",
		"object_attributes.url": "http://gitlab.example/create/source-code/-/merge_requests/1", "assignees": "-", "reviewers": "-",
	} {
		if diff := cmp.Diff(want, hooks[1].at(path)); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
	if hooks[1].Issue != (triage.Ref{Project: 1, Kind: triage.SubjectMergeRequest, IID: 1}) {
		t.Errorf("the delivery is about %s", hooks[1].Issue)
	}
	if notes := l.Issue(triage.Ref{Project: 1, IID: 1}).Notes; len(notes) != 1 || notes[0].Text != "mentioned in merge request !1" {
		t.Errorf("notes of the issue: %v", notes)
	}
}

func TestMergeRequestEdits(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	l.open(sandbox.IssueOptions{})
	ref := l.request(sandbox.MergeRequestOptions{Title: "Draft: Faster"})
	edit := func(c sandbox.MergeRequestChange) []payload {
		l.settle()
		from := len(l.Deliveries())
		l.editRequest(ref, c)
		return l.requestHooks(from)
	}
	// The draft is a prefix of the title: both are reported.
	ready := edit(sandbox.MergeRequestChange{Draft: ptr(false)})[0]
	for path, want := range map[string]any{
		"changes.draft.previous": true, "changes.draft.current": false, "changes.title.previous": "Draft: Faster", "changes.title.current": "Faster",
		"object_attributes.draft": false, "object_attributes.work_in_progress": false,
	} {
		if diff := cmp.Diff(want, ready.at(path)); diff != "" {
			t.Errorf("ready: %s: %s", path, diff)
		}
	}
	// A title that begins with [Draft] is a draft, too.
	if p := edit(sandbox.MergeRequestChange{Change: sandbox.Change{Title: ptr("[draft] Faster")}})[0]; p.at("changes.draft.current") != true {
		t.Errorf("a title with [draft]: %v", p.at("changes"))
	}
	// Closing with other edits are two deliveries, as with issues.
	twins := edit(sandbox.MergeRequestChange{Change: sandbox.Change{Close: true, AddLabels: []string{"UX"}}})
	if diff := cmp.Diff([]string{"Merge Request Hook close", "Merge Request Hook update"}, events(twins)); diff != "" {
		t.Fatal(diff)
	}
	if twins[0].has("changes.labels") || !twins[1].has("changes.labels") || twins[1].at("changes.state_id.current") != 2.0 {
		t.Errorf("changes of close %v and update %v", twins[0].at("changes"), twins[1].at("changes"))
	}
	if diff := cmp.Diff([]string{"Merge Request Hook reopen", "Merge Request Hook update"}, events(edit(sandbox.MergeRequestChange{Change: sandbox.Change{Reopen: true}}))); diff != "" {
		t.Error(diff)
	}
	// An edit that changes nothing is told all the same.
	if p := edit(sandbox.MergeRequestChange{})[0]; len(p.at("changes").(map[string]any)) != 0 {
		t.Errorf("changes of nothing: %v", p.at("changes"))
	}
	if p := edit(sandbox.MergeRequestChange{TargetBranch: "stable"})[0]; p.at("changes.target_branch.previous") != "main" {
		t.Errorf("another target: %v", p.at("changes"))
	}
}

func TestReviewersInTheShapeOfTheVersion(t *testing.T) {
	// From 18.6 on the documentation shows a list of two lists, and reviewers with their states; before, it is an object of names.
	for version, list := range map[string]bool{"18.5.0": false, "18.6.0": true, "19.1.0": true} {
		t.Run(version, func(t *testing.T) {
			l := newLab(t, sandbox.Options{Version: version})
			ref := l.request(sandbox.MergeRequestOptions{})
			from := len(l.Deliveries())
			l.editRequest(ref, sandbox.MergeRequestChange{Reviewers: &[]string{"maria"}})
			p := l.requestHooks(from)[0]
			reviewers, isList := p.at("changes.reviewers").([]any)
			if isList != list || list && len(reviewers) != 2 || !list && !p.has("changes.reviewers.previous") {
				t.Errorf("changes.reviewers: %v", p.at("changes.reviewers"))
			}
			_, hasState := p.at("reviewers").([]any)[0].(map[string]any)["state"]
			if hasState != list {
				t.Errorf("reviewers: %v", p.at("reviewers"))
			}
			// Asked once more: no changes, and no hook at all before 18.6.
			l.ok(l.ReRequestReview("omar", ref, "maria"))
			if again := l.requestHooks(from + 1); (len(again) == 1) != list || list && len(again[0].at("changes").(map[string]any)) != 0 {
				t.Errorf("asking once more sent %v", events(again))
			}
		})
	}
}

func TestOlderVersionsAndPlainTimes(t *testing.T) {
	l := newLab(t, sandbox.Options{Version: "16.11.0", PlainRequestTimes: true})
	l.request(sandbox.MergeRequestOptions{})
	p := l.requestHooks(0)[0]
	for _, missing := range []string{"actioned_at", "system", "merged_at", "squash_commit_sha", "approval_rules", "target_branch_protected"} {
		if p.has("object_attributes." + missing) {
			t.Errorf("16.11 sends %s", missing)
		}
	}
	if at := p.at("object_attributes.created_at"); at != "2026-11-23 12:00:00 UTC" {
		t.Errorf("created_at is %v", at)
	}
}

func TestPushToAMergeRequest(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	l.open(sandbox.IssueOptions{})
	ref := l.request(sandbox.MergeRequestOptions{Reviewers: []string{"maria"}})
	l.ok(l.RequireApprovals(l.project, 1))
	before := l.MergeRequest(ref)

	// An approval is told at once, with the time of update from before; GitLab's note, which moves it, is a job of its own.
	l.HoldJobs()
	from := len(l.Deliveries())
	l.ok(l.Approve("maria", ref))
	p := l.requestHooks(from)[0]
	if p.Action != "approved" || p.at("object_attributes.updated_at") != before.UpdatedAt.Format("2006-01-02T15:04:05.000Z") || len(p.at("changes").(map[string]any)) != 0 {
		t.Errorf("approving sent %s with %v and changes %v", p.Action, p.at("object_attributes.updated_at"), p.at("changes"))
	}
	l.ReleaseJobs()
	l.settle()
	if !l.MergeRequest(ref).UpdatedAt.After(before.UpdatedAt) {
		t.Error("the note on the approval does not move the time of update")
	}

	// A push tells the head before, and what is closed is stored anew; the approvals go in a later job, in the name of who pushed.
	from = len(l.Deliveries())
	l.ok(l.Push("omar", ref, "Fixes #1"))
	hooks := l.requestHooks(from)
	if diff := cmp.Diff([]string{"Merge Request Hook update", "Merge Request Hook unapproved"}, events(hooks)); diff != "" {
		t.Fatal(diff)
	}
	after := l.MergeRequest(ref)
	for n, want := range []map[string]any{
		{"object_attributes.oldrev": before.Head, "object_attributes.last_commit.id": after.Head, "changes.title": "-"},
		{"object_attributes.oldrev": "-", "object_attributes.system": true, "object_attributes.system_action": "approvals_reset_on_push", "user.username": "omar"},
	} {
		for path, v := range want {
			if diff := cmp.Diff(v, hooks[n].at(path)); diff != "" {
				t.Errorf("%s: %s: %s", hooks[n].Action, path, diff)
			}
		}
	}
	if diff := cmp.Diff([]triage.Ref{{Project: 1, IID: 1}}, after.Closes); diff != "" || len(after.ApprovedBy) != 0 {
		t.Errorf("closes %v, approved by %v", after.Closes, after.ApprovedBy)
	}

	// A commit may make it a draft, of which the changes say nothing.
	from = len(l.Deliveries())
	l.ok(l.Push("omar", ref, "fixup! Faster"))
	if p := l.requestHooks(from)[0]; p.at("object_attributes.draft") != true || p.has("changes.draft") {
		t.Errorf("a fixup commit: draft %v, changes %v", p.at("object_attributes.draft"), p.at("changes"))
	}
}

func TestApprovals(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	l.ok(l.RequireApprovals(l.project, 2))
	if _, err := l.AddUser("ines", "Ines", sandbox.Developer); err != nil {
		t.Fatal(err)
	}
	ref := l.request(sandbox.MergeRequestOptions{})
	from := len(l.Deliveries())
	for _, do := range []func(string, triage.Ref) error{l.Approve, l.Unapprove, l.Approve} {
		l.ok(do("maria", ref))
		l.settle()
	}
	l.ok(l.Approve("ines", ref))
	l.settle()
	l.ok(l.Unapprove("ines", ref))
	var actions []string
	for _, p := range l.requestHooks(from) {
		actions = append(actions, p.Action)
	}
	if diff := cmp.Diff([]string{"approval", "unapproval", "approval", "approved", "unapproved"}, actions); diff != "" {
		t.Error(diff)
	}
	if l.Approve("omar", ref) == nil || l.Approve("gil", ref) == nil || l.Approve("maria", ref) == nil {
		t.Error("the author, a guest, or somebody twice may approve")
	}
	o := l.must("GET", "/projects/1/merge_requests/1/approvals", "").object(t)
	if o["approvals_left"] != 1.0 || o["approved"] != false || len(o["approved_by"].([]any)) != 1 {
		t.Errorf("approvals: %v", o)
	}
}

func TestForkThatIsDeleted(t *testing.T) {
	// UnlinkForkService closes the open merge requests; afterwards the source is null.
	l := newLab(t, sandbox.Options{})
	fork, err := l.Fork(l.project, "omar/source-code")
	l.ok(err)
	ref := l.request(sandbox.MergeRequestOptions{From: fork})
	if p := l.requestHooks(0)[0]; p.at("object_attributes.source.path_with_namespace") != "omar/source-code" || p.at("project.path_with_namespace") != "create/source-code" {
		t.Errorf("source %v, project %v", p.at("object_attributes.source.path_with_namespace"), p.at("project.path_with_namespace"))
	}
	l.ok(l.DeleteFork("omar", fork))
	l.editRequest(ref, sandbox.MergeRequestChange{Change: sandbox.Change{AddLabels: []string{"UX"}}})
	hooks := l.requestHooks(1)
	if diff := cmp.Diff([]string{"Merge Request Hook close", "Merge Request Hook update"}, events(hooks)); diff != "" {
		t.Fatal(diff)
	}
	if hooks[1].at("object_attributes.source") != nil || hooks[1].at("object_attributes.source_project_id") != nil {
		t.Errorf("the source is %v", hooks[1].at("object_attributes.source"))
	}
}

func TestWhoMayDoWhatToAMergeRequest(t *testing.T) {
	// update_merge_request is for Developers, the author and assignees; set_merge_request_metadata for Developers alone: labels of others are left out silently.
	l := newLab(t, sandbox.Options{}) // the bot is a Reporter
	l.request(sandbox.MergeRequestOptions{})
	if r := l.api("PUT", "/projects/1/merge_requests/1", `{"add_labels":"UX"}`); r.StatusCode != 403 {
		t.Errorf("a Reporter who labels is answered %d", r.StatusCode)
	}
	botID := l.must("GET", "/user", "").object(t)["id"].(float64)
	l.editRequest(triage.Ref{Project: 1, Kind: triage.SubjectMergeRequest, IID: 1}, sandbox.MergeRequestChange{Change: sandbox.Change{Assignees: &[]string{"flowkeeper-bot"}}})
	o := l.must("PUT", "/projects/1/merge_requests/1", `{"add_labels":"UX","title":"Slower"}`).object(t)
	if o["title"] != "Slower" || len(o["labels"].([]any)) != 0 || o["assignee"].(map[string]any)["id"] != botID {
		t.Errorf("an assignee who is a Reporter: title %v, labels %v", o["title"], o["labels"])
	}
	if r := l.api("POST", "/projects/1/merge_requests/1/notes", `{"body":"/merge"}`); r.StatusCode != 400 || !strings.Contains(r.Text, "Could not apply merge command") {
		t.Errorf("a Reporter who merges is answered %d %s", r.StatusCode, r.Text)
	}
	if r := l.api("POST", "/projects/1/merge_requests", `{"title":"x","source_branch":"a","target_branch":"main"}`); r.StatusCode != 403 {
		t.Errorf("a Reporter who opens is answered %d", r.StatusCode)
	}
}

func TestNotesOfAMergeRequest(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	l.ok(l.AddLabel(l.project, "UX", "", ""))
	ref := l.request(sandbox.MergeRequestOptions{Title: "Draft: Faster"})
	from := len(l.Deliveries())
	l.must("POST", "/projects/1/merge_requests/1/notes", `{"body":"hello"}`)
	l.comment("omar", ref, "done\n\n/ready\n/label ~UX\n/weight 3")
	l.ok(l.React("maria", ref, 0, "thumbsup"))
	hooks := l.sent(from)
	if diff := cmp.Diff([]string{"Note Hook create", "Note Hook create", "Merge Request Hook update", "Emoji Hook award"}, events(hooks)); diff != "" {
		t.Fatal(diff)
	}
	for path, want := range map[string]any{
		"object_attributes.noteable_type": "MergeRequest", "merge_request.iid": 1.0, "issue": "-", "merge_request.draft": true,
		"object_attributes.url": l.MergeRequest(ref).URL + "#note_" + trim(hooks[0].at("object_attributes.id")),
	} {
		if diff := cmp.Diff(want, hooks[0].at(path)); diff != "" {
			t.Errorf("note: %s: %s", path, diff)
		}
	}
	if hooks[3].at("object_attributes.awardable_type") != "MergeRequest" || !hooks[3].has("merge_request.iid") {
		t.Errorf("the reaction is on %v", hooks[3].Body)
	}
	if hooks[2].at("changes.draft.current") != false {
		t.Errorf("/ready changed %v", hooks[2].at("changes"))
	}
	var bodies []any
	for _, n := range l.must("GET", "/projects/1/merge_requests/1/notes?activity_filter=only_comments&sort=asc", "").list(t) {
		bodies = append(bodies, n["body"], n["noteable_type"])
	}
	if diff := cmp.Diff([]any{"hello", "MergeRequest", "done", "MergeRequest"}, bodies); diff != "" {
		t.Error(diff)
	}
	labels := l.must("GET", "/projects/1/merge_requests/1/resource_label_events", "").list(t)
	if len(labels) != 1 || labels[0]["resource_type"] != "MergeRequest" || !l.Issue(ref).Has("UX") || l.Issue(ref).Weight != nil {
		t.Errorf("label events: %v; weight %v", labels, l.Issue(ref).Weight)
	}
}

// trim writes an id that was read as a JSON number.
func trim(id any) string { return strconv.FormatFloat(id.(float64), 'f', -1, 64) }

func TestHookForMergeRequestsIsTestedWithoutAnAction(t *testing.T) {
	// to_hook_data is called without an action: the body of a test has none, and no changes.
	l := newLab(t, sandbox.Options{BotLevel: sandbox.Maintainer})
	path := "/projects/1/hooks/" + trim(float64(l.hook)) + "/test/merge_requests_events"
	if r := l.api("POST", path, ""); r.StatusCode != 422 || !strings.Contains(r.Text, "Ensure the project has merge requests.") {
		t.Errorf("without a merge request: %d %s", r.StatusCode, r.Text)
	}
	l.request(sandbox.MergeRequestOptions{})
	from := len(l.Deliveries())
	l.must("POST", path, "")
	p := l.requestHooks(from)[0]
	if p.has("object_attributes.action") || len(p.at("changes").(map[string]any)) != 0 || p.at("user.username") != "flowkeeper-bot" {
		t.Errorf("the test says %v", p.Body)
	}
}

// Nobody is told that a merge request was deleted, and no other one gets its number.
func TestDeletedMergeRequest(t *testing.T) {
	t.Parallel()
	l := newLab(t, sandbox.Options{})
	if _, err := l.AddUser("olga", "Olga", sandbox.Owner); err != nil {
		t.Fatal(err)
	}
	first, second := l.request(sandbox.MergeRequestOptions{}), l.request(sandbox.MergeRequestOptions{})
	mark := len(l.Deliveries())
	if l.DeleteMergeRequest("omar", second) == nil {
		t.Error("a Developer may delete merge requests")
	}
	l.ok(l.DeleteMergeRequest("olga", second))
	l.settle()
	if hooks := l.requestHooks(mark); len(hooks) > 0 || l.MergeRequest(second).IID != 0 || l.MergeRequest(first).IID != first.IID {
		t.Errorf("after the deletion: %d webhooks, %+v, %+v", len(hooks), l.MergeRequest(first), l.MergeRequest(second))
	}
	if third := l.request(sandbox.MergeRequestOptions{}); third.IID != second.IID+1 {
		t.Errorf("the next one is %s", third)
	}
}

func TestImportedMergeRequests(t *testing.T) {
	t.Parallel()
	l := newLab(t, sandbox.Options{})
	l.open(sandbox.IssueOptions{})
	at := l.Issue(triage.Ref{Project: l.project, IID: 1}).CreatedAt.AddDate(-1, 0, 0)
	im := func(o sandbox.MergeRequestOptions, merged, closed time.Time) sandbox.ImportedMergeRequest {
		return sandbox.ImportedMergeRequest{MergeRequestOptions: o, Author: "omar", CreatedAt: at, UpdatedAt: at.AddDate(0, 1, 0), MergedAt: merged, ClosedAt: closed}
	}
	before := len(l.sent(0))
	l.ok(l.ImportMergeRequests(l.project, []sandbox.ImportedMergeRequest{
		im(sandbox.MergeRequestOptions{Title: "Draft: a", Description: "Closes #1", Labels: []string{"UX"}, Reviewers: []string{"nora"}}, time.Time{}, time.Time{}),
		im(sandbox.MergeRequestOptions{Title: "b"}, at.AddDate(0, 0, 1), time.Time{}),
		im(sandbox.MergeRequestOptions{Title: "c"}, time.Time{}, at.AddDate(0, 0, 1)),
	}))
	l.settle()
	if n := len(l.sent(0)) - before; n > 0 {
		t.Errorf("%d webhooks tell of it", n)
	}
	ref := func(iid int64) triage.Ref {
		return triage.Ref{Project: l.project, Kind: triage.SubjectMergeRequest, IID: iid}
	}
	a := l.MergeRequest(ref(1))
	if a.State != "opened" || !a.Draft || !a.UpdatedAt.Equal(at.AddDate(0, 1, 0)) || len(a.Closes) != 1 || len(a.Labels) != 1 || len(a.Reviewers) != 1 || a.Author != "omar" {
		t.Errorf("the first is %+v", a)
	}
	if b, c := l.MergeRequest(ref(2)), l.MergeRequest(ref(3)); b.State != "merged" || c.State != "closed" || !b.MergedAt.Equal(at.AddDate(0, 0, 1)) {
		t.Errorf("the others are %+v and %+v", b, c)
	}
	if next := l.request(sandbox.MergeRequestOptions{}); next.IID != 4 {
		t.Errorf("the next one is %s", next)
	}
	if l.ImportMergeRequests(l.project, []sandbox.ImportedMergeRequest{{Author: "nobody"}}) == nil || l.ImportMergeRequests(99, nil) == nil {
		t.Error("what cannot be imported is")
	}
}
