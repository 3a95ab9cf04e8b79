package worker

import (
	"context"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

// GitLab is what the stages of a job need of GitLab, each its part. Errors are classed by gitlab.ClassOf.
type GitLab interface {
	historian
	reader
	executor
	publisher
	settler
}

// reader is what loading a case reads beside the subject's past.
type reader interface {
	IssueWithCounts(ctx context.Context, ref triage.Ref) (triage.Issue, gitlab.Counts, error)
	Discussions(ctx context.Context, ref triage.Ref, without func(triage.Person) bool) (triage.Discussions, error)
	MilestoneIs(ctx context.Context, ref triage.Ref, which gitlab.MilestoneFilter) (bool, error)
	PlaceAt(ctx context.Context, group bool, idOrPath string) (place gitlab.Place, visible bool, err error)
	AccessLevelIn(ctx context.Context, place gitlab.Place, user int64) (int, error)
	UserID(ctx context.Context, username string) (int64, error)
	Links(ctx context.Context, ref triage.Ref) ([]triage.Link, error)
	Activities(ctx context.Context, ref triage.Ref, since time.Time) ([]gitlab.Activity, error)
	IssueByReference(ctx context.Context, project int64, reference string) (triage.Issue, error)
	AccessLevel(ctx context.Context, project, user int64) (int, error)
	Milestones(ctx context.Context, project int64) ([]gitlab.Milestone, error)
	HasServiceDesk(ctx context.Context, project int64) (bool, error)
	StatusOf(ctx context.Context, issue triage.Issue) (status gitlab.ItemStatus, told bool, err error)
	LicenceOf(ctx context.Context, namespace string) (gitlab.Licence, error)
	MailsOutsiders(ctx context.Context, ref triage.Ref, id int64) (bool, error)
	closingReader
}

// closingReader is what is read of merge requests that close issues.
type closingReader interface {
	ClosedIssues(ctx context.Context, ref triage.Ref) ([]gitlab.NamedIssue, error)
	ReferredIssues(ctx context.Context, ref triage.Ref) ([]gitlab.NamedIssue, error)
	MergeRequestsClosing(ctx context.Context, ref triage.Ref, name string) ([]gitlab.CloserOf, error)
	MergeSettings(ctx context.Context, project int64) (gitlab.MergeSettings, error)
}

// executor carries decisions out.
type executor interface {
	UpdateIssue(ctx context.Context, before, after triage.Issue) (triage.Issue, error)
	CreateIssue(ctx context.Context, project int64, n gitlab.NewIssue) (triage.Issue, error)
	CreateLink(ctx context.Context, from, to triage.Ref, kind string) (made string, err error)
	MoveIssue(ctx context.Context, ref triage.Ref, to gitlab.Place) (triage.Issue, error)
	Promote(ctx context.Context, ref triage.Ref) error
}

// publisher writes the bot's comments and reactions.
type publisher interface {
	CreateNote(ctx context.Context, ref triage.Ref, internal bool, body string) (int64, error)
	CreateThread(ctx context.Context, ref triage.Ref, body string) (int64, error)
	EditNote(ctx context.Context, ref triage.Ref, id int64, body string) error
	DeleteNote(ctx context.Context, ref triage.Ref, id int64) error
	Reply(ctx context.Context, ref triage.Ref, discussion string, note int64, internal bool, body string) (int64, error)
	AddReaction(ctx context.Context, ref triage.Ref, note int64, emoji string) error
}

// settler says what became of a subject that is not there.
type settler interface {
	IsListed(ctx context.Context, ref triage.Ref) (bool, error)
	CanSeeProject(ctx context.Context, project int64) (bool, error)
}
