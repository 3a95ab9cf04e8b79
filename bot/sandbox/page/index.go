package page

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"flowkeeper/bot/sandbox"
)

// placeParam names the project or group whose issues the list shows. The other parameters are those of the API.
const placeParam = "in"

// indexPage is the list of issues: all, or those of a project or group that fit the parameters.
func (s *site) indexPage(r *http.Request, problem string) *page {
	who := s.visitor(r)
	query := r.URL.Query()
	place := query.Get(placeParam)
	v := indexView{
		frameView: who.frameView("Issues", "/", problem), Events: "/events?" + query.Encode(), Filter: filterWords(query),
		Weights: s.gitlab.Edition() == sandbox.Premium,
	}
	projects := s.gitlab.Projects()
	all := chips{}
	for _, p := range projects {
		v.Projects = append(v.Projects, projectView{p.ID, p.Path})
		for name, chip := range chipsOf(p.Labels) {
			if _, known := all[name]; !known {
				all[name] = chip
			}
		}
		v.Labels = append(v.Labels, labelNames(p.Labels)...)
	}
	slices.Sort(v.Labels)
	v.Labels = slices.Compact(v.Labels)
	query.Del(placeParam)
	query.Set("order_by", "updated_at")
	found, err := s.gitlab.FindIssues(who.me.Username, place, query)
	if err != nil && problem == "" && who.me.Username != "" {
		v.Problem = errorText(err)
	}
	for _, i := range found {
		v.Issues = append(v.Issues, issueRow(i, all, len(projects) > 1))
	}
	if v.More = len(v.Issues) - shownIssues; v.More > 0 {
		v.Issues = v.Issues[:shownIssues]
	}
	v.Places = s.places(who, projects, place)
	return &page{"index.html", v}
}

// places are the projects to move between, none if there is only one.
func (s *site) places(who visitor, projects []sandbox.Project, here string) []placeView {
	if len(projects) < 2 {
		return nil
	}
	list := []placeView{{Name: "All", URL: "/", Here: here == ""}}
	for _, p := range projects {
		open, err := s.gitlab.FindIssues(who.me.Username, p.Path, url.Values{"state": {"opened"}})
		if err != nil {
			continue
		}
		list[0].Open += len(open)
		list = append(list, placeView{p.Path, "/?" + url.Values{placeParam: {p.Path}}.Encode(), len(open), strings.EqualFold(here, p.Path)})
	}
	return list
}

// apiParams are the parameters of the API by those of GitLab's own lists.
var apiParams = map[string]string{
	"label_name[]": "labels[]", "not[label_name][]": "not[labels][]", "or[label_name][]": "or[labels][]",
	"milestone_title": "milestone", "not[milestone_title]": "not[milestone]",
	"assignee_username[]": "assignee_username[]", "assignee_username": "assignee_username", "author_username": "author_username", "state": "state",
	"search": "search", "confidential": "confidential", "weight": "weight",
}

// listQuery is the list of a project or group in GitLab as the parameters of the page.
func listQuery(place string, web url.Values) url.Values {
	q := url.Values{placeParam: {place}}
	for name, values := range web {
		if api := apiParams[name]; api != "" {
			q[api] = values
		}
	}
	return q
}

// filterWords say to what a list is narrowed.
func filterWords(query url.Values) []string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(query)) {
		plain := strings.NewReplacer("[]", "", "not[", "not ", "or[", "one of ", "]", "", "_", " ").Replace(name)
		if name == placeParam {
			plain = "in"
		}
		words = append(words, plain+" "+strings.Join(query[name], ", "))
	}
	return words
}
