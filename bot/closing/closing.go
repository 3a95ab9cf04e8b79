// Package closing finds the issues that a merge request's title and description say it closes, by GitLab's default pattern. GitLab keeps a set of
// its own, which counts where it can be asked; it says nothing of projects that do not close issues by themselves. The package asks nobody: what
// it finds may not exist.
package closing

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"regexp"
	"slices"
	"strings"

	"flowkeeper/bot/command"
)

// maxReferences bounds what one merge request can close.
const maxReferences = 50

// References are what a text says it closes.
type References struct {
	// Issues are issues of this GitLab, each once, as "group/project#12".
	Issues []string
	// External are the keys of other trackers, each once: "PLAN-12".
	External []string
	// Mentions says that the text names an issue in any way, of whatever tracker.
	Mentions bool
}

// Source is the merge request that the text is of.
type Source struct {
	Project string // the path of its project: "group/project"
	Pages   string // the address of GitLab's pages: "https://gitlab.example.com"
}

// SourceOf is the source for a project of that path whose page has that address.
func SourceOf(project, page string) Source {
	pages, _ := strings.CutSuffix(strings.TrimRight(page, "/"), "/"+project)
	return Source{Project: project, Pages: pages}
}

const (
	// word begins a closing phrase.
	word = `\b(?:[Cc]los(?:e[sd]?|ing)|[Ff]ix(?:e[sd]|ing)?|[Rr]esolv(?:e[sd]?|ing)|[Ii]mplement(?:s|ed|ing)?):? +`
	// one is one reference: an address, a number with or without its project, or the key of another tracker.
	one = `(?:https?://[^\s<>()\[\]"']+/(?:issues|work_items)/[0-9]+|(?:[A-Za-z0-9_.][A-Za-z0-9_./-]*)?#[0-9]+|[A-Z][A-Z0-9_]+-[0-9]+)`
	// between two references of a list.
	between = `(?:\s*,?\s+and\s+|\s*,?\s*)`
)

var (
	phrase    = regexp.MustCompile(word + `(?:issues? +)?` + one + `(?:` + between + `(?:issues? +)?` + one + `)*`)
	reference = regexp.MustCompile(one)
	number    = regexp.MustCompile(`^(.*)#([1-9][0-9]{0,8})$`)
	page      = regexp.MustCompile(`^(.+?)(?:/-)?/(?:issues|work_items)/([1-9][0-9]{0,8})$`)
	scheme    = regexp.MustCompile(`^https?://`)
)

// Read finds the references of a merge request. Code and HTML comments are not read, nor is what stands beyond the first 64 KiB.
func Read(title, description string, of Source) References {
	var found References
	found.read(title, of)
	if reference.MatchString(description) {
		found.read(command.WithoutCode(description), of)
	}
	return found
}

func (r *References) read(text string, of Source) {
	r.Mentions = r.Mentions || reference.MatchString(text)
	for _, p := range phrase.FindAllString(text, maxReferences) {
		for _, written := range reference.FindAllString(p, maxReferences) {
			r.add(written, of)
		}
	}
}

// add takes one reference as it is written. What cannot be one is left out.
func (r *References) add(written string, of Source) {
	issue, external := of.resolve(written)
	switch {
	case len(r.Issues)+len(r.External) >= maxReferences:
	case issue != "" && !slices.Contains(r.Issues, issue):
		r.Issues = append(r.Issues, issue)
	case external != "" && !slices.Contains(r.External, external):
		r.External = append(r.External, external)
	}
}

// resolve gives a reference the whole path of its project. GL- is GitLab's own other sign of an issue.
func (s Source) resolve(written string) (issue, external string) {
	if scheme.MatchString(written) {
		return s.resolvePage(written), ""
	}
	if iid, own := strings.CutPrefix(written, "GL-"); own {
		written = "#" + iid
	}
	m := number.FindStringSubmatch(written)
	switch {
	case m == nil && strings.Contains(written, "#"):
		return "", "" // no issue has such a number
	case m == nil:
		return "", written
	case m[1] == "":
		return s.Project + "#" + m[2], ""
	case !strings.Contains(m[1], "/"):
		return path.Join(path.Dir(s.Project), m[1]) + "#" + m[2], "" // a project beside its own
	}
	return m[1] + "#" + m[2], ""
}

// resolvePage reads the address of an issue's page on this GitLab, "" for any other.
func (s Source) resolvePage(address string) string {
	here := scheme.ReplaceAllString(s.Pages, "") + "/"
	rest, ours := strings.CutPrefix(scheme.ReplaceAllString(address, ""), here)
	m := page.FindStringSubmatch(rest)
	if !ours || here == "/" || m == nil {
		return ""
	}
	return m[1] + "#" + m[2]
}

// Digest tells two descriptions apart without keeping them.
func Digest(title, description string) string {
	sum := sha256.Sum256([]byte(title + "\x00" + description))
	return hex.EncodeToString(sum[:8])
}
