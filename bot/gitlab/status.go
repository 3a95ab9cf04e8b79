package gitlab

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"flowkeeper/rules/triage"
)

// Status is a status of a work item. ID is GitLab's global one ("gid://gitlab/WorkItems::Statuses::Custom::Status/7"), Category "to_do", "done",
// "canceled" and the like. OpenDefault and ClosedDefault say that GitLab gives it to an item that is opened, or closed, without naming one; only a StatusSet knows that.
type Status struct {
	ID, Name, Category         string
	OpenDefault, ClosedDefault bool
}

// Closes reports whether an item with the status is closed: to set it closes an open item, to set another one reopens a closed item.
func (s Status) Closes() bool { return s.Category == categoryDone || s.Category == triage.Canceled }

const categoryDone = "done"

// StatusSet are the statuses that a namespace allows, by the type of work item ("Issue"). An empty one: there is no licence for statuses. nil: GitLab does
// not tell, because it is older than they are, has GraphQL switched off, or does not show the namespace.
type StatusSet map[string][]Status

// Default is the status that an item of a type gets when it is opened, or closed, without naming one; ok is false where GitLab does not say.
func (s StatusSet) Default(kind string, closed bool) (status Status, ok bool) {
	n := slices.IndexFunc(s[kind], func(st Status) bool { return closed && st.ClosedDefault || !closed && st.OpenDefault })
	if n < 0 {
		return Status{}, false
	}
	return s[kind][n], true
}

// Find is the status of a name for a type of work item. A name in other letters' case counts if there is only one such. The error says what there is.
func (s StatusSet) Find(kind, name string) (Status, error) {
	found, hint, ok := s.find(kind, name)
	if !ok {
		return Status{}, fmt.Errorf("there is no status %q for items of type %s%s", name, kind, hint)
	}
	return found, nil
}

// find is Find; if ok is false, hint goes on with what would help, or is "".
func (s StatusSet) find(kind, name string) (found Status, hint string, ok bool) {
	var near []Status
	var names []string
	for _, st := range s[kind] {
		if st.Name == name {
			return st, "", true
		}
		if strings.EqualFold(st.Name, name) {
			near = append(near, st)
		}
		names = append(names, st.Name)
	}
	switch n := triage.Nearest(name, names); {
	case len(near) == 1:
		return near[0], "", true
	case len(near) > 1:
		return Status{}, fmt.Sprintf(": %d are called so but for upper and lower case, give the exact name", len(near)), false
	case n != "":
		return Status{}, fmt.Sprintf("; did you mean %q?", n), false
	}
	return Status{}, "", false
}

// StatusTypes are the types of work items that a team works with and that have a status.
func StatusTypes() []string { return []string{"Issue", "Task"} }

// Lacks says which of the statuses, by name, work items cannot have, a clause for each: `no status "In dve" for items of type Issue and Task; did you mean
// "In dev"?`. A set that is nil or empty is not looked at.
func (s StatusSet) Lacks(names []string) []string {
	var all []string
	for _, name := range names {
		var types []string
		help := ""
		for _, kind := range StatusTypes() {
			if _, hint, ok := s.find(kind, name); !ok {
				types, help = append(types, kind), hint
			}
		}
		if len(types) > 0 && len(s) > 0 {
			all = append(all, fmt.Sprintf("no status %q for items of type %s%s", name, strings.Join(types, " and "), help))
		}
	}
	return all
}

// statusesQuery asks which statuses the types of work items of a namespace may have. The list is not paged.
const statusesQuery = `query($path: ID!) { namespace(fullPath: $path) { workItemTypes { nodes { name widgetDefinitions {
  ... on WorkItemWidgetDefinitionStatus { allowedStatuses { id name category } defaultOpenStatus { id } defaultClosedStatus { id } } } } } } }`

// statusQuery asks for the status of one work item.
const statusQuery = `query($id: WorkItemID!) { workItem(id: $id) { state widgets { ... on WorkItemWidgetStatus { status { id name category } } } } }`

// statusMutation gives a work item a status. Its answer shows the item as it is then: GitLab reports no error where it does not do it.
const statusMutation = `mutation($id: WorkItemID!, $status: WorkItemsStatusesStatusID!) { workItemUpdate(input: {id: $id, statusWidget: {status: $status}}) {
  errors workItem { state widgets { ... on WorkItemWidgetStatus { status { id name category } } } } } }`

type wireStatus struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Category string `json:"category"`
}

func (w wireStatus) status() Status {
	return Status{ID: w.ID, Name: w.Name, Category: strings.ToLower(w.Category)}
}

// wireStatusItem is a work item with its widgets; those that are no status are empty.
type wireStatusItem struct {
	State   string `json:"state"` // "OPEN" or "CLOSED"
	Widgets []struct {
		Status *wireStatus `json:"status"`
	} `json:"widgets"`
}

// ItemStatus is a work item's status and whether the item is closed. The zero Status is one that GitLab does not show: there is no licence, or the
// item has none. ByDefault says that it is the one that GitLab gives by itself; only StatusOf knows that.
type ItemStatus struct {
	Status
	Closed    bool
	ByDefault bool
}

func (w *wireStatusItem) status() ItemStatus {
	s := ItemStatus{Closed: w.State == "CLOSED"}
	for _, widget := range w.Widgets {
		if widget.Status != nil {
			s.Status = widget.Status.status()
		}
	}
	return s
}

// Statuses are the statuses that work items may have in the namespace with this full path. That there are none, or that GitLab does not tell, is no error.
// What was told is what issues are read and written by for a while.
func (c *Client) Statuses(ctx context.Context, namespace string) (StatusSet, error) {
	k := call{name: "statuses", op: "asking for the statuses of " + namespace, method: http.MethodPost, graphql: true}
	k.send = wireQuery{statusesQuery, map[string]any{"path": namespace}}
	var w struct {
		Namespace *struct {
			Types struct {
				Nodes []struct {
					Name    string `json:"name"`
					Widgets []struct {
						Allowed []wireStatus `json:"allowedStatuses"`
						Open    wireStatus   `json:"defaultOpenStatus"`
						Closed  wireStatus   `json:"defaultClosedStatus"`
					} `json:"widgetDefinitions"`
				} `json:"nodes"`
			} `json:"workItemTypes"`
		} `json:"namespace"`
	}
	if known, err := c.query(ctx, k, &w); !known || w.Namespace == nil {
		return nil, err
	}
	set := StatusSet{}
	defer c.keepStatuses(namespace, set)
	for _, t := range w.Namespace.Types.Nodes {
		for _, widget := range t.Widgets {
			for _, s := range widget.Allowed {
				st := s.status()
				st.OpenDefault, st.ClosedDefault = s.ID == widget.Open.ID, s.ID == widget.Closed.ID
				set[t.Name] = append(set[t.Name], st)
			}
		}
	}
	return set, nil
}

// StatusOf is the status of an issue, the zero value where GitLab keeps none or has no licence for it: then nothing is asked for a while. told is false
// where GitLab does not tell.
func (c *Client) StatusOf(ctx context.Context, issue triage.Issue) (status ItemStatus, told bool, err error) {
	set, err := c.statusesOf(ctx, issue)
	if err != nil || len(set) == 0 {
		return ItemStatus{}, set != nil, err
	}
	k := call{name: "status", op: "reading the status of issue " + issue.Ref.String(), method: http.MethodPost, graphql: true}
	k.send = wireQuery{statusQuery, map[string]any{"id": workItemID(issue.ID)}}
	var w struct {
		Item *wireStatusItem `json:"workItem"`
	}
	known, err := c.query(ctx, k, &w)
	switch {
	case err == nil && !known:
		c.forgetStatuses(issue)
		return ItemStatus{}, false, c.newError(k, 0, Transient, errNotTold)
	case err != nil || w.Item == nil:
		return ItemStatus{}, false, err
	}
	status = w.Item.status()
	byDefault, ok := set.Default(typeOf(issue), status.Closed)
	status.ByDefault = ok && byDefault.ID == status.ID
	return status, true, nil
}

// typeOf is the type by whose name a StatusSet has the statuses of an issue.
func typeOf(issue triage.Issue) string { return cmp.Or(issue.Type, "Issue") }

// SetStatus gives the work item a status by the status's id and returns what the item has then, which need not be what was wanted: GitLab says nothing
// where it has no licence, the type does not allow the status, or the token may not. A status that ends the work closes the item, another reopens it.
// The error wraps ErrNoStatus if there is no status of that id.
func (c *Client) SetStatus(ctx context.Context, ref triage.Ref, id int64, status string) (ItemStatus, error) {
	k := call{name: "set-status", op: "setting the status of issue " + ref.String(), method: http.MethodPost, graphql: true}
	k.send = wireQuery{statusMutation, map[string]any{"id": workItemID(id), "status": status}}
	var w struct {
		Update *struct {
			Errors []string        `json:"errors"`
			Item   *wireStatusItem `json:"workItem"`
		} `json:"workItemUpdate"`
	}
	known, err := c.query(ctx, k, &w)
	switch {
	case err != nil && goneStatus.MatchString(err.Error()):
		return ItemStatus{}, c.newError(k, 0, Permanent, fmt.Errorf("%w: %w", ErrNoStatus, err))
	case err != nil:
		return ItemStatus{}, err
	case !known:
		return ItemStatus{}, c.newError(k, 0, Transient, errNotTold)
	case w.Update == nil:
		return ItemStatus{}, nil
	case w.Update.Item == nil:
		return ItemStatus{}, c.newError(k, 0, Permanent, errors.New("GitLab did not set it and said: "+truncate(strings.Join(w.Update.Errors, "; "))))
	}
	return w.Update.Item.status(), nil
}

// ErrNoStatus says that a status was deleted, or that its id became another one.
var ErrNoStatus = errors.New("there is no such status any more")

// errNotTold says that a GitLab that told its statuses answers nothing now. It is asked anew which there are.
var errNotTold = errors.New("GitLab does not know statuses, of which it told a while ago")

// goneStatus is what GitLab says of an id that names no status.
var goneStatus = regexp.MustCompile(`(?i)status.*(not exist|doesn't exist|not found)|not a valid (global )?id`)

// query makes a call in GraphQL and decodes what is in its answer. known is false, without an error, where GraphQL is switched off, or where this GitLab
// does not know the question. An answer with errors is no answer: what it does not say is null in it, as nothing would be.
func (c *Client) query(ctx context.Context, k call, into any) (known bool, err error) {
	var w struct {
		Data   json.RawMessage `json:"data"`
		Errors []struct {
			Message string `json:"message"`
		} `json:"errors"`
	}
	_, err = c.do(ctx, k, &w)
	switch {
	case ClassOf(err) == NotFound:
		return false, nil
	case err != nil:
		return false, err
	case len(w.Errors) > 0 && unknownField.MatchString(w.Errors[0].Message):
		return false, nil
	case len(w.Errors) > 0:
		return false, c.newError(k, 0, Transient, errors.New("GitLab answered: "+truncate(w.Errors[0].Message)))
	case len(w.Data) == 0:
		return false, c.newError(k, 0, Transient, errors.New("the answer is empty"))
	}
	if err := json.Unmarshal(w.Data, into); err != nil {
		return false, c.newError(k, 0, Transient, fmt.Errorf("reading the answer: %w", err))
	}
	return true, nil
}

func workItemID(id int64) string { return "gid://gitlab/WorkItem/" + strconv.FormatInt(id, 10) }
