package gitlab

import (
	"strings"

	"flowkeeper/bot/tracing"
)

// describe says on a span what was asked and what came of it: no error text, which may quote GitLab.
func describe(s tracing.Span, k call, status int, err error) {
	if !s.IsOn() {
		return
	}
	s.Text("http.request.method", k.method)
	s.Text("url.template", route(k))
	if status > 0 {
		s.Number("http.response.status_code", int64(status))
	}
	if err != nil {
		s.Text("error.type", string(ClassOf(err)))
		s.Fail(string(ClassOf(err)))
	}
}

// routeWords are the words of GitLab's paths. Whatever else stands in a path is an id or a name.
var routeWords = words(`all award_emoji closed_by closes_issues discussions events groups hooks issues issues_events labels links members
	merge_requests milestones move notes personal_access_tokens projects related_issues related_merge_requests resend resource_label_events
	resource_milestone_events resource_state_events resource_weight_events self test user users version`)

func words(list string) map[string]bool {
	all := map[string]bool{}
	for w := range strings.FieldsSeq(list) {
		all[w] = true
	}
	return all
}

// route is the path of a call without ids and names: "/api/v4/projects/:id/issues/:id/notes". What follows projects or groups is always an id,
// also if it is the name of one that is called like a word of GitLab's.
func route(k call) string {
	if k.graphql {
		return "/api/graphql"
	}
	segments := strings.Split(k.path, "/")
	for n, s := range segments {
		if !routeWords[s] || n > 0 && (segments[n-1] == "projects" || segments[n-1] == "groups") {
			segments[n] = ":id"
		}
	}
	return "/api/v4/" + strings.Join(segments, "/")
}
