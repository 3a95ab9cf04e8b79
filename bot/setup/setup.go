// Package setup makes a GitLab ready for the bot: the labels that it writes, the webhooks that tell it of events, the secret they share, the
// milestone of the backlog. It looks, plans what is missing, and carries the plan out; what exists is not changed without being asked for. It
// remembers nothing: what a failure leaves half done, the next look finds.
package setup

import (
	"context"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

// GitLab is what is asked and told. Errors are classed by gitlab.ClassOf.
type GitLab interface {
	Reach(ctx context.Context) (gitlab.Server, error)
	CurrentUser(ctx context.Context) (triage.Person, error)
	IsAdmin() bool
	TokenSelf(ctx context.Context) (gitlab.TokenInfo, error)
	LicenceOf(ctx context.Context, namespace string) (gitlab.Licence, error)
	Statuses(ctx context.Context, namespace string) (gitlab.StatusSet, error)

	ProjectAt(ctx context.Context, idOrPath string) (gitlab.Project, error)
	GroupAt(ctx context.Context, idOrPath string) (gitlab.Place, error)
	GroupProjects(ctx context.Context, group gitlab.Place) ([]gitlab.Project, error)
	AccessLevelIn(ctx context.Context, place gitlab.Place, user int64) (int, error)

	Labels(ctx context.Context, place gitlab.Place) ([]gitlab.Label, error)
	CreateLabel(ctx context.Context, place gitlab.Place, label gitlab.NewLabel) (created bool, err error)
	HasMilestone(ctx context.Context, place gitlab.Place, title string) (bool, error)
	CreateMilestone(ctx context.Context, place gitlab.Place, title string) error

	AllHooks(ctx context.Context, place gitlab.Place) ([]gitlab.HookSettings, error)
	CreateHook(ctx context.Context, place gitlab.Place, change gitlab.HookChange) (gitlab.HookSettings, error)
	ChangeHook(ctx context.Context, place gitlab.Place, id int64, change gitlab.HookChange) (gitlab.HookSettings, error)
	DeliveredSince(ctx context.Context, place gitlab.Place, hook int64, since time.Time) (bool, error)
}

// Options say what is to be there.
type Options struct {
	Targets []string // projects and groups, full paths or ids

	Labels    []gitlab.NewLabel // see Labels
	Team      *triage.Team      // whose workflow may be kept in statuses
	Milestone string            // the title of the backlog's; "" if no rule needs it
	Events    []string          // that webhooks ask for, of gitlab.HookFlags; see Events
	Edits     []string          // the rules that change merge requests, for which the bot has to be a Developer
	URL       string            // where webhooks lead: "https://bot.example.com/webhooks/gitlab"

	Signing, Secret Credential // what the bot accepts from webhooks

	LabelsOnly  bool // neither webhooks nor milestones
	HookOnly    bool // neither labels nor milestones
	Here        bool // labels and milestones of the project, not of a group above
	AllProjects bool // a webhook in each project of a group, none of the group
	Rotate      bool // webhooks get a new secret
	Prune       bool // webhooks no longer ask for other events
}

// Kind is what an action is about.
type Kind string

// The kinds of actions.
const (
	KindLabel     Kind = "label"
	KindMilestone Kind = "milestone"
	KindSecret    Kind = "secret"
	KindWebhook   Kind = "webhook"
)

// Action is one change to be made.
type Action struct {
	Kind  Kind         `json:"kind"`
	Name  string       `json:"name"` // of the label or milestone, the webhook's address, or what names the secret
	Do    string       `json:"action"`
	Why   string       `json:"why"`
	Place gitlab.Place `json:"-"` // none for a secret

	label gitlab.NewLabel
	hook  int64             // 0 is a new one
	with  gitlab.HookChange // without its secret, which is not known before the plan is carried out
	arms  bool              // the webhook gets the secret
}

// Topic is what advice is about.
type Topic string

// The topics of advice.
const (
	AboutToken    Topic = "token"
	AboutVersion  Topic = "version" // of GitLab
	AboutProjects Topic = "projects"
	AboutLabels   Topic = "labels"
	AboutWebhooks Topic = "webhooks"
	AboutAddress  Topic = "address" // that GitLab may not be allowed to call
	AboutRights   Topic = "rights"  // what the token may not see or create, and serving need not
	AboutLicence  Topic = "licence"
	AboutStatuses Topic = "statuses"
	AboutDefaults Topic = "default statuses" // which GitLab gives to issues that are opened or closed
)

// Advice is what a person has to know or do.
type Advice struct {
	About Topic  `json:"-"`
	What  string `json:"what"`
	Do    string `json:"do"`
}

// Plan is what is missing, in the order in which it is made.
type Plan struct {
	Actions  []Action
	Warnings []Advice // what works, but not as well as it could
	Problems []Advice // what does not work, and setup cannot mend

	secret secretPlan
}

// ShowsSecret reports whether carrying out the plan makes a secret that no file holds and that has to be shown.
func (p Plan) ShowsSecret() bool { return p.secret.create && p.secret.credential.File == "" }

// SecretVariable is the variable that gives the bot the secret of webhooks.
func (p Plan) SecretVariable() string { return variableOf(p.secret.signing) }

// Nothing reports whether nothing is to be done.
func (p Plan) Nothing() bool { return len(p.Actions) == 0 }
