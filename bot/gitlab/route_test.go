package gitlab

import (
	"strings"
	"testing"
)

func TestRoute(t *testing.T) {
	for path, want := range map[string]string{
		"user": "user",
		"projects/7/issues/12/notes/801/award_emoji":   "projects/:id/issues/:id/notes/:id/award_emoji",
		"projects/team%2Fsecret/issues":                "projects/:id/issues",
		"projects/notes/issues":                        "projects/:id/issues",
		"groups/team%2Fsecret/milestones":              "groups/:id/milestones",
		"groups/5/projects":                            "groups/:id/projects",
		"projects/7/labels/a%20secret":                 "projects/:id/labels/:id",
		"projects/7/hooks/9/events/3/resend":           "projects/:id/hooks/:id/events/:id/resend",
		"projects/7/issues/12/discussions/0f3ab/notes": "projects/:id/issues/:id/discussions/:id/notes",
		"projects/7/members/all/41":                    "projects/:id/members/all/:id",
		"projects/7/merge_requests/12/closes_issues":   "projects/:id/merge_requests/:id/closes_issues",
		"projects/7/merge_requests/12/related_issues":  "projects/:id/merge_requests/:id/related_issues",
		"projects/7/issues/12/related_merge_requests":  "projects/:id/issues/:id/related_merge_requests",
		"projects/7/issues/12/closed_by":               "projects/:id/issues/:id/closed_by",
		"projects/7/issues/12/move":                    "projects/:id/issues/:id/move",
	} {
		if got, _ := strings.CutPrefix(route(call{path: path}), "/api/v4/"); got != want {
			t.Errorf("the route of %s is %s, want %s", path, got, want)
		}
	}
	if got := route(call{graphql: true}); got != "/api/graphql" {
		t.Errorf("the route of GraphQL is %s", got)
	}
}
