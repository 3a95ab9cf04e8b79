package triage

import (
	"maps"
	"slices"
	"time"
)

// MergeRequest is a merge request beside the issue that it closes, as far as rules look at it.
type MergeRequest struct {
	Ref

	Path      string            `json:"path,omitempty"` // of its project: "group/project"
	URL       string            `json:"url,omitempty"`
	Title     string            `json:"t,omitempty"` // theirs
	State     MergeRequestState `json:"s,omitempty"`
	Draft     bool              `json:"d,omitempty"`
	ToDefault bool              `json:"td,omitempty"` // its target is the default branch of its project
	ByHand    bool              `json:"h,omitempty"`  // somebody linked it in the issue's Development widget; then any target counts
	// ByText says that only its title and description tell that it closes the issue, GitLab does not. That counts where GitLab closes no issues by
	// itself, and so keeps no such list.
	ByText bool `json:"bt,omitempty"`
	// Dropped says that it closes the issue no longer. It is kept for a while, so that an older state that comes late does not bring it back.
	Dropped   bool      `json:"x,omitempty"`
	Assignees []Person  `json:"as,omitempty"`
	Reviewers []Person  `json:"rv,omitempty"`
	MergedAt  time.Time `json:"ma,omitzero"` // zero unless it is merged
	UpdatedAt time.Time `json:"u,omitzero"`  // when GitLab last changed it, as far as known
	// Since is when it came into its state, or became a draft or ready, as far as the issue was told. In a state that an issue is told of, zero is
	// UpdatedAt.
	Since time.Time `json:"si,omitzero"`
}

// Counts reports whether the merge request closes the issue when it is merged, or says so where GitLab closes none by itself.
func (m *MergeRequest) Counts(autoClose bool) bool {
	return !m.Dropped && (m.ToDefault || m.ByHand) && !(m.ByText && autoClose)
}

// MergeRequestState is a merge request's state, by its name in GitLab's API.
type MergeRequestState string

// The states of a merge request. A locked one is being merged.
const (
	MROpened MergeRequestState = "opened"
	MRClosed MergeRequestState = "closed"
	MRMerged MergeRequestState = "merged"
	MRLocked MergeRequestState = "locked"
)

// Known reports whether it is one of these.
func (s MergeRequestState) Known() bool {
	switch s {
	case MROpened, MRClosed, MRMerged, MRLocked:
		return true
	}
	return false
}

// MergeRequestDetails is what a merge request has beside what an issue has, where it is the subject itself.
type MergeRequestDetails struct {
	State        MergeRequestState `json:"s,omitempty"`
	Draft        bool              `json:"d,omitempty"`
	SourceBranch string            `json:"sb,omitempty"`
	TargetBranch string            `json:"tb,omitempty"`
	ToDefault    bool              `json:"td,omitempty"` // the target is the project's default branch, unless DefaultUnknown
	// DefaultUnknown says that nothing told whether it is: GitLab's API does not.
	DefaultUnknown bool     `json:"du,omitempty"`
	Reviewers      []Person `json:"rv,omitempty"`
	Head           string   `json:"h,omitempty"` // the last commit's id, "" for none
	// References are the issues that title and description say it closes, as "group/project#12", and External those of other trackers. Digest
	// tells two states of title and description apart.
	References []string  `json:"rf,omitempty"`
	External   []string  `json:"ex,omitempty"`
	Mentions   bool      `json:"mn,omitempty"` // they name an issue in any way
	Digest     string    `json:"dg,omitempty"`
	MergedAt   time.Time `json:"ma,omitzero"`
	ClosedAt   time.Time `json:"ca,omitzero"` // when it was closed unmerged; only known after a read or from a list
	// Closes are the issues that it closes when it is merged, in other projects, too. They are known if ClosesKnown.
	Closes      []Ref `json:"cl,omitempty"`
	ClosesKnown bool  `json:"ck,omitempty"`
}

// withDefaultOf are the details with what an earlier state tells of the target, if it is the same and they do not tell it.
func (d *MergeRequestDetails) withDefaultOf(of *MergeRequestDetails) *MergeRequestDetails {
	if d == nil || of == nil || !d.DefaultUnknown || of.DefaultUnknown || d.TargetBranch != of.TargetBranch {
		return d
	}
	told := *d
	told.ToDefault, told.DefaultUnknown = of.ToDefault, false
	return &told
}

// WithClosed is the issue or merge request, closed or open. A merged merge request stays merged.
func (i Issue) WithClosed(closed bool) Issue {
	if i.MergeRequest != nil && i.MergeRequest.State != MRMerged {
		details := *i.MergeRequest
		if details.State = MROpened; closed {
			details.State = MRClosed
		}
		i.MergeRequest = &details
	}
	i.Closed = closed || i.MergeRequest != nil && i.MergeRequest.State == MRMerged
	return i
}

// Stage is how far a merge request has come: dropped, closed, draft, ready or merged. One that is being merged is ready.
func (m *MergeRequest) Stage() MergeRequestStage {
	switch {
	case m.Dropped:
		return StageDropped
	case m.State == MRMerged:
		return StageMerged
	case m.State == MRClosed:
		return StageClosed
	case m.Draft:
		return StageDraft
	}
	return StageReady
}

// MergeRequestStage is how far a merge request has come.
type MergeRequestStage uint8

// The stages. Those from StageDraft on count for the progress of an issue, the earliest of them first.
const (
	StageDropped MergeRequestStage = iota // it closes the issue no longer
	StageClosed                           // unmerged
	StageDraft
	StageReady
	StageMerged
)

// maxMergeRequests bounds how many are remembered beside an issue.
const maxMergeRequests = 50

// WithMergeRequest is a list of merge requests with the state of one of them. A state that is older than the known one changes nothing, nor does one
// of the same time that would take a merge back. The list that was given is not changed.
func WithMergeRequest(list []MergeRequest, m MergeRequest) []MergeRequest {
	n := slices.IndexFunc(list, func(known MergeRequest) bool { return known.Ref == m.Ref })
	if n < 0 {
		if m.Since.IsZero() {
			m.Since = m.UpdatedAt
		}
		return boundMergeRequests(append(slices.Clip(list), m))
	}
	known := list[n]
	late := m.UpdatedAt.Before(known.UpdatedAt)
	if late || m.UpdatedAt.Equal(known.UpdatedAt) && known.State == MRMerged && m.State != MRMerged {
		return list
	}
	if m.Stage() == known.Stage() {
		m.Since = known.Since
	} else if m.Since.IsZero() {
		m.Since = m.UpdatedAt
	}
	list = slices.Clone(list)
	list[n] = m
	return list
}

// boundMergeRequests forgets the one that has not changed for the longest time if there are too many, first among those that count no more.
func boundMergeRequests(list []MergeRequest) []MergeRequest {
	if len(list) <= maxMergeRequests {
		return list
	}
	oldest := 0
	over := func(m MergeRequest) bool { return m.Stage() <= StageClosed }
	for n, m := range list {
		if o := list[oldest]; over(m) && !over(o) || over(m) == over(o) && m.UpdatedAt.Before(o.UpdatedAt) {
			oldest = n
		}
	}
	return slices.Delete(slices.Clone(list), oldest, oldest+1)
}

// ClosingSet is what is known of the issues that a merge request closes, and what they were told.
type ClosingSet struct {
	// Of names the state of the merge request that was looked up: its head, its target, its title and description.
	Of     string        `json:"of,omitempty"`
	Issues []ClosedIssue `json:"i,omitempty"`
	// Unresolved are references that lead to no issue that the bot can see, as "group/project#12", and keys of other trackers.
	Unresolved []string `json:"un,omitempty"`
	// Told names the state that each issue was told last, by Ref.String().
	Told map[string]string `json:"t,omitempty"`
	// ToldAt is the merge request's time of update when they were told last.
	ToldAt time.Time `json:"ta,omitzero"`
	// UntoldSince is since when the merge request is in its stage, where that was so long ago that issues were only taken for told; zero if they were told.
	UntoldSince time.Time `json:"us,omitzero"`
}

// ClosedIssue is an issue that a merge request closes.
type ClosedIssue struct {
	Ref
	ByHand bool `json:"h,omitempty"`  // it was linked by hand
	ByText bool `json:"bt,omitempty"` // only title and description tell, see MergeRequest.ByText
}

// Clone returns a copy that shares nothing that is changed in place; nil of nil.
func (s *ClosingSet) Clone() *ClosingSet {
	if s == nil {
		return nil
	}
	c := *s
	c.Told = maps.Clone(s.Told)
	return &c
}
