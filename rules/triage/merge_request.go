package triage

import "time"

// MergeRequest is a merge request beside the issue that it closes, as far as rules look at it.
type MergeRequest struct {
	Ref

	Path      string            `json:"path,omitempty"` // of its project: "group/project"
	URL       string            `json:"url,omitempty"`
	Title     string            `json:"t,omitempty"` // theirs
	State     MergeRequestState `json:"s,omitempty"`
	Draft     bool              `json:"d,omitempty"`
	ToDefault bool              `json:"td,omitempty"` // its target is the default branch of its project
	ByHand    bool              `json:"h,omitempty"`  // somebody linked it in the Development widget; then any target counts
	// ByText says that only its title and description tell that it closes the issue, GitLab does not. That counts where GitLab closes no issues by
	// itself, and so keeps no such list.
	ByText bool `json:"bt,omitempty"`
	// Dropped says that it closes the issue no longer. It is kept for a while, so that an older state that comes late does not bring it back.
	Dropped   bool      `json:"x,omitempty"`
	Assignees []Person  `json:"as,omitempty"`
	Reviewers []Person  `json:"rv,omitempty"`
	MergedAt  time.Time `json:"ma,omitzero"` // zero unless it is merged
	UpdatedAt time.Time `json:"u,omitzero"`  // when GitLab last changed it, as far as known
	// Since is when it came into its state, or became a draft or ready, as far as the issue was told.
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
	ToDefault    bool              `json:"td,omitempty"` // the target is the project's default branch
	Reviewers    []Person          `json:"rv,omitempty"`
	Head         string            `json:"h,omitempty"` // the last commit's id, "" for none
	// References are the issues that title and description say it closes, as "group/project#12", and External those of other trackers. Digest
	// tells two states of title and description apart.
	References []string  `json:"rf,omitempty"`
	External   []string  `json:"ex,omitempty"`
	Digest     string    `json:"dg,omitempty"`
	MergedAt   time.Time `json:"ma,omitzero"`
	// Closes are the issues that it closes when it is merged, in other projects, too. They are known if ClosesKnown.
	Closes      []Ref `json:"cl,omitempty"`
	ClosesKnown bool  `json:"ck,omitempty"`
}
