package page_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"flowkeeper/bot/sandbox"
)

// boxes are the values of the buttons that tick, and of boxes that only show "-".
func (p tree) boxes() []string {
	var list []string
	for n := range p.root.Descendants() {
		if kind, _ := attr(n, "type"); n.Data == "input" && kind == "checkbox" {
			if name, _ := attr(n, "name"); name == "" {
				list = append(list, "-")
			}
		}
		if class, _ := attr(n, "class"); n.Data == "button" && class == "box" {
			value, _ := attr(n, "value")
			list = append(list, value)
		}
	}
	return list
}

func TestTickingBoxes(t *testing.T) {
	l := newLab(t)
	v := browse(t, l)
	const text = "Do:\n\n- [ ] [one](https://x.test) & more\n- [x] two\n- [~] three\n\n<input type=\"checkbox\">\n\n<details><summary>More</summary>\n\n- [ ] four\n\n</details>"
	ref := l.open(sandbox.IssueOptions{Description: text})
	want := []string{"tick 3 - [ ] [one](https://x.test) & more", "untick 4 - [x] two", "-", "-", "tick 11 - [ ] four"}
	if diff := cmp.Diff(want, v.get("/issues/1/1").boxes()); diff != "" {
		t.Fatalf("boxes (-want +got):\n%s", diff)
	}
	for _, value := range []string{want[0], want[1], want[4]} {
		if p := v.post("/issues/1/1/tick", "box", value); p.status != 200 {
			t.Errorf("%s: %d %s", value, p.status, p.text)
		}
	}
	ticked := strings.NewReplacer("- [ ] [one]", "- [x] [one]", "- [x] two", "- [ ] two", "- [ ] four", "- [x] four").Replace(text)
	if diff := cmp.Diff(ticked, l.Issue(ref).Description); diff != "" {
		t.Errorf("the description (-want +got):\n%s", diff)
	}
	for value, why := range map[string]string{want[0]: "Somebody has edited the description", "tick 3": "That is no box", "tick x y": "That is no box", "": "That is no box"} {
		if p := v.post("/issues/1/1/tick", "box", value); p.status != 422 || !strings.Contains(p.text, why) {
			t.Errorf("%q again: %d %s", value, p.status, p.wordsOf("problem"))
		}
	}
}

// Boxes of comments only show.
func TestBoxesOfComments(t *testing.T) {
	l := newLab(t)
	v := browse(t, l)
	ref := l.open(sandbox.IssueOptions{Description: "- [ ] one"})
	l.comment("omar", ref, "- [ ] two")
	if diff := cmp.Diff([]string{"tick 1 - [ ] one", "-"}, v.get("/issues/1/1").boxes()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// titles are the titles of a list of issues.
func (p tree) titles() []string {
	list := []string{}
	for n := range p.root.Descendants() {
		if class, _ := attr(n, "class"); class == "row" {
			list = append(list, words(heading(n)))
		}
	}
	return list
}

func heading(row *html.Node) *html.Node {
	for n := range row.Descendants() {
		if n.Data == "h2" {
			return n
		}
	}
	return row
}

// The addresses of GitLab's lists, as reports link to them, lead to the same lists here.
func TestListsOfGitLab(t *testing.T) {
	l := newLab(t)
	v := browse(t, l)
	second := l.AddProject("create/gitaly")
	if _, err := l.AddMilestone(second, "19.7"); err != nil {
		t.Fatal(err)
	}
	l.open(sandbox.IssueOptions{Title: "a", Labels: []string{"bug", "severity::1"}})
	l.open(sandbox.IssueOptions{Title: "b", Labels: []string{"bug"}})
	if _, err := l.Open("maria", second, sandbox.IssueOptions{Title: "c", Labels: []string{"bug", "severity::1"}, Milestone: "19.7"}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]string{
		"/":                       {"c", "b", "a"},
		"/?in=create/gitaly":      {"c"},
		"/create/gitaly/-/issues": {"c"},
		"/groups/create/-/issues": {"c", "b", "a"},
		"/groups/create/-/issues?state=opened&label_name[]=bug&label_name[]=severity::1":      {"c", "a"},
		"/groups/create/-/issues?state=opened&label_name[]=bug&not[label_name][]=severity::1": {"b"},
		"/groups/create/-/issues?or[label_name][]=severity::1&or[label_name][]=none":          {"c", "a"},
		"/groups/create/-/issues?milestone_title=19.7":                                        {"c"},
		"/groups/create/-/issues?milestone_title=None&label_name[]=severity::1":               {"a"},
		"/groups/create/-/issues?state=closed":                                                {},
		"/groups/elsewhere/-/issues":                                                          {},
	} {
		got := v.get(path).titles()
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
	if p := v.get("/?state=open"); !strings.Contains(p.wordsOf("problem"), "State is invalid.") {
		t.Errorf("a list that GitLab would refuse: %q", p.wordsOf("problem"))
	}
	if places := v.get("/").wordsOf("places"); !strings.Contains(places, "create/source-code 2 open") || !strings.Contains(places, "All 3 open") {
		t.Errorf("the places are %q", places)
	}
}
