package gitlab

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"flowkeeper/rules/triage"
)

// participants asks what REST does not say: who gets the issue's public comments by mail.
const participants = `query($id: WorkItemID!) { workItem(id: $id) { author { username } widgets {
  ... on WorkItemWidgetEmailParticipants { emailParticipants(first: 1) { nodes { email } } } } } }`

// wireQuery is a question in GraphQL.
type wireQuery struct {
	Query     string         `json:"query"`
	Variables map[string]any `json:"variables"`
}

// wireParticipants is the answer. WorkItem is nil for an issue that cannot be seen, and where the question was not understood.
type wireParticipants struct {
	Data struct {
		WorkItem *struct {
			Author  *wirePerson `json:"author"`
			Widgets []struct {
				EmailParticipants struct {
					Nodes []json.RawMessage `json:"nodes"`
				} `json:"emailParticipants"`
			} `json:"widgets"`
		} `json:"workItem"`
	} `json:"data"`
	Errors []struct {
		Message string `json:"message"`
	} `json:"errors"`
}

// unknownField is what GraphQL says of a question that an older GitLab does not know.
var unknownField = regexp.MustCompile(`No such type|doesn't exist on type|isn't a defined|doesn't accept argument|Selections can't be made`)

// HasServiceDesk reports whether the project has a Service Desk; true if GitLab does not say. Without one GitLab mails no comments.
func (c *Client) HasServiceDesk(ctx context.Context, project int64) (bool, error) {
	var p struct {
		Enabled *bool `json:"service_desk_enabled"`
	}
	_, err := c.do(ctx, call{
		name: "project", op: "asking whether project " + strconv.FormatInt(project, 10) + " has a Service Desk", method: http.MethodGet,
		path: projectPath(project),
	}, &p)
	return p.Enabled == nil || *p.Enabled, err
}

// MailsOutsiders reports whether people outside the project get the public comments of an issue by mail: the customer of a Service Desk ticket, or
// others whose address somebody added. GitLab before 17, or one that answers only REST, knows only the former.
func (c *Client) MailsOutsiders(ctx context.Context, ref triage.Ref, id int64) (bool, error) {
	k := call{name: "participants", op: "asking who reads issue " + ref.String() + " by mail", method: http.MethodPost, graphql: true}
	if ref.Kind != triage.SubjectIssue {
		return false, nil // there is no Service Desk for merge requests
	}
	k.send = wireQuery{participants, map[string]any{"id": "gid://gitlab/WorkItem/" + strconv.FormatInt(id, 10)}}
	var w wireParticipants
	_, err := c.do(ctx, k, &w)
	if class := ClassOf(err); err != nil && class != NotFound && class != Permanent {
		return false, err
	}
	item := w.Data.WorkItem
	if item == nil && len(w.Errors) > 0 && !unknownField.MatchString(w.Errors[0].Message) {
		return false, c.newError(k, 0, Transient, errors.New("GitLab answered: "+truncate(w.Errors[0].Message)))
	}
	if err != nil || item == nil {
		issue, err := c.Issue(ctx, ref)
		return issue.ServiceDesk, err
	}
	for _, widget := range item.Widgets {
		if len(widget.EmailParticipants.Nodes) > 0 {
			return true, nil
		}
	}
	return item.Author.person().IsSupportBot(), nil
}

// errPublic says that a comment became public that was to be internal.
var errPublic = errors.New("GitLab made the comment public, so it was deleted at once; the bot needs the Planner or Reporter role, or higher, to write internal ones")

// graphqlPath is where GraphQL answers, beside the REST API.
func graphqlPath(rest string) string { return strings.TrimSuffix(rest, "v4/") + "graphql" }
