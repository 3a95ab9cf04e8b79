package check

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/setup"
)

// delivery is the last one of a webhook.
type delivery struct {
	known bool // GitLab told
	found bool // there was one
	gitlab.HookEvent
}

// failed reports whether the receiver did not take it.
func (d delivery) failed() bool { return d.found && (d.Status == 0 || d.Status >= 400) }

// hookKey names a webhook: the ids of those of groups and projects are not known to differ.
type hookKey struct {
	place gitlab.Place
	id    int64
}

// deliveries asks for the last delivery of every webhook to the bot, several at the same time. What GitLab does not tell is not known.
func (c *gitlabCheck) deliveries(ctx context.Context, found setup.Found) map[hookKey]delivery {
	const atOnce = 4
	last := map[hookKey]delivery{}
	if c.Setup.URL == "" {
		return last
	}
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, h := range found.OwnHooks(c.Setup.URL) {
		group.Go(func() error {
			event, there, err := c.GitLab.LastDelivery(ctx, h.Place, h.ID)
			mu.Lock()
			defer mu.Unlock()
			last[hookKey{h.Place, h.ID}] = delivery{err == nil, there, event}
			return nil
		})
	}
	_ = group.Wait() // no function of the group fails
	return last
}

// hookText says what a project's webhook has delivered last: nothing if there is none that can be seen.
func (c *gitlabCheck) hookText(p setup.Project, found setup.Found, last map[hookKey]delivery) []string {
	if c.Setup.URL == "" {
		return nil
	}
	for _, h := range found.OwnHooks(c.Setup.URL) {
		if !isOf(h.Place, p) {
			continue
		}
		whose := "webhook"
		if h.Place.Group {
			whose += " of " + h.Place.String()
		}
		switch d := last[hookKey{h.Place, h.ID}]; {
		case d.found && !d.At.IsZero():
			return []string{whose + " last delivered " + ago(c.Now().Sub(d.At))}
		case d.found, !d.known:
			return []string{whose + " there"}
		default:
			return []string{whose + " there, nothing delivered in seven days"}
		}
	}
	return nil
}

// ago says how long ago something was, roughly.
func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "just now"
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min ago", int(d/time.Minute))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d/time.Hour))
	}
	return fmt.Sprintf("%d days ago", int(d/(24*time.Hour)))
}

// webhooks says what is wrong with webhooks.
func (c *gitlabCheck) webhooks(found setup.Found, plan setup.Plan, last map[hookKey]delivery) {
	if c.Setup.URL == "" {
		c.add(warned("webhooks", "not looked at, because the bot does not know its own address", "set server.url (FLOWKEEPER_URL) to what stands before "+
			"/webhooks/gitlab in GitLab; serve then starts webhooks again that GitLab has stopped, too"))
		return
	}
	for _, a := range plan.Actions {
		if a.Kind != setup.KindWebhook {
			continue
		}
		if a.Do == "create" {
			c.add(failed("webhooks", fmt.Sprintf("%s has none to %s: %s", a.Place, a.Name, a.Why), c.createCommand(a.Place, found)))
		} else {
			c.add(failed("webhooks", fmt.Sprintf("that of %s: %s", a.Place, a.Why), "flowkeeper setup "+a.Place.Path+" --hook-only completes it"))
		}
	}
	c.add(fromAdvice("webhooks", Fail, plan.Problems, setup.AboutWebhooks)...)
	c.add(fromAdvice("webhooks", Warn, plan.Warnings, setup.AboutWebhooks)...)
	if !anyTaken(last) { // else GitLab is allowed to call the address
		c.add(fromAdvice("webhooks", Warn, plan.Warnings, setup.AboutAddress)...)
	}
	for _, a := range fromAdvice("webhooks", Warn, plan.Problems, setup.AboutRights) {
		a.Do = "to have them looked at, run check once with the token of a Maintainer; serving needs no such role"
		c.add(a)
	}
	for _, h := range found.OwnHooks(c.Setup.URL) {
		if d := last[hookKey{h.Place, h.ID}]; d.failed() {
			c.add(warned("webhooks", fmt.Sprintf("the last delivery of that of %s was %s", h.Place, answerText(d)),
				"see to it that the bot runs and that GitLab reaches it at "+h.URL+": after four failures in a row GitLab stops a webhook"))
		}
	}
}

// anyTaken reports whether the receiver took the last delivery of any webhook.
func anyTaken(last map[hookKey]delivery) bool {
	for _, d := range last {
		if d.found && !d.failed() {
			return true
		}
	}
	return false
}

// answerText says what the receiver answered to a delivery.
func answerText(d delivery) string {
	if d.Status == 0 {
		return "not answered"
	}
	return fmt.Sprintf("answered %d", d.Status)
}

// createCommand says how a webhook comes to be. One of a group is seen by its Owners only.
func (c *gitlabCheck) createCommand(place gitlab.Place, found setup.Found) string {
	do := "flowkeeper setup " + place.Path + " --hook-only creates it"
	at := slices.IndexFunc(found.Projects, func(p setup.Project) bool { return p.Place == place })
	if at < 0 {
		return do
	}
	hidden := slices.DeleteFunc(slices.Clone(found.Projects[at].Groups), func(path string) bool { return found.Groups[path].Hooks.Known })
	if len(hidden) > 0 {
		do += "; if group " + strings.Join(hidden, " or ") + " has one, which only its Owner sees, none is missing"
	}
	return do
}
