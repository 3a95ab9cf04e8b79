package sandbox

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"flowkeeper/bot/sandbox/graphql"
)

// errNoResource is how GraphQL refuses what is not there, or what the user may not change.
var errNoResource = errors.New("The resource that you are attempting to access does not exist or you don't have permission to perform this action") //nolint:staticcheck // GitLab's own words, capital and all

// graphQLRoot is what can be asked for at the top.
func (s *Server) graphQLRoot(c *apiCall) graphql.Object {
	return graphql.Object{
		"workItem": graphql.Field(func(a map[string]any) (any, error) {
			id, _ := a["id"].(string)
			if i := s.workItem(id); i != nil && i.visible(c.by.user) {
				return s.workItemObject(c, i), nil
			}
			return nil, nil
		}),
		"namespace": graphql.Field(func(a map[string]any) (any, error) {
			name, _ := a["fullPath"].(string)
			return s.namespaceObject(c, name), nil
		}),
		"workItemAllowedStatuses": graphql.Field(func(a map[string]any) (any, error) {
			name, _ := a["name"].(string)
			return graphql.Nodes(s.everyStatus(name)), nil
		}),
		"workItemUpdate": graphql.Field(func(a map[string]any) (any, error) {
			input, _ := a["input"].(map[string]any)
			return s.updateWorkItem(c, input)
		}),
	}
}

// everyStatus are the statuses of all lifecycles of all top-level groups, also those of the same name.
func (s *Server) everyStatus(name string) []graphql.Object {
	var found []graphql.Object
	for _, g := range s.groups {
		if strings.Contains(g.path, "/") || s.lifecycleFor([]*group{g}, "Issue") == nil {
			continue
		}
		all := g.lifecycles
		if len(all) == 0 {
			all = []*lifecycle{systemLifecycle}
		}
		for _, l := range all {
			found = append(found, statusObjects(l.statuses)...)
		}
	}
	return slices.DeleteFunc(found, func(o graphql.Object) bool { return name != "" && !strings.EqualFold(o["name"].(string), name) })
}

// namespaceObject is a group or a project by its path, nil if there is none to see.
func (s *Server) namespaceObject(c *apiCall, name string) graphql.Object {
	p, g := s.projectNamed(name), s.groupNamed(name)
	var groups []*group
	switch {
	case p != nil && p.visible(c.by.user) && strings.EqualFold(p.path, name):
		groups = p.groups
	case g != nil && strings.EqualFold(g.path, name):
		groups, p = s.groupsAt(g.path), nil
	default:
		return nil
	}
	premium := s.opt.Edition == Premium
	return graphql.Object{
		"id": "gid://gitlab/Namespace/" + name, "fullPath": name, "name": path.Base(name),
		"availableFeatures": graphql.Object{
			"hasIssueWeightsFeature": premium, "hasScopedLabelsFeature": premium, "hasIterationsFeature": premium, "hasEpicsFeature": premium,
			"hasBlockedIssuesFeature": premium, "hasCustomFieldsFeature": premium, "hasIssuableHealthStatusFeature": false,
			"hasWorkItemStatusFeature": s.lifecycleFor(groups, "Issue") != nil,
		},
		"workItems": graphql.Field(func(a map[string]any) (any, error) { return graphql.Nodes(s.workItemsOf(c, p, g, a)), nil }),
		"workItemTypes": graphql.Field(func(a map[string]any) (any, error) {
			wanted, _ := a["name"].(string)
			var types []graphql.Object
			for n, kind := range []string{"Issue", "Incident", "Task", "Ticket"} {
				if wanted == "" || strings.EqualFold(wanted, kind) {
					types = append(types, s.typeObject(groups, n+1, kind))
				}
			}
			return graphql.Nodes(types), nil
		}),
	}
}

func (s *Server) workItemsOf(c *apiCall, p *project, g *group, a map[string]any) []graphql.Object {
	var projects []*project
	if p != nil {
		projects = []*project{p}
	} else {
		projects = s.projectsOf(g, c.by.user)
	}
	iids, _ := a["iids"].([]any)
	var found []graphql.Object
	for _, p := range projects {
		for _, i := range p.issues {
			if i.visible(c.by.user) && (len(iids) == 0 || slices.Contains(iids, any(strconv.FormatInt(i.iid, 10)))) {
				found = append(found, s.workItemObject(c, i))
			}
		}
	}
	return found[:min(len(found), 100)]
}

// typeObject is a type of work items with the statuses that it allows.
func (s *Server) typeObject(groups []*group, id int, kind string) graphql.Object {
	definitions := []graphql.Object{{"__typename": "WorkItemWidgetDefinitionGeneric", "type": "DESCRIPTION"}}
	if slices.Contains(systemLifecycle.types, kind) && s.opt.Edition != CE {
		d := graphql.Object{"__typename": "WorkItemWidgetDefinitionStatus", "type": "STATUS", "allowedStatuses": []graphql.Object{}}
		if l := s.lifecycleFor(groups, kind); l != nil {
			d["allowedStatuses"], d["defaultOpenStatus"], d["defaultClosedStatus"] = statusObjects(l.statuses), statusObject(l.open, 0), statusObject(l.closed, 0)
		}
		definitions = append(definitions, d)
	}
	return graphql.Object{"id": fmt.Sprintf("gid://gitlab/WorkItems::Type/%d", id), "name": kind, "widgetDefinitions": definitions}
}

func statusObjects(statuses []*status) []graphql.Object {
	list := make([]graphql.Object, len(statuses))
	for n, t := range statuses {
		list[n] = statusObject(t, n)
	}
	return list
}

// statusObject is a status. Its category comes in small letters, unlike other values of its kind.
func statusObject(t *status, position int) graphql.Object {
	if t == nil {
		return nil
	}
	return graphql.Object{"id": t.gid(), "name": t.Name, "category": t.Category, "color": t.Color, "description": orNull(t.Description), "position": position}
}

func (s *Server) workItemObject(c *apiCall, i *issue) graphql.Object {
	state := map[bool]string{false: "OPEN", true: "CLOSED"}[i.closed]
	participants := []graphql.Object{}
	for _, p := range i.participants {
		participants = append(participants, graphql.Object{"email": p})
	}
	widgets := []graphql.Object{
		{"__typename": "WorkItemWidgetAssignees", "type": "ASSIGNEES"},
		{"__typename": "WorkItemWidgetEmailParticipants", "type": "EMAIL_PARTICIPANTS", "emailParticipants": graphql.Nodes(participants)},
		{
			"__typename": "WorkItemWidgetDevelopment", "type": "DEVELOPMENT", "willAutoCloseByMergeRequest": s.willAutoClose(i),
			"closingMergeRequests": graphql.Nodes(s.closingObjects(c, i)),
		},
	}
	if t := s.statusOf(i); t != nil {
		widgets = append(widgets, graphql.Object{"__typename": "WorkItemWidgetStatus", "type": "STATUS", "status": statusObject(t, 0)})
	}
	return graphql.Object{
		"id": fmt.Sprintf("gid://gitlab/WorkItem/%d", i.id), "iid": strconv.FormatInt(i.iid, 10), "title": i.title, "state": state, "lockVersion": 1,
		"updatedAt": graphQLTime(i.updated), "webUrl": s.issueURL(i), "author": graphql.Object{
			"id": fmt.Sprintf("gid://gitlab/User/%d", i.author.id), "username": i.author.username, "name": i.author.name,
		},
		"workItemType": s.typeObject(i.project.groups, 1, i.kind), "widgets": widgets,
		"userPermissions": graphql.Object{"readWorkItem": true, "updateWorkItem": c.by.mayUpdate(i), "setWorkItemMetadata": c.by.canPlan()},
	}
}

// willAutoClose reports whether an open merge request will close the issue.
func (s *Server) willAutoClose(i *issue) bool {
	return !i.project.noAutoClose && slices.ContainsFunc(closingRequests(s.projects, i), func(m *mergeRequest) bool { return m.isOpen() })
}

func (s *Server) closingObjects(c *apiCall, i *issue) []graphql.Object {
	var found []graphql.Object
	for _, m := range closingRequests(s.projects, i) {
		if !m.project.visible(c.by.user) {
			continue
		}
		at := slices.IndexFunc(m.closing, func(c closing) bool { return c.issue == i })
		found = append(found, graphql.Object{
			"id": fmt.Sprintf("gid://gitlab/MergeRequestsClosingIssues/%d", m.id), "fromMrDescription": m.closing[at].fromText,
			"mergeRequest": graphql.Object{
				"id": fmt.Sprintf("gid://gitlab/MergeRequest/%d", m.id), "iid": strconv.FormatInt(m.iid, 10), "title": m.title, "state": m.mergeState(),
				"draft": isDraft(m.title), "sourceBranch": m.sourceBranch, "targetBranch": m.targetBranch, "webUrl": s.issueURL(m.issue),
				"mergedAt": graphQLTime(m.mergedAt), "updatedAt": graphQLTime(m.updated),
				"project": graphql.Object{"id": fmt.Sprintf("gid://gitlab/Project/%d", m.project.id), "fullPath": m.project.path},
			},
		})
	}
	return found
}

// updateWorkItem changes a work item. A status that cannot be set is no error: the answer shows the one it has.
func (s *Server) updateWorkItem(c *apiCall, input map[string]any) (any, error) {
	id, _ := input["id"].(string)
	i := s.workItem(id)
	if i == nil || !i.visible(c.by.user) || !c.by.mayUpdate(i) && !i.maySetStatus(c.by.user) || i.project.archived {
		return nil, errNoResource
	}
	var ch change
	if title, is := input["title"].(string); is {
		ch.title = &title
	}
	event, _ := input["stateEvent"].(string)
	ch.state = strings.ToLower(event)
	answer := graphql.Object{"errors": []string{}, "clientMutationId": input["clientMutationId"]}
	if widget, is := input["statusWidget"].(map[string]any); is {
		wanted, problem, err := s.statusInput(i, widget)
		if err != nil {
			return nil, err
		}
		if problem != "" {
			answer["errors"], answer["workItem"] = []string{problem}, nil
			return answer, nil
		}
		ch.status = wanted
	}
	by := c.by
	by.legacy = false
	if err := s.update(by, i, ch); err != nil {
		answer["errors"] = []string{err.Error()}
	}
	answer["workItem"] = s.workItemObject(c, i)
	return answer, nil
}

// statusInput reads the status that is to be set: by its id, that of any group, or by its name. Only an id that names nothing is an error.
func (s *Server) statusInput(i *issue, widget map[string]any) (wanted *status, problem string, err error) {
	if gid, is := widget["status"].(string); is {
		if wanted = s.statusByID(gid); wanted == nil {
			return nil, "", errors.New("Status doesn't exist.") //nolint:staticcheck // GitLab's own words
		}
		return wanted, "", nil
	}
	name, _ := widget["name"].(string)
	l := s.lifecycleOf(i)
	if name == "" || l == nil {
		return nil, "", nil
	}
	if wanted = l.named(name); wanted == nil {
		var names []string
		for _, t := range l.statuses {
			names = append(names, t.Name)
		}
		return nil, fmt.Sprintf("Status '%s' is not valid for this work item type. Valid statuses are: %s.", name, strings.Join(names, ", ")), nil
	}
	return wanted, "", nil
}

// statusByID finds a status by its global id, one of GitLab's own or of any group.
func (s *Server) statusByID(gid string) *status {
	all := slices.Clone(systemLifecycle.statuses)
	for _, g := range s.groups {
		for _, l := range g.lifecycles {
			all = append(all, l.statuses...)
		}
	}
	for _, t := range all {
		if t.gid() == gid {
			return t
		}
	}
	return nil
}
