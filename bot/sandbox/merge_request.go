package sandbox

import (
	"cmp"
	"crypto/sha1"
	"encoding/hex"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// mergeRequest is a merge request. What it has in common with an issue, such as texts, people, labels and notes, it has from the issue it embeds,
// whose project is the target.
type mergeRequest struct {
	*issue

	locked                     bool     // it is being merged
	source                     *project // nil once the fork was deleted
	sourceBranch, targetBranch string
	commits                    []commit // the oldest first
	reviewers                  []reviewer
	approvedBy                 []*user
	closing                    []closing // the issues that it closes, as GitLab has stored them
	prepared                   time.Time // zero until GitLab has prepared it
	mergedAt                   time.Time
	mergedBy                   *user
	mergeCommit                string
}

type commit struct {
	id, message string
	at          time.Time
	author      *user
}

// reviewer is somebody who was asked for a review. state is "unreviewed", "reviewed", "requested_changes", "approved" or "unapproved".
type reviewer struct {
	*user
	state      string
	reRequests bool
}

// closing is an issue that a merge request closes. byHand says that somebody linked it in the Development widget; fromText that the texts say so.
type closing struct {
	issue            *issue
	byHand, fromText bool
}

const (
	defaultBranch = "main"
	maxRequests   = 10_000 // merge requests of a project
)

// mergeState is the state of a merge request by its name in the API.
func (m *mergeRequest) mergeState() string {
	switch {
	case m.locked:
		return "locked"
	case !m.mergedAt.IsZero():
		return "merged"
	case m.closed:
		return "closed"
	}
	return "opened"
}

// stateID is the number by which hooks tell the state.
func (m *mergeRequest) stateID() int {
	return map[string]int{"opened": 1, "closed": 2, "merged": 3, "locked": 4}[m.mergeState()]
}

func (m *mergeRequest) isOpen() bool { return m.mergeState() == "opened" }

// toDefault reports whether it is to be merged into the project's default branch.
func (m *mergeRequest) toDefault() bool { return m.targetBranch == defaultBranch }

// head is the id of the last commit, "" if there is none.
func (m *mergeRequest) head() string {
	if len(m.commits) == 0 {
		return ""
	}
	return m.commits[len(m.commits)-1].id
}

// draftPrefix begins the title of a draft, whatever its case.
var draftPrefix = regexp.MustCompile(`(?i)^\s*(?:(?:\[draft\]|\(draft\)|draft:)\s*)+`)

func isDraft(title string) bool { return draftPrefix.MatchString(title) }

// draftTitle is a title with the prefix of a draft, or without it.
func draftTitle(title string, draft bool) string {
	if draft == isDraft(title) {
		return title
	}
	if draft {
		return "Draft: " + title
	}
	return draftPrefix.ReplaceAllString(title, "")
}

// commitFrom makes a commit. Its id is that of no other one.
func (s *Server) commitFrom(author *user, message string) commit {
	sum := sha1.Sum([]byte("commit " + strconv.FormatInt(s.nextID(), 10)))
	return commit{id: hex.EncodeToString(sum[:]), message: message, at: s.now(), author: author}
}

// mergeRequest finds a merge request by its number.
func (p *project) mergeRequest(iid int64) *mergeRequest {
	n, found := slices.BinarySearchFunc(p.requests, iid, func(m *mergeRequest, iid int64) int { return cmp.Compare(m.iid, iid) })
	if !found {
		return nil
	}
	return p.requests[n]
}

// mayUpdate reports whether the user may change the texts and the state of a merge request: a Developer, its author, or somebody to whom it
// is assigned.
func (m *mergeRequest) mayUpdate(u *user) bool {
	return u.levelIn(m.project.path) >= Developer || u == m.author || slices.Contains(m.assignees, u)
}

// mayLabel reports whether the user may change labels, people and milestone of a merge request. Unlike with issues, that takes a Developer.
func (m *mergeRequest) mayLabel(u *user) bool { return u.levelIn(m.project.path) >= Developer }
