package demo

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"flowkeeper/bot/adopt"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

// agedScene is an issue that has become old enough for one of the team's policies; false if no policy is about age alone.
func (t tour) agedScene() (scene, bool) {
	now := time.Now()
	for _, r := range t.Policies {
		issue, since, ok := t.aged(r, now)
		if !ok || r.Subject != triage.SubjectIssue || r.Mode < triage.Remind {
			continue
		}
		issue.Title, issue.Author = "The printer jams at noon", "ann"
		return scene{
			who: "ann", does: fmt.Sprintf("hears nothing of %q for %s", issue.Title, since),
			do:    func(ctx context.Context, s *stage) error { return s.findAged(ctx, issue) },
			until: func(v view) bool { return shows(r, v) },
		}, true
	}
	return scene{}, false
}

// aged is an issue for which all conditions of a policy hold, and for how long nobody touched it. Ok is false for conditions about anything but
// labels, state and age.
func (t tour) aged(r policy.Rule, now time.Time) (issue sandbox.Imported, since string, ok bool) {
	issue.IssueOptions = t.opening("")
	issue.CreatedAt, issue.UpdatedAt = now, now
	for _, c := range r.When {
		switch c := c.(type) {
		case policy.InState:
			if c.State != policy.Opened {
				return issue, "", false
			}
		case policy.HasLabels:
			if slices.Contains(c.AnyOf[0], policy.None) || slices.Contains(c.AnyOf[0], policy.Any) {
				return issue, "", false
			}
			issue.Labels = append(issue.Labels, c.AnyOf[0]...)
		case policy.LacksLabels:
		case policy.Age:
			if !c.Older || c.Of == policy.MergedAt || since != "" {
				return issue, "", false
			}
			at := before(now, c.Interval+1, c.Unit)
			issue.CreatedAt, issue.UpdatedAt, since = at, at, fmt.Sprintf("%d %s", c.Interval+1, c.Unit)
		default:
			return issue, "", false
		}
	}
	return issue, since, since != ""
}

// before is a time so many units ago.
func before(now time.Time, n int, unit policy.Unit) time.Time {
	switch unit {
	case policy.Minutes:
		return now.Add(-time.Duration(n) * time.Minute)
	case policy.Hours:
		return now.Add(-time.Duration(n) * time.Hour)
	case policy.Days:
		return now.AddDate(0, 0, -n)
	case policy.Weeks:
		return now.AddDate(0, 0, -7*n)
	case policy.Months:
		return now.AddDate(0, -n, 0)
	case policy.Years:
		return now.AddDate(-n, 0, 0)
	}
	return now
}

// findAged brings an old issue into the project and has the bot take up what it finds there.
func (s *stage) findAged(ctx context.Context, issue sandbox.Imported) error {
	if err := s.gitlab.Import(s.project, []sandbox.Imported{issue}); err != nil {
		return err
	}
	all := s.gitlab.Issues(s.project)
	s.continueWith(all[len(all)-1].Ref)
	client, err := gitlab.New(s.options.GitLab)
	if err != nil {
		return err
	}
	adopter := adopt.Adopter{GitLab: client, Inbox: s.app.Inbox(), Now: time.Now}
	_, err = adopter.Page(ctx, adopt.Request{Project: strconv.FormatInt(s.project, 10)})
	return err
}

// shows reports whether what a policy does can be seen.
func shows(r policy.Rule, v view) bool {
	if r.Mode < triage.Act {
		return v.note != ""
	}
	said := len(r.Actions.Comment)+len(r.Actions.Mentions) == 0 || len(v.CommentsBy(botName)) > 0
	closed := r.Actions.State != policy.Closed || v.State == "closed"
	return said && closed && !slices.ContainsFunc(r.Actions.Labels, func(l string) bool { return !v.Has(l) }) && !slices.ContainsFunc(r.Actions.RemoveLabels, v.Has)
}

// endTime says that the policy said its word once.
func (s *stage) endTime() error {
	if n := len(s.gitlab.Issue(s.ref).CommentsBy(botName)); n > 2 {
		return fmt.Errorf("the bot should have said it once, it has %d comments on the issue", n)
	}
	fmt.Fprintln(s.out, "\nNobody had to look through the board for it.")
	return nil
}
