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

const (
	// maxReferences bounds what one merge request can close.
	maxReferences = 50
	// maxText bounds what is read of a description; GitLab's longest is as long.
	maxText = 1 << 20
)

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
	// link is an address, without the punctuation behind it.
	link = `https?://[^\s>]{0,299}[^\s>?!.,:]`
	// issue is a number with or without its project.
	issue = `(?:[A-Za-z0-9_.][A-Za-z0-9_./-]*)?#[0-9]+|\bGL-[0-9]+`
	// key is that of another tracker. A list does not go on behind one.
	key = `[A-Z][A-Z0-9_]+-[0-9]+`
	// between two references of a list. It does not go over the end of a line.
	between = `(?: *,? +and +| *,? *)`
)

var (
	phrase    = regexp.MustCompile(word + `(?:(?:issues? +)?(?:` + link + `|` + issue + `)` + between + `|` + key + `)+`)
	reference = regexp.MustCompile(link + `|` + issue + `|` + key)
	number    = regexp.MustCompile(`^(.*)#([1-9][0-9]{0,8})$`)
	page      = regexp.MustCompile(`^(.+?)(?:/-)?/(?:issues|work_items)/([1-9][0-9]{0,8})(?:[^0-9A-Za-z_-].*)?$`)
	scheme    = regexp.MustCompile(`^https?://`)
)

// Read finds the references of a merge request. GitLab looks for closing phrases in the text as it is written, so that those in code and in HTML
// comments count. What is only mentioned there is not: people do not see it as an issue. What stands beyond the first 1 MiB is not read.
func Read(title, description string, of Source) References {
	var found References
	description = description[:min(len(description), maxText)]
	found.read(title, of)
	found.read(description, of)
	found.Mentions = len(found.Issues)+len(found.External) > 0 || mentions(title, of) || mentions(description, of)
	return found
}

// mentions reports whether people see the name of an issue in the text.
func mentions(text string, of Source) bool {
	if !reference.MatchString(text) {
		return false
	}
	for _, written := range reference.FindAllString(command.WithoutCode(text), -1) {
		if issue, external := of.resolve(written); issue != "" || external != "" {
			return true
		}
	}
	return false
}

func (r *References) read(text string, of Source) {
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
