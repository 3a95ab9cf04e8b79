package document

import (
	"net/url"
	"regexp"

	"flowkeeper/rules/planning"
)

// address is what the web address of an issue or of a list looks like that can stand in a link as it is.
var address = regexp.MustCompile(`^https?://[0-9A-Za-z._~:/%-]+$`)

// issuePath is the part of an issue's web address behind its project. Links have it with a dot that web browsers leave out.
var issuePath = regexp.MustCompile(`/-/(?:\./)?(issues|work_items)/([0-9]+)$`)

// Link is a link to an issue that GitLab does not take for a reference. A reference would write into each issue of a report that it was
// mentioned, and would count as activity on it: an issue that nobody touched for a year would be listed for that once and never again.
func Link(issue, text string) string {
	if !address.MatchString(issue) || !issuePath.MatchString(issue) {
		return text
	}
	return "[" + text + "](" + issuePath.ReplaceAllString(issue, "/-/./$1/$2") + ")"
}

// linkedIssue is the web address of the issue to which a link leads.
func linkedIssue(link string) string { return issuePath.ReplaceAllString(link, "/-/$1/$2") }

// linkToList links a text to a list of issues, if it is known where lists are and the text is to have a link.
func (o Options) linkToList(f *planning.Filter, text string) string {
	if f == nil || !address.MatchString(o.List) {
		return text
	}
	return "[" + text + "](" + o.List + "?" + query(f) + ")"
}

// query is the filter as GitLab's page with a list of issues takes it.
func query(f *planning.Filter) string {
	q := url.Values{"state": {"opened"}, "sort": {"created_date"}}
	if f.Closed {
		q.Set("state", "closed")
	}
	for name, labels := range map[string][]string{"label_name[]": f.Labels, "not[label_name][]": f.NotLabels, "or[label_name][]": f.AnyLabels} {
		for _, l := range labels {
			q.Add(name, l)
		}
	}
	if f.Milestone != "" {
		q.Set("milestone_title", f.Milestone)
	}
	if f.Assignee != "" {
		q.Set("assignee_username[]", f.Assignee)
	}
	return q.Encode() // without parentheses and blanks, which would end a link in Markdown
}
