package worker

import (
	"context"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

// sources are the projects and groups whose members policies ask for, and who is one. All jobs share them: a policy asks the same of every
// issue.
type sources struct {
	places  recent[string, gitlab.Place] // by triage.Membership.SourceKey; the zero Place is one that the bot does not see
	members recent[string, bool]         // by triage.Membership.Key
}

// hasMember reports whether a person is a member, inherited membership included. visible is false if GitLab does not show the bot the
// project or group, which GitLab does not tell from one that does not exist.
func (s *sources) hasMember(ctx context.Context, g reader, now time.Time, m triage.Membership) (member, visible bool, err error) {
	place, err := s.places.get(m.SourceKey(), now, func() (gitlab.Place, error) {
		place, _, err := g.PlaceAt(ctx, m.Group, m.Source)
		return place, err
	})
	if err != nil || place.ID == 0 {
		return false, false, err
	}
	member, err = s.members.get(m.Key(), now, func() (bool, error) {
		user := m.Person.ID
		if user == 0 {
			if user, err = g.UserID(ctx, m.Person.Username); user == 0 || err != nil {
				return false, err
			}
		}
		level, err := g.AccessLevelIn(ctx, place, user)
		return level > 0, err
	})
	return member, true, err
}
