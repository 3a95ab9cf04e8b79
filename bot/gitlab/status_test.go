package gitlab_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

func TestStatuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		answer string
		want   gitlab.StatusSet
		class  gitlab.Class
	}{
		"statuses of two types": {`200 {"data":{"namespace":{"workItemTypes":{"nodes":[
			{"name":"Issue","widgetDefinitions":[{},{"allowedStatuses":[{"id":"gid://gitlab/WorkItems::Statuses::Custom::Status/7","name":"In dev","category":"IN_PROGRESS"}]}]},
			{"name":"Epic","widgetDefinitions":[{}]}]}}}}`,
			gitlab.StatusSet{"Issue": {{ID: "gid://gitlab/WorkItems::Statuses::Custom::Status/7", Name: "In dev", Category: "in_progress"}}}, ""},
		"what is closed": {`200 {"data":{"namespace":{"workItemTypes":{"nodes":[{"name":"Task","widgetDefinitions":[{"allowedStatuses":[{"id":"x/1","name":"Done","category":"DONE"},
			{"id":"x/2","name":"Won't do","category":"CANCELED"}],"defaultClosedStatus":{"id":"x/2"}}]}]}}}}`,
			gitlab.StatusSet{"Task": {{ID: "x/1", Name: "Done", Category: "done"}, {ID: "x/2", Name: "Won't do", Category: "canceled", ClosedDefault: true}}}, ""},
		"no licence":             {`200 {"data":{"namespace":{"workItemTypes":{"nodes":[{"name":"Issue","widgetDefinitions":[{"allowedStatuses":[]}]}]}}}}`, gitlab.StatusSet{}, ""},
		"no such namespace":      {`200 {"data":{"namespace":null}}`, nil, ""},
		"older than statuses":    {`200 {"errors":[{"message":"No such type WorkItemWidgetDefinitionStatus, so it can't be a fragment condition"}]}`, nil, ""},
		"GraphQL is off":         {`404 {"error":"404 Not Found"}`, nil, ""},
		"null is not none":       {`200 {"data":{"namespace":null},"errors":[{"message":"Timeout on Namespace.workItemTypes"}]}`, nil, gitlab.Transient},
		"a page instead of JSON": {`200 <html>`, nil, gitlab.Transient},
		"nothing":                {`200 {}`, nil, gitlab.Transient},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			web := canned{answers: map[string]string{"POST /api/graphql": tt.answer}}
			got, err := web.client(t).Statuses(t.Context(), "g")
			if diff := cmp.Diff(tt.want, got); diff != "" || gitlab.ClassOf(err) != tt.class {
				t.Errorf("error %v, want one of class %q (-want +got)\n%s", err, tt.class, diff)
			}
		})
	}
}

// TestSetStatus: only what GitLab shows afterwards counts, also where it reports success.
func TestSetStatus(t *testing.T) {
	t.Parallel()
	done := gitlab.ItemStatus{Status: gitlab.Status{ID: "gid://x/3", Name: "Done", Category: "done"}, Closed: true}
	tests := map[string]struct {
		answer string
		want   gitlab.ItemStatus
		class  gitlab.Class
		gone   bool
	}{
		"taken":          {`200 {"data":{"workItemUpdate":{"errors":[],"workItem":{"state":"CLOSED","widgets":[{},{"status":{"id":"gid://x/3","name":"Done","category":"DONE"}}]}}}}`, done, "", false},
		"silently not":   {`200 {"data":{"workItemUpdate":{"errors":[],"workItem":{"state":"OPEN","widgets":[{},{"status":null}]}}}}`, gitlab.ItemStatus{}, "", false},
		"refused":        {`200 {"data":{"workItemUpdate":{"errors":["no"],"workItem":null}}}`, gitlab.ItemStatus{}, gitlab.Permanent, false},
		"deleted status": {`200 {"data":{"workItemUpdate":null},"errors":[{"message":"System-defined status doesn't exist."}]}`, gitlab.ItemStatus{}, gitlab.Permanent, true},
		"CE":             {`200 {"errors":[{"message":"InputObject 'WorkItemUpdateInput' doesn't accept argument 'statusWidget'"}]}`, gitlab.ItemStatus{}, gitlab.Transient, false},
		"trouble":        {`200 {"data":{"workItemUpdate":null},"errors":[{"message":"Internal server error"}]}`, gitlab.ItemStatus{}, gitlab.Transient, false},
		"GraphQL is off": {`404 {"error":"404 Not Found"}`, gitlab.ItemStatus{}, gitlab.Transient, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			web := canned{answers: map[string]string{"POST /api/graphql": tt.answer}}
			got, err := web.client(t).SetStatus(t.Context(), ref, 900, "gid://x/3")
			if got != tt.want || gitlab.ClassOf(err) != tt.class || errors.Is(err, gitlab.ErrNoStatus) != tt.gone {
				t.Errorf("%+v, %v; want %+v, an error of class %q", got, err, tt.want, tt.class)
			}
		})
	}
}

// TestFindStatus: a name in another case is found if only one is meant, and what is not found is told with the nearest.
func TestFindStatus(t *testing.T) {
	t.Parallel()
	set := gitlab.StatusSet{"Issue": {{ID: "1", Name: "In dev"}, {ID: "2", Name: "Done"}, {ID: "3", Name: "done "}, {ID: "4", Name: "DONE"}, {ID: "5", Name: "QA"}, {ID: "6", Name: "qa"}}}
	for name, want := range map[string]string{"In dev": "1", "in DEV": "1", "Done": "2", "DONE": "4"} {
		if got, err := set.Find("Issue", name); got.ID != want || err != nil {
			t.Errorf("%q: %+v, %v; want %s", name, got, err, want)
		}
	}
	for name, words := range map[string]string{"In dve": `did you mean "In dev"?`, "Qa": "2 are called so but for upper and lower case", "nothing like it": "there is no status"} {
		if _, err := set.Find("Issue", name); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: %v; want %s", name, err, words)
		}
	}
	if _, err := set.Find("Task", "Done"); err == nil {
		t.Error("a status of issues is found for tasks")
	}
}

// TestStatusesThatAreNotTold: a GitLab that told the statuses of a namespace a while ago, or was never asked, has to say twice that it does not tell them.
func TestStatusesThatAreNotTold(t *testing.T) {
	t.Parallel()
	web := canned{answers: map[string]string{"POST /api/graphql": `404 {"error":"404 Not Found"}`}}
	client := web.client(t)
	issue := triage.Issue{Ref: ref, ID: 900, Path: "g/p"}
	if _, _, err := client.StatusOf(t.Context(), issue); gitlab.ClassOf(err) != gitlab.Transient {
		t.Errorf("at first: %v, want an error that has it tried again", err)
	}
	if got, told, err := client.StatusOf(t.Context(), issue); told || err != nil || got != (gitlab.ItemStatus{}) {
		t.Errorf("then: %+v, told %t, %v", got, told, err)
	}
	unlicensed := canned{answers: map[string]string{"POST /api/graphql": `200 {"data":{"namespace":{"workItemTypes":{"nodes":[{"name":"Issue","widgetDefinitions":[{"allowedStatuses":[]}]}]}}}}`}}
	if got, told, err := unlicensed.client(t).StatusOf(t.Context(), issue); !told || err != nil || got != (gitlab.ItemStatus{}) {
		t.Errorf("without a licence: %+v, told %t, %v", got, told, err)
	}
}

// TestLackingStatuses: what only one type lacks is told of that type.
func TestLackingStatuses(t *testing.T) {
	t.Parallel()
	set := gitlab.StatusSet{"Issue": {{Name: "To do"}, {Name: "In dev"}}, "Task": {{Name: "To do"}}}
	want := []string{`no status "In dev" for items of type Task`, `no status "to-do" for items of type Issue and Task; did you mean "To do"?`}
	if diff := cmp.Diff(want, set.Lacks([]string{"to do", "In dev", "to-do"})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := (gitlab.StatusSet{}).Lacks([]string{"x"}); got != nil {
		t.Errorf("without a licence it lacks %q", got)
	}
}
