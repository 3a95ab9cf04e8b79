package sandbox

import (
	"regexp"
	"slices"
	"strings"

	"flowkeeper/bot/sandbox/markdown"
)

// closingPhrase is GitLab's default pattern for what closes an issue: a verb and a list of issues. A verb may be followed by a colon, but not the
// colon by an issue without a space.
var closingPhrase = regexp.MustCompile(`\b(?:[Cc]los(?:e[sd]?|ing)|[Ff]ix(?:e[sd]|ing)?|[Rr]esolv(?:e[sd]?|ing)|[Ii]mplement(?:s|ed|ing)?)` +
	`:? +(?:(?:issues? +)?(?:https?://[^\s>]{1,300}|(?:[\w.-]+/)*[\w.-]*#\d+)(?:(?:, *| +and +)?))+`)

// closingReferences are the issues that a text closes, as a person sees them. GitLab looks for the phrases in the raw text, so that one in code counts,
// and for references in what it found. What the project was forked from is left out.
func (s *Server) closingReferences(p *project, text string, u *user) []*issue {
	phrases := strings.Join(closingPhrase.FindAllString(text, -1), " ")
	return slices.DeleteFunc(s.referencedIssues(p, phrases, u), func(i *issue) bool { return p.forkOf == i.project })
}

// referencedIssues are the issues to which a text refers and that the user may see.
func (s *Server) referencedIssues(p *project, text string, u *user) []*issue {
	var found []*issue
	for _, ref := range markdown.IssueReferences(text, s.url) {
		of := p
		if ref.Path != "" && !strings.EqualFold(ref.Path, p.path) {
			of = s.projectNamed(ref.Path)
		}
		if of == nil || !of.visible(u) {
			continue
		}
		if i := of.issue(ref.IID); i != nil && i.visible(u) && !slices.Contains(found, i) {
			found = append(found, i)
		}
	}
	return found
}

// texts are what of a merge request can close an issue.
func (m *mergeRequest) texts() string {
	texts := []string{m.title, m.description}
	for _, c := range m.commits {
		texts = append(texts, c.message)
	}
	return strings.Join(texts, "\n")
}

// storeClosing computes the issues that a merge request closes. GitLab does so when it is opened, edited and pushed to. It keeps what it has of one that
// is closed or merged, and links that somebody made by hand; only the default branch closes anything else.
func (s *Server) storeClosing(m *mergeRequest, by *user) {
	if m.closed || m.project.noIssues {
		return
	}
	var named []*issue
	if m.toDefault() {
		named = s.closingReferences(m.project, m.texts(), by)
	}
	kept := slices.DeleteFunc(slices.Clone(m.closing), func(c closing) bool { return !c.byHand })
	for n := range kept {
		kept[n].fromText = slices.Contains(named, kept[n].issue)
	}
	for _, i := range named {
		if !slices.ContainsFunc(kept, func(c closing) bool { return c.issue == i }) {
			kept = append(kept, closing{issue: i, fromText: true})
		}
	}
	m.closing = kept
}

// closesByItself are the issues of the stored set that the user sees and whose own project has auto-close on: what GitLab's API says it closes.
func (m *mergeRequest) closesByItself(u *user) []*issue {
	var found []*issue
	for _, c := range m.closing {
		if i := c.issue; i.project.visible(u) && i.visible(u) && !i.project.noAutoClose {
			found = append(found, i)
		}
	}
	return found
}

// closingRequests are the merge requests of some projects that have an issue in their stored set, the newest first.
func closingRequests(projects []*project, i *issue) []*mergeRequest {
	var found []*mergeRequest
	for _, p := range projects {
		for _, m := range p.requests {
			if slices.ContainsFunc(m.closing, func(c closing) bool { return c.issue == i }) {
				found = append(found, m)
			}
		}
	}
	slices.SortFunc(found, func(a, b *mergeRequest) int { return int(b.id - a.id) })
	return found
}
