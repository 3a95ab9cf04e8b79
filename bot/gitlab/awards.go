package gitlab

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"flowkeeper/rules/triage"
)

// Award is a reaction. Name is GitLab's: "thumbsup".
type Award struct {
	User triage.Person
	Name string
	At   time.Time
}

// wireAward is a reaction as GitLab sends one.
type wireAward struct {
	Name string      `json:"name"`
	User *wirePerson `json:"user"`
	At   time.Time   `json:"created_at"`
}

// Awards lists the reactions to a comment of the issue, or to the issue itself if note is 0. NotFound if either does not exist.
func (c *Client) Awards(ctx context.Context, ref triage.Ref, note int64) ([]Award, error) {
	k := call{name: "awards", op: "loading the reactions to " + named(ref), method: http.MethodGet, path: subjectPath(ref, "award_emoji")}
	if note != 0 {
		id := strconv.FormatInt(note, 10)
		k.op = "loading the reactions to comment " + id + " of " + named(ref)
		k.path = subjectPath(ref, "notes", id, "award_emoji")
	}
	var awards []Award
	err := eachOf(ctx, c, k, page{}, func(w wireAward) error {
		awards = append(awards, Award{User: w.User.person(), Name: w.Name, At: w.At})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return awards, nil
}
