package gitlab

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"flowkeeper/rules/triage"
)

// Activity is an entry of an issue's timeline.
type Activity struct {
	Kind  ActivityKind
	Actor int64 // the id of a user
	At    time.Time

	// Stage says of a change that made a merge request a draft, or ready, or had it go to another branch; NoStage of all others.
	Stage Stage
}

// Stage is what GitLab notes that a merge request has become.
type Stage int

// The stages.
const (
	NoStage Stage = iota
	Draft
	Ready
	Retargeted // it goes to another branch
)

// ActivityKind says what an Activity is.
type ActivityKind int

// The kinds of activities.
const (
	Commented ActivityKind = iota // a person, or the bot, wrote a comment
	Changed                       // GitLab noted a change of the issue
	Mention                       // GitLab noted that the issue was mentioned elsewhere
)

// Activities lists what GitLab shows in the timeline since that time, newest first. Changes of labels, weight, milestone and state are not
// among them: GitLab keeps those in lists of their own.
func (c *Client) Activities(ctx context.Context, ref triage.Ref, since time.Time) ([]Activity, error) {
	k := call{name: "notes", op: "loading the timeline of " + named(ref), method: http.MethodGet, path: subjectPath(ref, "notes")}
	var all []Activity
	err := eachOf(ctx, c, k, page{Sort: "desc", OrderBy: "created_at"}, func(n wireNote) error {
		if n.CreatedAt.Before(since) {
			return errEnough
		}
		a := Activity{Actor: n.Author.person().ID, At: n.CreatedAt}
		switch {
		case n.System && strings.HasPrefix(n.Body, "mentioned in "):
			a.Kind = Mention
		case n.System:
			a.Kind, a.Stage = Changed, stageIn(n.Body)
		}
		all = append(all, a)
		return nil
	})
	if err != nil && !errors.Is(err, errTooLong) {
		return nil, err
	}
	return all, nil
}

// stageIn reads GitLab's note of what a merge request has become. What a commit did to it is named behind that.
func stageIn(body string) Stage {
	const marked = "marked this merge request as "
	switch {
	case strings.HasPrefix(body, marked+"**draft**"):
		return Draft
	case strings.HasPrefix(body, marked+"**ready**"):
		return Ready
	case strings.HasPrefix(body, "changed target branch from "):
		return Retargeted
	}
	return NoStage
}
