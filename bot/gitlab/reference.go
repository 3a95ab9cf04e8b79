package gitlab

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"flowkeeper/rules/triage"
)

// BadReference says that a text cannot name an issue, and what would. Its message quotes the text, so it has to be escaped before it
// is shown.
type BadReference struct {
	Text string // as it was given, cut to a few hundred characters
	Why  string // "is not the address of an issue: it should look like …"
}

func (e *BadReference) Error() string { return strconv.Quote(e.Text) + " " + e.Why }

// referencedIssue is the subject that a reference names: by the number of its project, or by its path.
type referencedIssue struct {
	triage.Ref
	path string // "group/project"; "" if Project is known
}

var (
	// referenceForm is "#12", "12", "group/project#12"; GitLab's "#12+" and "#12+s" only ask for the title to be shown.
	referenceForm = regexp.MustCompile(`^(?:([^#\s]*)#)?([0-9]+)(?:\+s?)?$`)
	// projectForm keeps everything out of an address that no project's path can hold.
	projectForm = regexp.MustCompile(`^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?(?:/[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?)+$`)
)

// parseReference reads what people write to name an issue in a comment on an issue of the project.
func (c *Client) parseReference(project int64, text string) (referencedIssue, error) {
	plain := strings.TrimRight(strings.Trim(strings.TrimSpace(text), "<>"), ".,;:")
	if strings.Contains(plain, "://") {
		return c.parsePage(plain)
	}
	m := referenceForm.FindStringSubmatch(plain)
	if m == nil {
		return referencedIssue{}, badReference(text, "names no issue: write #12, group/project#12 or the address of its page")
	}
	iid, ok := issueNumber(m[2])
	switch {
	case !ok:
		return referencedIssue{}, badReference(text, "holds no number that an issue can have: write it as #12")
	case m[1] == "":
		return referencedIssue{Ref: triage.Ref{Project: project, IID: iid}}, nil
	case !projectForm.MatchString(m[1]):
		return referencedIssue{}, badReference(text, "names no project: write its whole path, as in group/project#12")
	}
	return referencedIssue{Ref: triage.Ref{IID: iid}, path: m[1]}, nil
}

// pages are what stands between project and number in the addresses of pages.
var pages = []struct {
	between string
	kind    triage.SubjectKind
}{
	{"/-/issues/incident/", triage.SubjectIssue}, {"/-/issues/", triage.SubjectIssue}, {"/-/work_items/", triage.SubjectIssue},
	{"/issues/", triage.SubjectIssue}, {"/-/merge_requests/", triage.SubjectMergeRequest},
}

// parsePage parses the address of an issue's page. The page of a merge request gets an error of its own.
func (c *Client) parsePage(page string) (referencedIssue, error) {
	example := c.Pages() + "/group/project/-/issues/12"
	rest, ok := c.below(page)
	if !ok {
		return referencedIssue{}, badReference(page, fmt.Sprintf("is not an address on %s: it should look like %s", c.Pages(), example))
	}
	for _, p := range pages {
		project, number, found := strings.Cut(rest, p.between)
		if !found {
			continue
		}
		number, _, _ = strings.Cut(number, "/")
		iid, ok := issueNumber(number)
		switch {
		case !ok || !projectForm.MatchString(project):
		case p.kind == triage.SubjectMergeRequest:
			return referencedIssue{}, badReference(page, "is the address of a merge request, and the bot looks at issues only: it should look like "+example)
		default:
			return referencedIssue{Ref: triage.Ref{Kind: p.kind, IID: iid}, path: project}, nil
		}
	}
	return referencedIssue{}, badReference(page, "is not the address of an issue: it should look like "+example)
}

// issueNumber reads the number of an issue within its project. Databases hold 32 bits of it; some GitLabs fail on more.
func issueNumber(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n > 0 && n <= math.MaxInt32
}

func badReference(text, why string) error { return &BadReference{Text: truncate(text), Why: why} }
