package markdown

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	dom "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// IssueReference is an issue to which a text refers. Path is that of its project, "" for the one in which the text stands.
type IssueReference struct {
	Path string
	IID  int64
}

var (
	// issueNumber is how a text refers to an issue: "#12", "group/project#12".
	issueNumber = regexp.MustCompile(`(?:^|[^\w&/.#-])((?:[\w.-]+/)+[\w.-]+)?#(\d{1,9})\b`)
	// issueAddress is the rest of an issue's web address behind that of the instance. What has a dot or anything else in it leads there in a
	// browser, and is no reference.
	issueAddress = regexp.MustCompile(`^/((?:[\w.-]+/)+[\w.-]+)/-/(?:issues|work_items)/(\d{1,9})(?:[/?#]|$)`)
)

// IssueReferences are the issues to which a text refers, in its words or by links to an instance of GitLab ("https://gitlab.com"): each once.
// What stands in code, or has a backslash before it, refers to nothing.
func IssueReferences(markdown, instance string) []IssueReference {
	if !strings.Contains(markdown, "#") && !strings.Contains(markdown, "/-/") {
		return nil
	}
	body := parsed(strings.ReplaceAll(markdown, `\#`, "\\#\u2060"))
	var found []IssueReference
	add := func(path, number string) {
		iid, _ := strconv.ParseInt(number, 10, 64) // nine digits fit
		if ref := (IssueReference{path, iid}); !slices.Contains(found, ref) {
			found = append(found, ref)
		}
	}
	for n := range body.Descendants() {
		if rest, here := strings.CutPrefix(attribute(n, "href"), instance); n.DataAtom == atom.A && here {
			if m := issueAddress.FindStringSubmatch(rest); m != nil {
				add(m[1], m[2])
			}
		}
	}
	eachText(body, func(t *dom.Node) {
		for _, m := range issueNumber.FindAllStringSubmatch(t.Data, -1) {
			add(m[1], m[2])
		}
	})
	return found
}
