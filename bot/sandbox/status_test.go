package sandbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// kanban are statuses of a group's own.
var kanban = []sandbox.Status{
	{Name: "Next", Category: "to_do", Color: "#111111"}, {Name: "In dev", Category: "in_progress"}, {Name: "In review", Category: "in_progress"},
	{Name: "Shipped", Category: "done"}, {Name: "Dropped", Category: "canceled"},
}

// graphQL asks with the bot's token and gives the answer, whose status has to be 200.
func (l *lab) graphQL(query string, variables map[string]any) map[string]any {
	l.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	l.ok(err)
	r := httptest.NewRequestWithContext(l.t.Context(), http.MethodPost, "/api/graphql", strings.NewReader(string(body)))
	r.Header.Set("PRIVATE-TOKEN", botToken)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	l.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		l.t.Fatalf("GraphQL answered %d %s", w.Code, w.Body)
	}
	return reply{w.Result(), w.Body.String()}.object(l.t)
}

// pick reads a value below an answer: "data.namespace.workItems.nodes.0.iid". Absent is "-".
func pick(v any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		switch w := v.(type) {
		case map[string]any:
			var has bool
			if v, has = w[name]; !has {
				return "-"
			}
		case []any:
			n := 0
			if _, err := fmt.Sscan(name, &n); err != nil || n >= len(w) {
				return "-"
			}
			v = w[n]
		default:
			return "-"
		}
	}
	return v
}

const readStatuses = `query($p: ID!, $i: [String!]) { namespace(fullPath: $p) { workItems(iids: $i) { nodes {
  id iid state lockVersion updatedAt
  workItemType { name widgetDefinitions { ... on WorkItemWidgetDefinitionStatus { allowedStatuses { id name category color position } defaultOpenStatus { id } defaultClosedStatus { id } } } }
  widgets { ... on WorkItemWidgetStatus { status { id name category color } } }
  userPermissions { updateWorkItem } } } } }`

const writeStatus = `mutation($input: WorkItemUpdateInput!) { workItemUpdate(input: $input) { errors workItem { widgets { ... on WorkItemWidgetStatus { status { id name } } } } } }`

// ask reads the status of the first issue, the ids of those that it may have by their names, and its global id.
func (l *lab) ask() (status any, allowed map[string]string, id string) {
	l.t.Helper()
	answer := l.graphQL(readStatuses, map[string]any{"p": "create/source-code", "i": []string{"1"}})
	item := pick(answer, "data.namespace.workItems.nodes.0")
	allowed = map[string]string{}
	for _, d := range pick(item, "workItemType.widgetDefinitions").([]any) {
		list, _ := pick(d, "allowedStatuses").([]any)
		for _, t := range list {
			allowed[pick(t, "name").(string)] = pick(t, "id").(string)
		}
	}
	status = "-"
	for _, w := range pick(item, "widgets").([]any) {
		if name := pick(w, "status.name"); name != "-" {
			status = name
		}
	}
	return status, allowed, pick(item, "id").(string)
}

// write sets the status by its global id and gives the name of the status in the answer, and its errors.
func (l *lab) write(item, status string) (now, errs any) {
	l.t.Helper()
	answer := l.graphQL(writeStatus, map[string]any{"input": map[string]any{"id": item, "statusWidget": map[string]any{"status": status}}})
	if pick(answer, "errors") != "-" {
		return nil, pick(answer, "errors.0.message")
	}
	now = "-"
	widgets, _ := pick(answer, "data.workItemUpdate.workItem.widgets").([]any)
	for _, w := range widgets {
		if name := pick(w, "status.name"); name != "-" {
			now = name
		}
	}
	return now, pick(answer, "data.workItemUpdate.errors")
}

const (
	systemStatus = "gid://gitlab/WorkItems::Statuses::SystemDefined::Status/"
	customStatus = "gid://gitlab/WorkItems::Statuses::Custom::Status/"
)

func TestStatusIsReadAndWritten(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{})
	now, allowed, id := l.ask()
	want := map[string]string{
		"To do": systemStatus + "1", "In progress": systemStatus + "2", "Done": systemStatus + "3", "Won't do": systemStatus + "4", "Duplicate": systemStatus + "5",
	}
	if diff := cmp.Diff(want, allowed); diff != "" || now != "To do" {
		t.Errorf("an issue that nobody gave a status has %v; allowed: %s", now, diff)
	}
	l.settle()
	from := len(l.Deliveries())
	if now, errs := l.write(id, systemStatus+"2"); now != "In progress" || len(errs.([]any)) != 0 {
		t.Errorf("the answer says %v, errors %v", now, errs)
	}
	// A status of the same state is one delivery.
	p := l.sent(from)
	if diff := cmp.Diff([]string{"Issue Hook update"}, events(p)); diff != "" {
		t.Fatal(diff)
	}
	for path, want := range map[string]any{
		"object_attributes.status.name": "In progress", "object_attributes.status.category": "in_progress", "changes.status.previous.name": "To do",
		"changes.status.current.id": systemStatus + "2", "changes.state_id": "-", "object_attributes.state": "opened",
	} {
		if diff := cmp.Diff(want, p[0].at(path)); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
	// One that is done closes the issue: two deliveries, of which the first has the new status and does not report it. One that is open reopens it.
	for _, step := range []struct{ status, action, state string }{{systemStatus + "3", "close", "closed"}, {systemStatus + "1", "reopen", "opened"}} {
		from = len(l.Deliveries())
		now, _ := l.write(id, step.status)
		p := l.sent(from)
		if diff := cmp.Diff([]string{"Issue Hook " + step.action, "Issue Hook update"}, events(p)); diff != "" {
			t.Fatal(diff)
		}
		if p[0].at("object_attributes.status.name") != now || p[0].has("changes.status") || p[1].at("changes.status.current.name") != now || l.Issue(ref).State != step.state {
			t.Errorf("%s: %v and %v, the issue is %s", step.action, p[0].at("changes"), p[1].at("changes"), l.Issue(ref).State)
		}
	}
	if diff := cmp.Diff([]string{"MUTATION workItemUpdate 1#1", "MUTATION workItemUpdate 1#1", "MUTATION workItemUpdate 1#1"}, l.Writes()); diff != "" {
		t.Error(diff)
	}
}

func TestStatusFollowsTheState(t *testing.T) {
	// Closing, reopening, marking as a duplicate and moving set the defaults of the lifecycle.
	l := newLab(t, sandbox.Options{})
	l.ok(l.SetStatuses("create", kanban))
	ref, other := l.open(sandbox.IssueOptions{}), l.open(sandbox.IssueOptions{})
	for _, step := range []struct {
		do   func()
		want string
	}{
		{func() {}, "Next"},
		{func() { l.ok(l.SetStatus("omar", ref, "in DEV")) }, "In dev"},
		{func() { l.edit("omar", ref, sandbox.Change{Close: true}) }, "Shipped"},
		{func() { l.edit("omar", ref, sandbox.Change{Reopen: true}) }, "Next"},
		{func() { l.comment("omar", ref, `/status "In review"`) }, "In review"},
		{func() { l.edit("omar", ref, sandbox.Change{Cancel: true}) }, "Dropped"},
		{func() { l.edit("omar", ref, sandbox.Change{Reopen: true}) }, "Next"},
		{func() { l.comment("omar", ref, fmt.Sprintf("/duplicate #%d", other.IID)) }, "Dropped"},
	} {
		step.do()
		if got := l.Issue(ref).Status; got != step.want {
			t.Errorf("the status is %q, want %q", got, step.want)
		}
	}
	if l.SetStatus("omar", ref, "To do") == nil {
		t.Error("GitLab's own status is still there")
	}
	request := l.request(sandbox.MergeRequestOptions{Title: "Closes #2"})
	l.settle()
	from := len(l.Deliveries())
	l.ok(l.Merge("omar", request))
	for _, p := range l.sent(from) {
		if p.Event == "Issue Hook" && (p.Action != "close" || p.at("object_attributes.status.name") != "Shipped" || p.has("changes.status")) {
			t.Errorf("closed by a merge request: %s with %v", p.Action, p.at("changes"))
		}
	}
}

func TestStatusThatCannotBeSet(t *testing.T) {
	// WorkItems::Callbacks::Status: what is not of the lifecycle, not licensed or not allowed is dropped without an error. Only an id that names nothing is one.
	tests := map[string]struct {
		edition sandbox.Edition
		setUp   func(l *lab)
		status  string
		now     any
		errs    string
	}{
		"not licensed":                     {sandbox.Free, nil, systemStatus + "2", "-", ""},
		"a system status of one's own":     {sandbox.Premium, func(l *lab) { l.ok(l.SetStatuses("create", kanban)) }, systemStatus + "2", "Next", ""},
		"nobody's id":                      {sandbox.Premium, nil, customStatus + "99999", nil, "Status doesn't exist."},
		"no id":                            {sandbox.Premium, nil, "In progress", nil, "Status doesn't exist."},
		"for somebody who may not":         {sandbox.Premium, func(l *lab) { l.ok(l.SetLevel("flowkeeper-bot", "create", 0)) }, systemStatus + "2", "To do", ""},
		"FOSS does not know the widget":    {sandbox.CE, nil, systemStatus + "2", nil, "No such type WorkItemWidgetStatus"},
		"of another top-level group":       {sandbox.Premium, func(l *lab) { l.AddGroup("far"); l.ok(l.SetStatuses("far", kanban)) }, "far:In dev", "To do", ""},
		"of a group that has replaced its": {sandbox.Premium, func(l *lab) { l.ok(l.SetStatuses("create", kanban)) }, "far:Next", "Next", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, sandbox.Options{Edition: tt.edition})
			ref, err := l.Open("flowkeeper-bot", l.project, sandbox.IssueOptions{Title: "Slow"})
			l.ok(err)
			if tt.setUp != nil {
				tt.setUp(l)
			}
			status := tt.status
			if of, found := strings.CutPrefix(status, "far:"); found {
				if status = l.statusID(of); status == "" {
					status = customStatus + "1"
				}
			}
			before := l.Issue(ref).UpdatedAt
			now, errs := l.write(fmt.Sprintf("gid://gitlab/WorkItem/%d", l.Issue(ref).ID), status)
			if text := fmt.Sprint(errs); tt.errs != "" && !strings.Contains(text, tt.errs) || tt.errs == "" && text != "[]" {
				t.Errorf("errors: %s", text)
			}
			if now != tt.now || l.Issue(ref).UpdatedAt != before {
				t.Errorf("the answer has the status %v, want %v", now, tt.now)
			}
		})
	}
}

// statusID is the global id of a status of whatever group, "" if there is none.
func (l *lab) statusID(name string) string {
	answer := l.graphQL(`query($n: String) { workItemAllowedStatuses(name: $n) { nodes { id } } }`, map[string]any{"n": name})
	id, _ := pick(answer, "data.workItemAllowedStatuses.nodes.0.id").(string)
	return id
}

func TestStatusesThatLookAlike(t *testing.T) {
	// Names are unique within a lifecycle, whatever their case, and not beside it: a namespace has up to 70, and the root field mixes those of all groups.
	l := newLab(t, sandbox.Options{})
	l.open(sandbox.IssueOptions{})
	alike := func(prefix string) []sandbox.Status {
		list := []sandbox.Status{{Name: "In dev", Category: "in_progress"}, {Name: prefix + " done", Category: "done"}}
		for n := range 28 {
			list = append(list, sandbox.Status{Name: "In dev" + strings.Repeat(" ", n/26) + string(rune('a'+n%26)), Category: "in_progress"})
		}
		return list
	}
	for _, types := range [][]string{{"Task"}, {"Bug"}, {"Issue"}} {
		l.ok(l.SetStatuses("create", alike(types[0]), types...))
	}
	_, allowed, id := l.ask()
	if len(allowed) != 30 {
		t.Errorf("%d statuses are allowed", len(allowed))
	}
	if now, _ := l.write(id, allowed["In dev"]); now != "In dev" {
		t.Errorf("the status is %v", now)
	}
	answer := l.graphQL(`{ workItemAllowedStatuses(name: "in dev") { nodes { id name } } }`, nil)
	if n := len(pick(answer, "data.workItemAllowedStatuses.nodes").([]any)); n != 3 {
		t.Errorf("three lifecycles have %d statuses called In dev", n)
	}
	if l.SetStatuses("create", []sandbox.Status{{Name: "A", Category: "to_do"}, {Name: "a", Category: "done"}}) == nil {
		t.Error("two statuses of one lifecycle have the same name")
	}
}

func TestStatusThatChangesMeanwhile(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	l.open(sandbox.IssueOptions{})
	l.ok(l.SetStatuses("create", kanban))
	_, allowed, id := l.ask()
	l.FailNext(sandbox.Fault{Match: "MUTATION", Meanwhile: func() { l.ok(l.RenameStatus("create", "In dev", "Doing")) }})
	if now, _ := l.write(id, allowed["In dev"]); now != "Doing" {
		t.Errorf("renamed between read and write it is %v", now)
	}
	l.FailNext(sandbox.Fault{Match: "MUTATION", Meanwhile: func() { l.ok(l.DeleteStatus("create", "In review")) }})
	if _, errs := l.write(id, allowed["In review"]); errs != "Status doesn't exist." {
		t.Errorf("deleted between read and write: %v", errs)
	}
	l.ok(l.DeleteStatus("create", "Doing"))
	if now, _, _ := l.ask(); now != "Next" {
		t.Errorf("an issue whose status was deleted has %v", now)
	}
	// The newest versions take a name as well.
	newest := newLab(t, sandbox.Options{Version: "19.4.0"})
	ref := newest.open(sandbox.IssueOptions{})
	set := func(name string) any {
		return pick(newest.graphQL(writeStatus, map[string]any{"input": map[string]any{
			"id": fmt.Sprintf("gid://gitlab/WorkItem/%d", newest.Issue(ref).ID), "statusWidget": map[string]any{"name": name},
		}}), "data.workItemUpdate.errors.0")
	}
	if got := set("IN progress"); got != "-" || newest.Issue(ref).Status != "In progress" {
		t.Errorf("set by name: %v, the status is %s", got, newest.Issue(ref).Status)
	}
	if got := fmt.Sprint(set("Doing")); !strings.HasPrefix(got, "Status 'Doing' is not valid for this work item type. Valid statuses are: To do, In progress") {
		t.Errorf("a name that is none: %s", got)
	}
}

func TestWhereThereIsNoStatus(t *testing.T) {
	for name, tt := range map[string]struct {
		opt  sandbox.Options
		kind string
	}{
		"Free":      {sandbox.Options{Edition: sandbox.Free}, "Issue"},
		"CE":        {sandbox.Options{Edition: sandbox.CE}, "Issue"},
		"old":       {sandbox.Options{Version: "18.1.0"}, "Issue"},
		"incidents": {sandbox.Options{}, "Incident"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, tt.opt)
			ref := l.open(sandbox.IssueOptions{Type: tt.kind})
			if p := l.sent(0)[0]; p.has("object_attributes.status") || l.Issue(ref).Status != "" {
				t.Errorf("the hook tells %v", p.at("object_attributes.status"))
			}
		})
	}
	// A build without it refuses the question, with the status 200; a namespace without a licence allows none.
	foss := newLab(t, sandbox.Options{Edition: sandbox.CE})
	if got := pick(foss.graphQL(readStatuses, map[string]any{"p": "create/source-code"}), "errors.0.message"); got != "No such type WorkItemWidgetDefinitionStatus, so it can't be a fragment condition" {
		t.Errorf("FOSS says %v", got)
	}
	free := newLab(t, sandbox.Options{Edition: sandbox.Free})
	free.open(sandbox.IssueOptions{})
	if now, allowed, _ := free.ask(); now != "-" || len(allowed) != 0 {
		t.Errorf("Free has the status %v and allows %v", now, allowed)
	}
}

func TestGraphQLThatIsNotThere(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{})
	_, _, id := l.ask()
	post := func() *httptest.ResponseRecorder {
		body := fmt.Sprintf(`{"query":%q,"variables":{"input":{"id":%q,"statusWidget":{"status":%q}}}}`, writeStatus, id, systemStatus+"2")
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/graphql", strings.NewReader(body))
		r.Header.Set("PRIVATE-TOKEN", botToken)
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		l.ServeHTTP(w, r)
		return w
	}
	for name, tt := range map[string]struct {
		fault  sandbox.Fault
		status int
		body   string
		now    string
	}{
		"off":   {sandbox.GraphQLOff(), 404, "404", "To do"},
		"HTML":  {sandbox.GraphQLAnswersHTML(), 200, "<!DOCTYPE html>", "To do"},
		"nulls": {sandbox.GraphQLNulls("MUTATION", "workItemUpdate"), 200, `{"data":{"workItemUpdate":null},"errors":`, "In progress"},
	} {
		t.Run(name, func(t *testing.T) {
			l.ok(l.SetStatus("omar", ref, "To do"))
			l.FailNext(tt.fault)
			defer l.ClearFaults()
			if w := post(); w.Code != tt.status || !strings.Contains(w.Body.String(), tt.body) {
				t.Errorf("the answer is %d %s", w.Code, w.Body)
			}
			if got := l.Issue(ref).Status; got != tt.now {
				t.Errorf("the status is %s", got)
			}
		})
	}
}

func TestDevelopmentWidget(t *testing.T) {
	// One question for several issues, with the merge requests of all projects.
	l := newLab(t, sandbox.Options{})
	l.open(sandbox.IssueOptions{})
	other := l.AddProject("create/other")
	ref, err := l.OpenMergeRequest("omar", other, sandbox.MergeRequestOptions{Title: "Draft: x", Description: "Closes create/source-code#1"})
	l.ok(err)
	l.settle()
	answer := l.graphQL(`query { a: namespace(fullPath: "create/source-code") { workItems(iids: ["1"]) { nodes { widgets { ... on WorkItemWidgetDevelopment {
		willAutoCloseByMergeRequest closingMergeRequests { nodes { fromMrDescription mergeRequest { iid state draft project { fullPath } } } } } } } } } }`, nil)
	var found any
	for _, w := range pick(answer, "data.a.workItems.nodes.0.widgets").([]any) {
		if pick(w, "willAutoCloseByMergeRequest") == true {
			found = pick(w, "closingMergeRequests.nodes")
		}
	}
	want := []any{map[string]any{"fromMrDescription": true, "mergeRequest": map[string]any{
		"iid": "1", "state": "opened", "draft": true, "project": map[string]any{"fullPath": "create/other"},
	}}}
	if diff := cmp.Diff(any(want), found); diff != "" {
		t.Error(diff)
	}
	if got := l.ClosingMergeRequests(triage.Ref{Project: l.project, IID: 1}); len(got) != 1 || got[0].Ref != ref {
		t.Errorf("closing merge requests: %v", got)
	}
}
