package gitlab

import (
	"context"
	"net/http"
	"time"

	"flowkeeper/rules/triage"
)

// MilestoneEvent is a milestone that an issue was given or taken off.
type MilestoneEvent struct {
	At        time.Time
	Actor     triage.Person
	Milestone int64  // global id
	Title     string // as it is now
	Added     bool
}

// wireMilestoneEvent is an entry of the milestone events. The milestone is null once it was deleted.
type wireMilestoneEvent struct {
	User      *wirePerson `json:"user"`
	CreatedAt time.Time   `json:"created_at"`
	Action    string      `json:"action"` // "add" or "remove"
	Milestone *struct {
		ID    int64  `json:"id"`
		Title string `json:"title"`
	} `json:"milestone"`
}

// MilestoneEvents lists which milestones the issue was given and taken off, the oldest first. Milestones that were deleted since are left out.
// An issue that goes from one milestone to another may have one entry for both, that of the new one.
func (c *Client) MilestoneEvents(ctx context.Context, ref triage.Ref) ([]MilestoneEvent, error) {
	k := call{
		name: "milestone-events", op: "loading the milestone events of " + named(ref), method: http.MethodGet,
		path: subjectPath(ref, "resource_milestone_events"),
	}
	var events []MilestoneEvent
	err := eachOf(ctx, c, k, page{}, func(e wireMilestoneEvent) error {
		if e.Milestone != nil {
			events = append(events, MilestoneEvent{
				At: e.CreatedAt, Actor: e.User.person(), Milestone: e.Milestone.ID, Title: e.Milestone.Title, Added: e.Action == "add",
			})
		}
		return nil
	})
	return events, err
}
