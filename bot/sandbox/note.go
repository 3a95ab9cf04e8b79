package sandbox

import (
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"flowkeeper/bot/sandbox/markdown"
)

// errNothingLeft says that a text held nothing but quick actions: there is no note.
var errNothingLeft = errors.New("the note is only commands")

// comment adds a note and executes its quick actions. If nothing else is left of it, no note is saved, no Note Hook is sent and the
// error is errNothingLeft. parent is the first note of the thread in which it replies, or nil; a reply is internal if that one is.
func (s *Server) comment(by actor, i *issue, body string, internal bool, parent *note) (*note, quickActionResult, error) {
	if parent != nil {
		internal = parent.internal
	}
	if err := s.mayComment(by, i, body, internal); err != nil {
		return nil, quickActionResult{}, err
	}
	var c change
	r := s.extractQuickActions(by, i, body, &c)
	if r.found > 0 && r.text == "" {
		err := s.runQuickActions(by, i, r, c)
		return nil, r, errors.Join(errNothingLeft, err)
	}
	at := s.nextChangeTime(i)
	id := s.nextID()
	n := &note{id: id, author: by.user, text: r.text, internal: internal, discussion: discussionID(id), created: at, updated: at}
	if parent != nil {
		n.discussion, n.thread, parent.thread = parent.discussion, true, true
	}
	i.notes = append(i.notes, n)
	i.updated = at
	s.noticeMentions(i, n, by.user, "", n.text, at)
	s.sendNote(i, n, "create")
	s.mail(by, i, n)
	return n, r, s.runQuickActions(by, i, r, c)
}

func (s *Server) mayComment(by actor, i *issue, body string, internal bool) error {
	switch {
	case strings.TrimSpace(body) == "":
		return invalidError{"note", "can't be blank"}
	case len(body) > maxNoteText:
		return invalidError{"note", "is too long (maximum is 1000000 characters)"}
	case internal && !by.canPlan():
		return forbiddenError{"write internal notes"}
	case i.locked != nil && *i.locked && !by.canPlan():
		return forbiddenError{"comment on a locked discussion"}
	case len(i.notes) >= maxNotes:
		return invalidError{"base", "Maximum number of comments exceeded"}
	}
	return nil
}

// runQuickActions makes the changes that quick actions asked for.
func (s *Server) runQuickActions(by actor, i *issue, r quickActionResult, c change) error {
	s.notify()
	if r.found == len(r.failed) {
		return nil
	}
	if onlyReacts := len(r.changes) == 1 && len(c.react) > 0; onlyReacts {
		s.awardAll(by, i, c.react)
		return nil
	}
	if len(r.changes) == 1 && (c.review != "" || c.merge) {
		return s.finishRequestActions(by, i.request, c)
	}
	return s.update(by, i, c)
}

// editNote replaces a note's text and runs its quick actions again. A note of which nothing is left is deleted (errNothingLeft).
func (s *Server) editNote(by actor, i *issue, n *note, body string) (quickActionResult, error) {
	if n.system || n.author != by.user && by.level < Maintainer {
		return quickActionResult{}, forbiddenError{"edit this note"}
	}
	if err := s.mayComment(by, i, body, false); err != nil {
		return quickActionResult{}, err
	}
	var c change
	r := s.extractQuickActions(by, i, body, &c)
	if r.found > 0 && r.text == "" {
		i.notes = slices.DeleteFunc(i.notes, func(o *note) bool { return o == n })
		err := s.runQuickActions(by, i, r, c)
		return r, errors.Join(errNothingLeft, err)
	}
	if before := n.text; before != r.text {
		at := s.nextChangeTime(i)
		n.text, n.updated, n.updatedBy, i.updated = r.text, at, by.user, at
		s.noticeMentions(i, n, by.user, before, n.text, at)
		s.sendNote(i, n, "update")
	}
	return r, s.runQuickActions(by, i, r, c)
}

// deleteNote removes a note. GitLab sends no hook for that.
func (s *Server) deleteNote(by actor, i *issue, n *note) error {
	if n.system || n.author != by.user && by.level < Maintainer {
		return forbiddenError{"delete this note"}
	}
	i.notes = slices.DeleteFunc(i.notes, func(o *note) bool { return o == n })
	i.updated = s.nextChangeTime(i)
	s.notify()
	return nil
}

// threadOf are the notes of a note's discussion that the user may see, oldest first.
func (i *issue) threadOf(n *note, u *user) []*note {
	return slices.DeleteFunc(slices.Clone(i.notes), func(o *note) bool { return o.discussion != n.discussion || !o.visible(u) })
}

// discussionID is GitLab's 40 hexadecimal digits.
func discussionID(note int64) string {
	sum := sha1.Sum([]byte("discussion " + strconv.FormatInt(note, 10)))
	return hex.EncodeToString(sum[:])
}

var (
	emojiAlias = map[string]string{"+1": "thumbsup", "-1": "thumbsdown", "👍": "thumbsup", "👎": "thumbsdown", "✅": "white_check_mark"}
	emojiForm  = regexp.MustCompile(`^[a-z0-9_+-]{1,64}$`)
)

// EmojiName is the canonical name of a reaction, "" if it cannot be one.
func EmojiName(name string) string {
	if known := emojiAlias[name]; known != "" {
		return known
	}
	if !emojiForm.MatchString(name) {
		return ""
	}
	return name
}

var errTaken = errors.New("Name has already been taken") //nolint:staticcheck // GitLab's own words, capital and all

// react adds a user's reaction to the issue, or to one of its notes if n is not nil. It moves the
// note's updated_at, not the issue's.
func (s *Server) react(by actor, i *issue, n *note, name string) (*award, error) {
	canonical := EmojiName(name)
	if canonical == "" {
		return nil, invalidError{"name", "is not a valid emoji name"}
	}
	list := awardsOf(i, n)
	if slices.ContainsFunc(*list, func(a *award) bool { return a.user == by.user && a.name == canonical }) {
		return nil, errTaken
	}
	a := &award{id: s.nextID(), name: canonical, user: by.user, at: s.now()}
	*list = append(*list, a)
	s.touch(n)
	s.sendEmoji(i, n, a, "award")
	s.notify()
	return a, nil
}

// unreact takes a reaction back.
func (s *Server) unreact(i *issue, n *note, a *award) {
	list := awardsOf(i, n)
	*list = slices.DeleteFunc(*list, func(o *award) bool { return o == a })
	s.touch(n)
	s.sendEmoji(i, n, a, "revoke")
	s.notify()
}

func (s *Server) touch(n *note) {
	if n != nil {
		n.updated = s.now()
	}
}

func awardsOf(i *issue, n *note) *[]*award {
	if n != nil {
		return &n.awards
	}
	return &i.awards
}

// awardAll carries out /react: it toggles.
func (s *Server) awardAll(by actor, i *issue, names []string) {
	for _, name := range names {
		at := slices.IndexFunc(i.awards, func(a *award) bool { return a.user == by.user && a.name == name })
		if at >= 0 {
			s.unreact(i, nil, i.awards[at])
		} else if _, err := s.react(by, i, nil, name); err != nil {
			s.log.Debug("reaction not added")
		}
	}
}

// noticeMentions records whom a text notifies: everybody it mentions who was not mentioned before the edit and may see it. GitLab
// sends no mail for an edit otherwise. n is nil for the issue's description. The issues that it mentions note that, too.
func (s *Server) noticeMentions(i *issue, n *note, by *user, before, after string, at time.Time) {
	s.crossReference(actor{user: by}, i, after)
	known := markdown.Mentions(before)
	for _, name := range markdown.Mentions(after) {
		u := s.userNamed(name)
		if u == nil || u == by || slices.Contains(known, name) || !i.visible(u) || n != nil && !n.visible(u) {
			continue
		}
		notice := Notification{User: u.username, By: by.username, Issue: i.ref(), At: at}
		if n != nil {
			notice.Note = n.id
		}
		s.notices = appendBounded(s.notices, notice, maxNotices)
	}
}

// crossReference notes on the issues to which a text refers that they were mentioned, once for each issue or merge request that mentions them. That moves their
// time of update, and no hook tells.
func (s *Server) crossReference(by actor, i *issue, text string) {
	for _, ref := range markdown.IssueReferences(text, s.url) {
		p := i.project
		if ref.Path != "" && !strings.EqualFold(ref.Path, p.path) {
			p = s.projectNamed(ref.Path)
		}
		if p == nil {
			continue
		}
		other := p.issue(ref.IID)
		if other == nil || other == i || !other.visible(by.user) {
			continue
		}
		said := "mentioned in " + strings.ReplaceAll(i.ref().Kind.String(), "_", " ") + " " + i.referenceFrom(p)
		if !slices.ContainsFunc(other.notes, func(n *note) bool { return n.system && n.text == said }) {
			other.updated = s.nextChangeTime(other)
			s.systemNote(by, other, said, other.updated)
		}
	}
}
