package sandbox

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"flowkeeper/rules/triage"
)

// supportBot is the user in whose name GitLab writes what comes by mail.
const supportBot = "support-bot"

// Mail is what GitLab sent to somebody outside: every comment that is not internal, none of the edits.
type Mail struct {
	To    string
	Issue triage.Ref
	Note  int64
	Text  string
	At    time.Time
}

// AddServiceDesk gives a project a Service Desk, as every project of gitlab.com has one.
func (s *Server) AddServiceDesk(project int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.mustProject(project)
	if err == nil {
		p.desk = true
	}
	return err
}

// OpenTicket opens a Service Desk ticket: a customer has written a mail. Its author is the support bot, and it is confidential.
func (s *Server) OpenTicket(from string, project int64, title, text string) (triage.Ref, error) {
	by, err := s.supportBot()
	if err != nil {
		return triage.Ref{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.mustProject(project)
	if err != nil {
		return triage.Ref{}, fmt.Errorf("opening a ticket of %s: %w", from, err)
	}
	if !p.desk {
		return triage.Ref{}, fmt.Errorf("opening a ticket of %s: %s has no Service Desk", from, p.path)
	}
	secret, kind := true, triage.Ticket
	i, err := s.open(by, p, change{title: &title, description: &text, confidential: &secret, kind: &kind, replyTo: from})
	if err != nil {
		return triage.Ref{}, fmt.Errorf("opening a ticket of %s: %w", from, err)
	}
	i.participants = append(i.participants, from) // after the webhook was sent
	return i.ref(), nil
}

// ReplyByMail adds a comment to a ticket: a customer has answered by mail.
func (s *Server) ReplyByMail(from string, ref triage.Ref, text string) (int64, error) {
	by, err := s.supportBot()
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.mustIssue(ref)
	if err != nil {
		return 0, fmt.Errorf("a mail of %s: %w", from, err)
	}
	by.mail = from
	n, _, err := s.comment(by, i, text, false, nil)
	if err != nil {
		return 0, fmt.Errorf("a mail of %s: %w", from, err)
	}
	return n.id, nil
}

// supportBot is the support bot, which is no member.
func (s *Server) supportBot() (actor, error) {
	id, err := s.AddUser(supportBot, "GitLab Support Bot", 0)
	if err != nil {
		return actor{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return actor{user: s.userID(id)}, nil
}

// Mails lists what was sent to people outside, oldest first.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

// mail sends a comment to the people outside who take part, but not to who wrote it.
func (s *Server) mail(by actor, i *issue, n *note) {
	for _, to := range i.participants {
		if i.project.desk && !n.internal && to != by.mail {
			s.mails = appendBounded(s.mails, Mail{To: to, Issue: i.ref(), Note: n.id, Text: n.text, At: n.created}, maxNotices)
		}
	}
}

var mailAddress = regexp.MustCompile(`^[^@\s]+@[^@\s]+$`)

// applyMail carries out the quick actions about people outside. They say nothing to a webhook.
func (s *Server) applyMail(by actor, i *issue, q quickAction) (string, bool) {
	addresses := strings.Fields(q.arg)
	if len(addresses) == 0 || q.name != "remove_email" && !i.project.desk || slices.ContainsFunc(addresses, func(a string) bool { return !mailAddress.MatchString(a) }) {
		return "", false
	}
	at := s.nextChangeTime(i)
	switch q.name {
	case "remove_email":
		i.participants = slices.DeleteFunc(slices.Clone(i.participants), func(p string) bool { return slices.Contains(addresses, p) })
		s.systemNote(by, i, "removed "+strings.Join(addresses, " and "), at)
		return "Removed email participants.", true
	case "convert_to_ticket":
		u := s.userNamed(supportBot)
		if u == nil || i.author == u {
			return "", false
		}
		i.author, i.confidential, i.replyTo, i.updated = u, true, addresses[0], at
		if s.opt.Edition == Premium {
			i.kind = triage.Ticket // older versions leave the type as it is
		}
	}
	for _, a := range addresses {
		if !slices.Contains(i.participants, a) {
			i.participants = append(slices.Clone(i.participants), a)
		}
	}
	s.systemNote(by, i, "added "+strings.Join(addresses, " and "), at)
	return "Added email participants.", true
}
