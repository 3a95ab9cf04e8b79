package scenario

import (
	"fmt"
	"time"

	"flowkeeper/rules/triage"
)

// mergeRequestEvent is the kind of an event that tells of a merge request.
const mergeRequestEvent = "merge request"

// policiesDue is the kind of an event that only has the policies asked: the bot found the issue in a list.
const policiesDue = "policies due"

// MergeRequest is a merge request that closes the issue, in the state that an event tells or that GitLab shows.
type MergeRequest struct {
	Number    int64         `yaml:"number"`    // 0 is 1
	Elsewhere bool          `yaml:"elsewhere"` // in another project than the issue
	State     string        `yaml:"state"`     // opened, closed, merged or locked; empty is opened
	Draft     bool          `yaml:"draft"`
	Assignee  string        `yaml:"assignee"`
	Target    string        `yaml:"target"` // the branch that it goes to; empty is the default branch
	ByHand    bool          `yaml:"by_hand"`
	ByText    bool          `yaml:"by_text"`
	Dropped   bool          `yaml:"dropped"` // it closes the issue no longer
	Ago       time.Duration `yaml:"ago"`     // how long before the event, or the beginning, it came into its state
}

func (m MergeRequest) check() error {
	if state := triage.MergeRequestState(m.State); m.State != "" && !state.Known() {
		return fmt.Errorf("merge request of the state %q: opened, closed, merged or locked is wanted", m.State)
	}
	return nil
}

// mergeRequest is the merge request at a time.
func (m MergeRequest) mergeRequest(now time.Time) triage.MergeRequest {
	at := now.Add(-m.Ago)
	is := triage.MergeRequest{
		Ref: triage.Ref{Project: 1, Kind: triage.SubjectMergeRequest, IID: max(1, m.Number)}, State: triage.MergeRequestState(m.State), Draft: m.Draft,
		ToDefault: m.Target == "", ByHand: m.ByHand, ByText: m.ByText, Dropped: m.Dropped, Assignees: people(m.Assignee), UpdatedAt: at, Since: at,
	}
	if m.Elsewhere {
		is.Project = 2
	}
	if is.State == "" {
		is.State = triage.MROpened
	}
	if is.State == triage.MRMerged {
		is.MergedAt = at
	}
	return is
}

// MergeRequestSubject says that a scenario is about a merge request.
type MergeRequestSubject struct {
	State    string  `yaml:"state"` // empty is opened
	Draft    bool    `yaml:"draft"`
	Closes   []int64 `yaml:"closes,omitempty"` // issues of its project
	Mentions bool    `yaml:"mentions"`         // its text names an issue in another way
}

func (m MergeRequestSubject) describe(i *triage.Issue) {
	details := triage.MergeRequestDetails{State: triage.MergeRequestState(m.State), Draft: m.Draft, ToDefault: true, TargetBranch: "main", ClosesKnown: true, Mentions: m.Mentions}
	if details.State == "" {
		details.State = triage.MROpened
	}
	for _, iid := range m.Closes {
		details.Closes = append(details.Closes, triage.Ref{Project: i.Project, IID: iid})
	}
	i.Kind, i.NoWeights, i.MergeRequest, i.Type = triage.SubjectMergeRequest, true, &details, ""
	i.Closed = details.State == triage.MRClosed || details.State == triage.MRMerged
}
