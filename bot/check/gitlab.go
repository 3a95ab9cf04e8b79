package check

import (
	"context"
	"fmt"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/setup"
)

// GitLab is what is asked. Errors are classed by gitlab.ClassOf.
type GitLab interface {
	setup.GitLab
	Reach(ctx context.Context) (gitlab.Server, error)
	LastDelivery(ctx context.Context, place gitlab.Place, hook int64) (newest gitlab.HookEvent, found bool, err error)
}

// GitLabOptions say what is looked at in GitLab.
type GitLabOptions struct {
	URL    string // of GitLab, for people
	GitLab GitLab
	Setup  setup.Options // what is to be there. Without an URL webhooks are not looked at
	Signed bool          // the bot accepts signed deliveries, which are good for minutes
	Group  string        // that reports are about; "" if there are none, or if they are about the projects
	Home   string        // the project in which reports are opened; "" if none is

	Now  func() time.Time
	Step func(done, total int) // is told how many of how many projects were looked at
}

// gitlabCheck is one look at GitLab.
type gitlabCheck struct {
	GitLabOptions
	findings []Finding
}

func (c *gitlabCheck) add(f ...Finding) { c.findings = append(c.findings, f...) }

// InGitLab looks at GitLab itself, at the token, and at what is there in each project.
func InGitLab(o GitLabOptions) Part {
	return func(ctx context.Context) []Finding {
		c := &gitlabCheck{GitLabOptions: o}
		if c.server(ctx) && c.token(ctx) {
			c.reports(ctx)
		}
		return c.findings
	}
}

const callAgain = "run check again when that is mended; what else there is in GitLab was not looked at"

// server looks at GitLab itself. It reports whether it is worthwhile to go on.
func (c *gitlabCheck) server(ctx context.Context) bool {
	s, err := c.GitLab.Reach(ctx)
	denied := gitlab.DeniedOf(err) != ""
	switch {
	case err == nil:
		c.add(Good("GitLab", c.URL+", version "+s.Version))
	case denied:
		c.add(Good("GitLab", c.URL+" answers"))
	default:
		c.add(failed("GitLab", err.Error(), "check gitlab.url (FLOWKEEPER_GITLAB_URL) and the way from here to there; what else there is in GitLab was not looked at"))
	}
	if !s.Date.IsZero() {
		c.add(c.clock(s.Behind()))
	}
	if s.Certificate != nil {
		c.add(certificate("certificate", "of GitLab", *s.Certificate, c.Now()))
	}
	if denied {
		c.add(c.refused(err))
	}
	return err == nil
}

// How far clocks may differ. A signature is good for five minutes.
const (
	clockWarn = 30 * time.Second
	clockFail = 4 * time.Minute
)

// clock compares this machine's clock with GitLab's.
func (c *gitlabCheck) clock(behind time.Duration) Finding {
	const do = "have the clocks of both machines set by NTP"
	off, way := behind, "behind"
	if behind < 0 {
		off, way = -behind, "ahead of"
	}
	text := fmt.Sprintf("this machine's is %s %s GitLab's", off.Round(time.Second), way)
	switch {
	case off > clockFail && c.Signed:
		return failed("clock", text+": signed deliveries are refused from five minutes on", do)
	case off > clockWarn:
		return warned("clock", text, do)
	}
	return Good("clock", "the same as GitLab's")
}

// certificate says how long a valid certificate is good for.
func certificate(what, whose string, c gitlab.Certificate, now time.Time) Finding {
	const soon = 14 * 24 * time.Hour
	text := whose + ", by " + c.Issuer + ", good until " + c.Expires.UTC().Format(time.DateOnly)
	if c.Expires.Sub(now) < soon {
		return warned(what, text, "have it renewed")
	}
	return Good(what, text)
}
