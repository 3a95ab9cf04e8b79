package gitlab

import (
	"context"
	"net/http"

	"flowkeeper/rules/triage"
)

// Discussions counts the threads and the comments below an issue or a merge request, without GitLab's own notes and those of people that without names. A thread
// counts if something in it does. At most triage.MaxDiscussions threads are read, the oldest first.
func (c *Client) Discussions(ctx context.Context, ref triage.Ref, without func(triage.Person) bool) (triage.Discussions, error) {
	k := call{name: "discussion", op: "counting the comments on " + named(ref), method: http.MethodGet, path: subjectPath(ref, "discussions")}
	var count triage.Discussions
	read := 0
	err := eachOf(ctx, c, k, page{}, func(d wireDiscussion) error {
		said := 0
		for _, n := range d.Notes {
			if !n.System && !without(n.Author.person()) {
				said++
			}
		}
		if count.Notes += said; said > 0 {
			count.Threads++
		}
		if read++; read >= triage.MaxDiscussions {
			return errEnough
		}
		return nil
	})
	return count, err
}
