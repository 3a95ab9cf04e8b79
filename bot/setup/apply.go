package setup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"flowkeeper/bot/gitlab"
)

// Result is what became of a plan.
type Result struct {
	Done   []Action
	Failed []Failure
	// Secret is a new secret that no file holds: whoever runs setup has to be shown it, once. It is in no printed form of the result.
	Secret func() string
	// Reload says that a running bot has to read its secret again.
	Reload bool
}

// Failure is an action that failed.
type Failure struct {
	Action Action
	Err    error
}

// applier carries out a plan.
type applier struct {
	gitlab GitLab
	plan   Plan
	secret string // what webhooks are given
	result Result
}

// Apply carries out a plan, the webhooks last, and tells step after each action. What fails does not keep the rest from being done, unless GitLab
// cannot be reached or refuses the token. Run again it finds done what was done, also where GitLab's answer was lost.
func Apply(ctx context.Context, g GitLab, p Plan, step func(done, total int)) Result {
	a := applier{gitlab: g, plan: p}
	a.result.Secret = func() string { return "" }
	if len(p.secret.credential.Values) > 0 {
		a.secret = p.secret.credential.Values[0]
	}
	away := 0 // how many in a row failed because GitLab is away
	for n, action := range p.Actions {
		step(n, len(p.Actions))
		err := errStopped
		if away < patience && ctx.Err() == nil {
			err = a.do(ctx, action)
		}
		if err == nil {
			away = 0
			a.result.Done = append(a.result.Done, action)
			continue
		}
		a.result.Failed = append(a.result.Failed, Failure{action, err})
		switch {
		case gitlab.DeniedOf(err) != "":
			away = patience
		case gitlab.ClassOf(err) == gitlab.Unavailable:
			away++
		}
	}
	step(len(p.Actions), len(p.Actions))
	a.finish()
	return a.result
}

// patience is how many actions in a row may find GitLab away before the rest is not tried.
const patience = 2

// errStopped is the reason of what was not tried.
var errStopped = errors.New("not tried, because GitLab does not answer or refuses everything: run setup again")

func (a *applier) do(ctx context.Context, action Action) error {
	switch action.Kind {
	case KindLabel:
		_, err := ask(ctx, func() (bool, error) { return a.gitlab.CreateLabel(ctx, action.Place, action.label) })
		return err
	case KindMilestone:
		return a.milestone(ctx, action)
	case KindSecret:
		return a.keepSecret()
	case KindWebhook:
		return a.webhook(ctx, action)
	}
	return nil
}

// milestone creates a milestone. GitLab refuses a second one of a title: after a failure it is looked for.
func (a *applier) milestone(ctx context.Context, action Action) error {
	_, err := ask(ctx, func() (bool, error) { return true, a.gitlab.CreateMilestone(ctx, action.Place, action.Name) })
	if err == nil {
		return nil
	}
	if there, bad := a.gitlab.HasMilestone(ctx, action.Place, action.Name); bad == nil && there {
		return nil
	}
	return err
}

// keepSecret writes the secret before any webhook gets it: what GitLab has and the bot does not know is refused.
func (a *applier) keepSecret() error {
	s := &a.plan.secret
	c := s.credential
	switch {
	case s.drop:
		a.result.Reload = true
		return c.write(c.Values[:1])
	case s.create:
		a.secret = generate(s.signing)
	}
	accepted := append([]string{a.secret}, c.Values...)
	a.result.Reload = len(c.Values) > 0
	if c.File == "" {
		secret := a.secret
		a.result.Secret = func() string { return secret }
		return nil
	}
	if s.rotate {
		if err := c.begin(); err != nil {
			s.trouble = true
			return err
		}
	}
	err := c.write(accepted)
	s.trouble = err != nil
	return err
}

// webhook creates or changes a webhook.
func (a *applier) webhook(ctx context.Context, action Action) error {
	if action.arms && (a.plan.secret.trouble || a.secret == "") {
		return errors.New("it would get a secret that could not be kept; see there")
	}
	change := action.with
	if action.arms && a.plan.secret.signing {
		change.SigningToken = a.secret
	} else if action.arms {
		change.Secret = a.secret
	}
	h, err := a.write(ctx, action, change)
	if err != nil {
		return err
	}
	if action.arms && a.plan.secret.signing && h.Signed != nil && !*h.Signed {
		return errors.New("GitLab has not taken the signing token: signing may be switched off on it; name a file in FLOWKEEPER_WEBHOOK_SECRET_FILE alone for a plain secret")
	}
	return nil
}

// write sends a webhook. A change may be sent twice. A new webhook is sent once, and looked for if no answer came: GitLab would take a second one.
func (a *applier) write(ctx context.Context, action Action, change gitlab.HookChange) (gitlab.HookSettings, error) {
	if action.hook != 0 {
		return ask(ctx, func() (gitlab.HookSettings, error) {
			return a.gitlab.ChangeHook(ctx, action.Place, action.hook, change)
		})
	}
	h, err := a.gitlab.CreateHook(ctx, action.Place, change)
	if class := gitlab.ClassOf(err); class != gitlab.Unavailable && class != gitlab.Transient || gitlab.DeniedOf(err) != "" {
		return h, hookError(action.Place, err)
	}
	all, lookErr := ask(ctx, func() ([]gitlab.HookSettings, error) { return a.gitlab.AllHooks(ctx, action.Place) })
	if lookErr != nil {
		return h, err
	}
	if at := slices.IndexFunc(all, func(h gitlab.HookSettings) bool { return sameAddress(h.URL, change.URL) }); at >= 0 {
		return ask(ctx, func() (gitlab.HookSettings, error) { return a.gitlab.ChangeHook(ctx, action.Place, all[at].ID, change) })
	}
	return h, fmt.Errorf("%w; it is not there yet: run setup again", err)
}

// hookError adds what helps where a group can have no webhook.
func hookError(place gitlab.Place, err error) error {
	if class := gitlab.ClassOf(err); place.Group && (class == gitlab.NotFound || class == gitlab.Permanent) {
		return fmt.Errorf("%w; a webhook of a group takes an Owner and GitLab Premium: without them, give each project its own with --all-projects", err)
	}
	return err
}

// finish notes that a rotation is complete, once every webhook has the new secret.
func (a *applier) finish() {
	s := a.plan.secret
	if !s.rotate || s.credential.File == "" || len(a.result.Failed) > 0 || len(a.plan.Problems) > 0 {
		return
	}
	if err := s.credential.finish(time.Now()); err != nil {
		a.result.Failed = append(a.result.Failed, Failure{Action{Kind: KindSecret, Name: s.credential.File, Do: "finish"}, err})
	}
}
