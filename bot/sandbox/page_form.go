package sandbox

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// issueForms are the forms of an issue's page.
var issueForms = map[string]func(*Server, *form) error{
	"/labels":              (*Server).postLabels,
	"/weight":              (*Server).postWeight,
	"/state":               (*Server).postState,
	"/assignee":            (*Server).postAssignee,
	"/milestone":           (*Server).postMilestone,
	"/text":                (*Server).postText,
	"/notes":               (*Server).postComment,
	"/notes/{note}":        (*Server).postEdit,
	"/notes/{note}/reply":  (*Server).postReply,
	"/notes/{note}/delete": (*Server).postDelete,
	"/react":               (*Server).postReaction,
}

func (s *Server) postWho(f *form) error {
	s.mu.Lock()
	u := s.userNamed(f.value("user"))
	s.mu.Unlock()
	if u == nil || u.bot {
		return errors.New("there is no such person")
	}
	http.SetCookie(f.w, &http.Cookie{Name: who, Value: u.username, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	if back := f.value("back"); strings.HasPrefix(back, "/issues/") {
		f.next = back
	}
	return nil
}

func (s *Server) postOpen(f *form) error {
	o := IssueOptions{
		Title: f.value("title"), Description: f.value("description"), Labels: splitLabels(f.value("labels")),
		Confidential: f.value("confidential") != "", Type: f.value("type"),
	}
	var err error
	if o.Weight, err = readWeight(f.value("weight")); err != nil {
		return err
	}
	ref, err := s.Open(f.user, number(f.value("project")), o)
	if err != nil {
		return err
	}
	f.next = "/issues/" + strconv.FormatInt(ref.Project, 10) + "/" + strconv.FormatInt(ref.IID, 10)
	return nil
}

func (s *Server) postLabels(f *form) error {
	change := Change{AddLabels: splitLabels(f.value("add"))}
	if gone := f.value("remove"); gone != "" {
		change.RemoveLabels = []string{gone}
	}
	if len(change.AddLabels)+len(change.RemoveLabels) == 0 {
		return errors.New("name a label to add")
	}
	return s.Edit(f.user, f.ref, change)
}

func (s *Server) postWeight(f *form) error {
	weight, err := readWeight(f.value("weight"))
	if err != nil {
		return err
	}
	return s.Edit(f.user, f.ref, Change{Weight: weight, ClearWeight: weight == nil})
}

func (s *Server) postState(f *form) error {
	switch f.value("do") {
	case "close":
		return s.Edit(f.user, f.ref, Change{Close: true})
	case "reopen":
		return s.Edit(f.user, f.ref, Change{Reopen: true})
	default:
		return errors.New("the state can be changed by close and reopen")
	}
}

func (s *Server) postAssignee(f *form) error {
	assignees := []string{}
	if name := f.value("assignee"); name != "" {
		assignees = append(assignees, name)
	}
	return s.Edit(f.user, f.ref, Change{Assignees: &assignees})
}

func (s *Server) postMilestone(f *form) error {
	title := f.value("milestone")
	return s.Edit(f.user, f.ref, Change{Milestone: &title})
}

func (s *Server) postText(f *form) error {
	title, description := f.value("title"), f.value("description")
	return s.Edit(f.user, f.ref, Change{Title: &title, Description: &description})
}

func (s *Server) postComment(f *form) error {
	_, err := s.commentAs(f.user, f.ref, f.value("text"), f.value("internal") != "")
	return err
}

func (s *Server) postReply(f *form) error {
	_, err := s.Reply(f.user, f.ref, number(f.r.PathValue("note")), f.value("text"))
	return err
}

func (s *Server) postEdit(f *form) error {
	return s.EditNote(f.user, f.ref, number(f.r.PathValue("note")), f.value("text"))
}

func (s *Server) postDelete(f *form) error {
	return s.DeleteNote(f.user, f.ref, number(f.r.PathValue("note")))
}

// postReaction toggles a reaction on the issue, or on a note.
func (s *Server) postReaction(f *form) error {
	id := int64(0)
	if text := f.value("note"); text != "" {
		id = number(text)
	}
	name := f.value("name")
	awards := s.Issue(f.ref).Awards
	if id != 0 {
		awards = nil
		for _, n := range s.Issue(f.ref).Notes {
			if n.ID == id {
				awards = n.Awards
			}
		}
	}
	if slices.ContainsFunc(awards, func(a Award) bool { return a.User == f.user && a.Name == name }) {
		return s.Unreact(f.user, f.ref, id, name)
	}
	return s.React(f.user, f.ref, id, name)
}

// readWeight reads a weight; "" is none.
func readWeight(text string) (*int, error) {
	if text == "" {
		return nil, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return nil, errors.New("a weight is a whole number from 0, or nothing")
	}
	return &n, nil
}

// splitLabels reads a comma list of labels, each perhaps with its tilde.
func splitLabels(text string) []string {
	var names []string
	for name := range strings.SplitSeq(text, ",") {
		if name = strings.Trim(strings.TrimPrefix(strings.TrimSpace(name), "~"), `"`); name != "" {
			names = append(names, name)
		}
	}
	return names
}
