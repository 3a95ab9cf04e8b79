package page

import (
	"errors"
	"fmt"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// requestView is a merge request on the page of an issue that it closes. Do are the buttons that it has now.
type requestView struct {
	Ref, Name, Title, State, Author string
	Do                              []doView
}

// doView is a button: the value that it sends, and its words.
type doView struct{ Do, Words string }

// requestViews are the merge requests that close an issue, the newest first.
func requestViews(issue triage.Ref, requests []sandbox.MergeRequest) []requestView {
	var list []requestView
	for _, m := range requests {
		v := requestView{Ref: m.Ref.String(), Name: fmt.Sprintf("!%d", m.IID), Title: m.Title, State: m.State, Author: m.Author}
		if m.Project != issue.Project {
			v.Name = m.Path + v.Name
		}
		switch {
		case m.State == "opened" && m.Draft:
			v.State, v.Do = "draft", []doView{{"ready", "Mark ready"}, {"close", "Close"}}
		case m.State == "opened":
			v.Do = []doView{{"merge", "Merge"}, {"draft", "Back to draft"}, {"close", "Close"}}
		case m.State == "closed":
			v.Do = []doView{{"reopen", "Reopen"}}
		}
		list = append(list, v)
	}
	return list
}

// postOpenRequest opens a draft that closes the issue, in its project.
func (s *site) postOpenRequest(f *form) error {
	title := f.value("title")
	if title == "" {
		return errors.New("name the merge request")
	}
	_, err := s.gitlab.OpenMergeRequest(f.user, f.ref.Project, sandbox.MergeRequestOptions{
		Title: "Draft: " + title, Description: fmt.Sprintf("Closes #%d", f.ref.IID), Assignees: []string{f.user},
	})
	return err
}

// postRequest carries out a button of a merge request.
func (s *site) postRequest(f *form) error {
	ref, err := triage.ParseRef(f.value("request"))
	if err != nil {
		return err
	}
	var change sandbox.MergeRequestChange
	switch do := f.value("do"); do {
	case "merge":
		return s.gitlab.Merge(f.user, ref)
	case "ready", "draft":
		draft := do == "draft"
		change.Draft = &draft
	case "close":
		change.Close = true
	case "reopen":
		change.Reopen = true
	default:
		return errors.New("a merge request can be made ready or a draft, merged, closed and reopened")
	}
	return s.gitlab.EditMergeRequest(f.user, ref, change)
}

func (s *site) postStatus(f *form) error { return s.gitlab.SetStatus(f.user, f.ref, f.value("status")) }
