package gitlab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"flowkeeper/bot/closing"
	"flowkeeper/rules/triage"
)

// wireMergeRequest is a merge request as GitLab sends one: most of its keys are an issue's.
type wireMergeRequest struct {
	wireIssue
	Draft          *bool         `json:"draft"`
	WorkInProgress bool          `json:"work_in_progress"`
	SourceBranch   string        `json:"source_branch"`
	TargetBranch   string        `json:"target_branch"`
	Reviewers      []*wirePerson `json:"reviewers"`
	SHA            string        `json:"sha"`
	MergedAt       time.Time     `json:"merged_at"`
}

// mergeRequestWithCounts loads a merge request with what the same answer tells besides.
func (c *Client) mergeRequestWithCounts(ctx context.Context, ref triage.Ref) (triage.Issue, Counts, error) {
	m, w, err := c.mergeRequest(ctx, ref, call{name: "merge_request", op: "loading " + named(ref), method: http.MethodGet, path: subjectPath(ref)})
	return m, Counts{Votes: triage.Votes{Up: w.Upvotes, Down: w.Downvotes}}, err
}

// mergeRequest makes a call that is answered with the merge request.
func (c *Client) mergeRequest(ctx context.Context, ref triage.Ref, k call) (triage.Issue, wireMergeRequest, error) {
	var w wireMergeRequest
	a, err := c.do(ctx, k, &w)
	if err != nil {
		return triage.Issue{}, w, err
	}
	if w.ID == 0 || w.Project != ref.Project || w.IID != ref.IID {
		return triage.Issue{}, w, c.newError(k, a.status, Transient, errors.New("the answer is not that merge request"))
	}
	m, err := w.mergeRequest()
	if err != nil {
		return triage.Issue{}, w, c.newError(k, a.status, Transient, fmt.Errorf("reading the answer: %w", err))
	}
	return m, w, nil
}

// mergeRequest translates into the bot's vocabulary.
func (w *wireMergeRequest) mergeRequest() (triage.Issue, error) {
	m, err := w.issue()
	if err != nil {
		return m, err
	}
	state := triage.MergeRequestState(w.State)
	if !state.Known() {
		return m, fmt.Errorf("the state %.20q of a merge request is not known", w.State)
	}
	m.Kind, m.Weight, m.NoWeights, m.Path = triage.SubjectMergeRequest, nil, true, w.path()
	m.Closed = state == triage.MRClosed || state == triage.MRMerged
	m.MergeRequest = &triage.MergeRequestDetails{
		State: state, Draft: w.isDraft(), SourceBranch: w.SourceBranch, TargetBranch: w.TargetBranch, DefaultUnknown: true,
		Reviewers: people(w.Reviewers), Head: w.SHA, MergedAt: w.MergedAt, ClosedAt: m.ClosedAt,
	}
	closes := closing.Read(w.Title, w.Description, w.source())
	m.MergeRequest.References, m.MergeRequest.External, m.MergeRequest.Mentions = closes.Issues, closes.External, closes.Mentions
	m.MergeRequest.Digest = closing.Digest(w.Title, w.Description)
	return m, nil
}

func (w *wireMergeRequest) isDraft() bool {
	return w.Draft != nil && *w.Draft || w.Draft == nil && w.WorkInProgress
}

// path is the project's path, of the full reference "group/project!12".
func (w *wireMergeRequest) path() string {
	if path, _, ok := strings.Cut(w.References.Full, "!"); ok {
		return path
	}
	return w.wireIssue.path()
}

// source is what its text may refer to without a whole path.
func (w *wireMergeRequest) source() closing.Source {
	project, _, _ := strings.Cut(w.URL, "/-/")
	return closing.SourceOf(w.path(), project)
}

// beside is the merge request as an issue knows it.
func (w *wireMergeRequest) beside() triage.MergeRequest {
	return triage.MergeRequest{
		Ref: triage.Ref{Project: w.Project, Kind: triage.SubjectMergeRequest, IID: w.IID}, Path: w.path(), URL: w.URL, Title: w.Title,
		State: triage.MergeRequestState(w.State), Draft: w.isDraft(), Assignees: people(w.Assignees), Reviewers: people(w.Reviewers),
		MergedAt: w.MergedAt, UpdatedAt: w.UpdatedAt,
	}
}

// people are those of a list that may hold nobody.
func people(list []*wirePerson) []triage.Person {
	var all []triage.Person
	for _, p := range list {
		if p != nil {
			all = append(all, p.person())
		}
	}
	return all
}

// NamedIssue is an issue with the name that people give it: "group/project#12".
type NamedIssue struct {
	triage.Ref
	Name string
}

// wireNamedIssue is an issue of this GitLab or of another tracker, which has no number.
type wireNamedIssue struct {
	IID        int64 `json:"iid"`
	Project    int64 `json:"project_id"`
	References struct {
		Full string `json:"full"`
	} `json:"references"`
	URL string `json:"web_url"`
}

// ClosedIssues lists the issues that GitLab will close when the merge request is merged, or has closed. Those whose project closes none by itself are
// left out, as are those of other trackers and those that the token may not see. One call gets a hundred of them.
func (c *Client) ClosedIssues(ctx context.Context, ref triage.Ref) ([]NamedIssue, error) {
	return c.namedIssues(ctx, call{
		name: "closes-issues", op: "asking which issues " + named(ref) + " closes", method: http.MethodGet, path: subjectPath(ref, "closes_issues"),
	})
}

// ReferredIssues lists the issues that the merge request refers to in any way. GitLab before 17 has no such list: NotFound.
func (c *Client) ReferredIssues(ctx context.Context, ref triage.Ref) ([]NamedIssue, error) {
	return c.namedIssues(ctx, call{
		name: "related-issues", op: "asking which issues " + named(ref) + " refers to", method: http.MethodGet, path: subjectPath(ref, "related_issues"),
	})
}

func (c *Client) namedIssues(ctx context.Context, k call) ([]NamedIssue, error) {
	k.send = page{Page: 1, PerPage: perPage}
	var list []wireNamedIssue
	if _, err := c.do(ctx, k, &list); err != nil {
		return nil, err
	}
	var issues []NamedIssue
	for _, w := range list {
		if w.Project == 0 || w.IID == 0 {
			continue // of another tracker
		}
		i := NamedIssue{Ref: triage.Ref{Project: w.Project, IID: w.IID}, Name: w.References.Full}
		if i.Name == "" {
			i.Name = fmt.Sprintf("%s#%d", (&wireIssue{URL: w.URL}).path(), w.IID)
		}
		issues = append(issues, i)
	}
	return issues, nil
}

// CloserOf is a merge request beside an issue, with the branch that it goes to. ByText says that GitLab does not count it among those that close the
// issue, its title and description do.
type CloserOf struct {
	triage.MergeRequest
	Target string
}

// MergeRequestsClosing lists the merge requests that close the issue when they are merged, or have closed it: those of the issue's project that
// GitLab counts, and those of any project whose title and description say so. name is the issue's: "group/project#12". It takes two calls.
func (c *Client) MergeRequestsClosing(ctx context.Context, ref triage.Ref, name string) ([]CloserOf, error) {
	var found []CloserOf
	known := map[triage.Ref]bool{}
	list := func(path string, byText bool) error {
		k := call{
			name: strings.ReplaceAll(path, "_", "-"), op: "asking which merge requests close " + named(ref), method: http.MethodGet, path: issuePath(ref, path),
			send: page{Page: 1, PerPage: perPage},
		}
		var some []wireMergeRequest
		a, err := c.do(ctx, k, &some)
		if isMissing(err) {
			return nil // the project has no merge requests
		} else if err != nil {
			return err
		}
		for _, w := range some {
			m := w.beside()
			if known[m.Ref] || byText && !w.says(name) {
				continue
			}
			if !m.State.Known() || !m.Names() {
				return c.newError(k, a.status, Transient, errors.New("the answer is no list of merge requests"))
			}
			known[m.Ref], m.ByText = true, byText
			found = append(found, CloserOf{m, w.TargetBranch})
		}
		return nil
	}
	if err := list("closed_by", false); err != nil {
		return nil, err
	}
	return found, list("related_merge_requests", true)
}

// says reports whether title and description say that the merge request closes the issue.
func (w *wireMergeRequest) says(name string) bool {
	for _, issue := range closing.Read(w.Title, w.Description, w.source()).Issues {
		if strings.EqualFold(issue, name) {
			return true
		}
	}
	return false
}

// MergeSettings are what counts of a project where merge requests close issues.
type MergeSettings struct {
	DefaultBranch string
	// AutoClose says that GitLab closes an issue of the project when a merge request that closes it is merged.
	AutoClose bool
	// ForkedFrom is the project that it was forked from, 0 if it is no fork or the token may not see that project. GitLab lets a merge request in
	// the fork close none of its issues.
	ForkedFrom int64
	// NoRole says that the token's user has no role in the project or the groups above it, as far as the project tells: a role through a group with
	// which it was shared is not told. False where GitLab says nothing of roles.
	NoRole bool
}

// MergeSettings asks for those of a project. GitLab closes issues unless it says otherwise. NotFound if the token may not see the project.
func (c *Client) MergeSettings(ctx context.Context, project int64) (MergeSettings, error) {
	k := call{name: "project", op: fmt.Sprintf("looking up project %d", project), method: http.MethodGet, path: projectPath(project)}
	var w struct {
		ID            int64  `json:"id"`
		DefaultBranch string `json:"default_branch"`
		AutoClose     *bool  `json:"autoclose_referenced_issues"`
		ForkedFrom    struct {
			ID int64 `json:"id"`
		} `json:"forked_from_project"`
		Permissions *struct {
			Project *struct{} `json:"project_access"`
			Group   *struct{} `json:"group_access"`
		} `json:"permissions"`
	}
	a, err := c.do(ctx, k, &w)
	if err == nil && w.ID != project {
		err = c.newError(k, a.status, Transient, errors.New("the answer is not that project"))
	}
	noRole := w.Permissions != nil && w.Permissions.Project == nil && w.Permissions.Group == nil
	return MergeSettings{DefaultBranch: w.DefaultBranch, AutoClose: w.AutoClose == nil || *w.AutoClose, ForkedFrom: w.ForkedFrom.ID, NoRole: noRole}, err
}
