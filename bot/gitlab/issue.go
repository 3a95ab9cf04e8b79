package gitlab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"flowkeeper/rules/triage"
)

// callUser names the one call that any token may make: what refuses it refuses the bot as a whole.
const callUser = "user"

// CurrentUser is the user that the token belongs to.
func (c *Client) CurrentUser(ctx context.Context) (triage.Person, error) {
	return c.tokenUser(ctx, nil)
}

// tokenUser asks whose token it is that is shown; nil shows the one in use.
func (c *Client) tokenUser(ctx context.Context, show func(http.Header)) (triage.Person, error) {
	k := call{name: callUser, op: "asking GitLab who the token belongs to", method: http.MethodGet, path: "user", token: show}
	var who struct {
		wirePerson
		Page  string `json:"web_url"`
		Admin bool   `json:"is_admin"`
	}
	a, err := c.do(ctx, k, &who)
	if err != nil {
		return triage.Person{}, err
	}
	if who.ID == 0 {
		return triage.Person{}, c.newError(k, a.status, Transient, errors.New("the answer names no user; is it GitLab that answers at the GitLab URL?"))
	}
	c.learnPages(who.Page, who.Username)
	if show == nil {
		c.admin.Store(who.Admin)
	}
	return who.person(), nil
}

// Ping checks that GitLab answers and accepts the token.
func (c *Client) Ping(ctx context.Context) error {
	_, err := c.CurrentUser(ctx)
	return err
}

// Issue loads an issue or a merge request with everything that rules may look at. NotFound if it is not there or not visible. Whether a merge request
// goes to the default branch is left open: see MergeSettings.
func (c *Client) Issue(ctx context.Context, ref triage.Ref) (triage.Issue, error) {
	issue, _, err := c.IssueWithCounts(ctx, ref)
	return issue, err
}

// Counts is what GitLab counts and keeps of an issue and no delivery tells.
type Counts struct {
	Votes     triage.Votes
	Iteration string // the title of its iteration, or the days of one that has no title: "2026-11-30 to 2026-12-13"; "" for none
}

// IssueWithCounts is Issue, with what the same answer tells besides. Merge requests have no iteration.
func (c *Client) IssueWithCounts(ctx context.Context, ref triage.Ref) (triage.Issue, Counts, error) {
	if ref.Kind == triage.SubjectMergeRequest {
		return c.mergeRequestWithCounts(ctx, ref)
	}
	k := call{name: "issue", op: "loading issue " + ref.String(), method: http.MethodGet, path: issuePath(ref)}
	var counts Counts
	issue, _, err := c.oneIssue(ctx, k, func(w *wireIssue) bool {
		counts = Counts{Votes: triage.Votes{Up: w.Upvotes, Down: w.Downvotes}, Iteration: w.Iteration.name()}
		return w.Project == ref.Project && w.IID == ref.IID
	})
	return issue, counts, err
}

// subject makes a call that is answered with the issue or the merge request.
func (c *Client) subject(ctx context.Context, ref triage.Ref, k call) (triage.Issue, error) {
	if ref.Kind == triage.SubjectMergeRequest {
		m, _, err := c.mergeRequest(ctx, ref, k)
		return m, err
	}
	issue, _, err := c.oneIssue(ctx, k, func(w *wireIssue) bool { return w.Project == ref.Project && w.IID == ref.IID })
	return issue, err
}

// oneIssue makes a call that is answered with an issue and checks whether it is the one that was asked for.
func (c *Client) oneIssue(ctx context.Context, k call, wanted func(*wireIssue) bool) (triage.Issue, answer, error) {
	var w wireIssue
	a, err := c.do(ctx, k, &w)
	if err != nil {
		return triage.Issue{}, a, err
	}
	if w.ID == 0 || w.Project == 0 || w.IID == 0 || !wanted(&w) {
		return triage.Issue{}, a, c.newError(k, a.status, Transient, errors.New("the answer is not that issue"))
	}
	issue, err := w.issue()
	if err != nil {
		return triage.Issue{}, a, c.newError(k, a.status, Transient, fmt.Errorf("reading the answer: %w", err))
	}
	return issue, a, nil
}

// errOnlyIssues says that something was asked of another subject than an issue.
var errOnlyIssues = errors.New("GitLab has that of issues only, not of merge requests")

// issuePath is the issue's address below /api/v4/, with further segments. What is no issue has none: a call with it fails.
func issuePath(ref triage.Ref, more ...string) string {
	if ref.Kind != triage.SubjectIssue {
		return ""
	}
	return subjectPath(ref, more...)
}

// subjectPath is the address of an issue or a merge request below /api/v4/, with further segments.
func subjectPath(ref triage.Ref, more ...string) string {
	list := "issues"
	if ref.Kind == triage.SubjectMergeRequest {
		list = "merge_requests"
	}
	return projectPath(ref.Project, append([]string{list, strconv.FormatInt(ref.IID, 10)}, more...)...)
}

// named names an issue or a merge request in a sentence: "issue 7#12", "merge request 7!12".
func named(ref triage.Ref) string {
	return ref.Kind.Words() + " " + ref.String()
}

// projectPath is the project's address below /api/v4/, with further segments.
func projectPath(project int64, more ...string) string {
	return strings.Join(append([]string{"projects/" + strconv.FormatInt(project, 10)}, more...), "/")
}

// wirePerson is a user as GitLab sends one.
type wirePerson struct {
	ID       int64  `json:"id"`
	Username string `json:"username"`
}

// person may be called on nil, which is nobody.
func (w *wirePerson) person() triage.Person {
	if w == nil {
		return triage.Person{}
	}
	return triage.Person{ID: w.ID, Username: w.Username}
}

// wireIssue is an issue as GitLab sends one. Weight keeps "absent" apart from null; the type comes as "type" or, in older versions, as
// "issue_type"; a duplicate shows in a link or in an id.
type wireIssue struct {
	ID           int64           `json:"id"`
	IID          int64           `json:"iid"`
	Project      int64           `json:"project_id"`
	Title        string          `json:"title"`
	Description  string          `json:"description"`
	State        string          `json:"state"`
	Type         string          `json:"type"`
	IssueType    string          `json:"issue_type"`
	Confidential bool            `json:"confidential"`
	MovedTo      *int64          `json:"moved_to_id"`
	DuplicatedTo *int64          `json:"duplicated_to_id"`
	Labels       []wireLabel     `json:"labels"`
	Weight       json.RawMessage `json:"weight"`
	Author       *wirePerson     `json:"author"`
	Assignees    []*wirePerson   `json:"assignees"`
	Assignee     *wirePerson     `json:"assignee"`
	Milestone    *wireTitle      `json:"milestone"`
	Iteration    *wireIteration  `json:"iteration"`
	Upvotes      int             `json:"upvotes"`
	Downvotes    int             `json:"downvotes"`
	DueDate      string          `json:"due_date"`
	HealthStatus string          `json:"health_status"`
	CreatedAt    time.Time       `json:"created_at"`
	UpdatedAt    time.Time       `json:"updated_at"`
	ClosedAt     time.Time       `json:"closed_at"`
	URL          string          `json:"web_url"`
	References   struct {
		Full string `json:"full"`
	} `json:"references"`
	ReplyTo *string `json:"service_desk_reply_to"`
	Links   struct {
		DuplicateOf string `json:"closed_as_duplicate_of"`
	} `json:"_links"`
}

// wireTitle is a milestone as an issue has it.
type wireTitle struct {
	ID    int64  `json:"id"`
	Title string `json:"title"`
}

// title may be called on nil, which is no milestone.
func (w *wireTitle) title() string {
	if w == nil {
		return ""
	}
	return w.Title
}

// wireIteration is an iteration as an issue has it. Most have no title.
type wireIteration struct {
	Title string `json:"title"`
	Start string `json:"start_date"`
	Due   string `json:"due_date"`
}

// name may be called on nil, which is no iteration.
func (w *wireIteration) name() string {
	switch {
	case w == nil:
		return ""
	case w.Title != "":
		return w.Title
	}
	return w.Start + " to " + w.Due
}

// issue translates into the bot's vocabulary.
func (w *wireIssue) issue() (triage.Issue, error) {
	weight, err := weightOf(w.Weight)
	if err != nil {
		return triage.Issue{}, err
	}
	i := triage.Issue{
		Ref:          triage.Ref{Project: w.Project, IID: w.IID},
		ID:           w.ID,
		Path:         w.path(),
		URL:          w.URL,
		Type:         typeName(w.Type, w.IssueType),
		Title:        w.Title,
		Description:  w.Description,
		Closed:       w.State == "closed",
		Confidential: w.Confidential,
		Moved:        w.MovedTo != nil,
		Duplicated:   w.DuplicatedTo != nil || w.Links.DuplicateOf != "",
		Weight:       weight,
		NoWeights:    len(w.Weight) == 0,
		Author:       w.Author.person(),
		CreatedAt:    w.CreatedAt,
		UpdatedAt:    w.UpdatedAt,
		DueDate:      w.DueDate,
		HealthStatus: w.HealthStatus,
	}
	if i.ClosedAt = w.ClosedAt; w.MovedTo != nil {
		i.MovedTo = *w.MovedTo
	}
	i.ServiceDesk = i.Type == triage.Ticket || w.ReplyTo != nil && *w.ReplyTo != "" || i.Author.IsSupportBot()
	for _, l := range w.Labels {
		i.Labels = append(i.Labels, string(l))
	}
	for _, a := range w.Assignees {
		if a != nil {
			i.Assignees = append(i.Assignees, a.person())
		}
	}
	if len(i.Assignees) == 0 && w.Assignee != nil {
		i.Assignees = []triage.Person{w.Assignee.person()}
	}
	if w.Milestone != nil {
		i.Milestone = w.Milestone.ID
	}
	return i, nil
}

// path is the project's path: of the full reference "group/project#12", else out of ".../group/project/-/issues/12". The latter is
// right only for a GitLab at the root of its host.
func (w *wireIssue) path() string {
	if path, _, ok := strings.Cut(w.References.Full, "#"); ok {
		return path
	}
	u, err := url.Parse(w.URL)
	if err != nil {
		return ""
	}
	path, _, ok := strings.Cut(u.Path, "/-/")
	if !ok {
		return ""
	}
	return strings.Trim(path, "/")
}

// weightOf reads a weight: nil for null and for an absent one. GitLab may write numbers as floats or strings.
func weightOf(raw json.RawMessage) (*int, error) {
	text := strings.Trim(string(raw), `"`)
	if text == "" || text == "null" {
		return nil, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if n := int(f); err == nil && f == float64(n) {
		return triage.Int(n), nil
	}
	return nil, errors.New("the weight is not a whole number")
}

// typeName is the type as webhooks write it: "Issue", "Test Case". GitLab's own types come as "TEST_CASE" or "test_case" here;
// custom names are kept.
func typeName(kind, legacy string) string {
	if kind == "" {
		kind = legacy
	}
	known := []string{"Issue", "Incident", "Task", "Test Case", "Requirement", "Objective", "Key Result", "Epic", "Ticket"}
	spelt := strings.ReplaceAll(kind, "_", " ")
	for _, name := range known {
		if strings.EqualFold(spelt, name) {
			return name
		}
	}
	return kind
}

// wireLabel is a label, sent as its name or as an object that has one.
type wireLabel string

func (l *wireLabel) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		return json.Unmarshal(raw, (*string)(l))
	}
	var object struct {
		Name  string `json:"name"`
		Title string `json:"title"`
	}
	if err := json.Unmarshal(raw, &object); err != nil {
		return fmt.Errorf("reading a label: %w", err)
	}
	*l = wireLabel(object.Name)
	if object.Name == "" {
		*l = wireLabel(object.Title)
	}
	return nil
}
