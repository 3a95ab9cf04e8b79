package page

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"flowkeeper/bot/sandbox"
)

// issueForms are the forms of an issue's page.
var issueForms = map[string]func(*site, *form) error{
	"/labels":              (*site).postLabels,
	"/weight":              (*site).postWeight,
	"/state":               (*site).postState,
	"/assignee":            (*site).postAssignee,
	"/milestone":           (*site).postMilestone,
	"/due":                 (*site).postDue,
	"/text":                (*site).postText,
	"/tick":                (*site).postTick,
	"/notes":               (*site).postComment,
	"/notes/{note}":        (*site).postEdit,
	"/notes/{note}/reply":  (*site).postReply,
	"/notes/{note}/delete": (*site).postDelete,
	"/react":               (*site).postReaction,
	"/status":              (*site).postStatus,
	"/requests":            (*site).postOpenRequest,
	"/request":             (*site).postRequest,
}

func (s *site) postVisitor(f *form) error {
	u := s.visitor(f.r).person(f.value("user"))
	if u.Username == "" {
		return errors.New("there is no such person")
	}
	http.SetCookie(f.w, &http.Cookie{Name: userCookie, Value: u.Username, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	if back := f.value("back"); strings.HasPrefix(back, "/issues/") {
		f.next = back
	}
	return nil
}

func (s *site) postOpen(f *form) error {
	o := sandbox.IssueOptions{
		Title: f.value("title"), Description: f.value("description"), Labels: splitLabels(f.value("labels")),
		Confidential: f.value("confidential") != "", Type: f.value("type"),
	}
	var err error
	if o.Weight, err = readWeight(f.value("weight")); err != nil {
		return err
	}
	ref, err := s.gitlab.Open(f.user, parseNumber(f.value("project")), o)
	if err != nil {
		return err
	}
	f.next = issuePath(ref)
	return nil
}

func (s *site) postLabels(f *form) error {
	change := sandbox.Change{AddLabels: splitLabels(f.value("add"))}
	if gone := f.value("remove"); gone != "" {
		change.RemoveLabels = []string{gone}
	}
	if len(change.AddLabels)+len(change.RemoveLabels) == 0 {
		return errors.New("name a label to add")
	}
	return s.gitlab.Edit(f.user, f.ref, change)
}

func (s *site) postWeight(f *form) error {
	weight, err := readWeight(f.value("weight"))
	if err != nil {
		return err
	}
	return s.gitlab.Edit(f.user, f.ref, sandbox.Change{Weight: weight, ClearWeight: weight == nil})
}

func (s *site) postState(f *form) error {
	switch f.value("do") {
	case "close":
		return s.gitlab.Edit(f.user, f.ref, sandbox.Change{Close: true})
	case "reopen":
		return s.gitlab.Edit(f.user, f.ref, sandbox.Change{Reopen: true})
	default:
		return errors.New("the state can be changed by close and reopen")
	}
}

func (s *site) postAssignee(f *form) error {
	assignees := []string{}
	if name := f.value("assignee"); name != "" {
		assignees = append(assignees, name)
	}
	return s.gitlab.Edit(f.user, f.ref, sandbox.Change{Assignees: &assignees})
}

func (s *site) postMilestone(f *form) error {
	title := f.value("milestone")
	return s.gitlab.Edit(f.user, f.ref, sandbox.Change{Milestone: &title})
}

func (s *site) postDue(f *form) error {
	due := f.value("due")
	return s.gitlab.Edit(f.user, f.ref, sandbox.Change{Due: &due})
}

func (s *site) postText(f *form) error {
	title, description := f.value("title"), f.value("description")
	return s.gitlab.Edit(f.user, f.ref, sandbox.Change{Title: &title, Description: &description})
}

func (s *site) postComment(f *form) error {
	comment := s.gitlab.Comment
	if f.value("internal") != "" {
		comment = s.gitlab.CommentInternally
	}
	_, err := comment(f.user, f.ref, f.value("text"))
	return err
}

func (s *site) postReply(f *form) error {
	_, err := s.gitlab.Reply(f.user, f.ref, parseNumber(f.r.PathValue("note")), f.value("text"))
	return err
}

func (s *site) postEdit(f *form) error {
	return s.gitlab.EditNote(f.user, f.ref, parseNumber(f.r.PathValue("note")), f.value("text"))
}

func (s *site) postDelete(f *form) error {
	return s.gitlab.DeleteNote(f.user, f.ref, parseNumber(f.r.PathValue("note")))
}

// postReaction toggles a reaction on the issue, or on a note.
func (s *site) postReaction(f *form) error {
	id := int64(0)
	if text := f.value("note"); text != "" {
		id = parseNumber(text)
	}
	name := f.value("name")
	awards := s.gitlab.Issue(f.ref).Awards
	if id != 0 {
		awards = nil
		for _, n := range s.gitlab.Issue(f.ref).Notes {
			if n.ID == id {
				awards = n.Awards
			}
		}
	}
	if slices.ContainsFunc(awards, func(a sandbox.Award) bool { return a.User == f.user && a.Name == name }) {
		return s.gitlab.Unreact(f.user, f.ref, id, name)
	}
	return s.gitlab.React(f.user, f.ref, id, name)
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
