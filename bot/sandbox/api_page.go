package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// offsetPage cuts a list into the page that was asked for and adds GitLab's pagination headers.
func offsetPage[T any](s *Server, c *apiCall, list []T, show func(T) object) apiAnswer {
	size, page, err := s.pageOf(c)
	if err != nil {
		return errorAnswer(err)
	}
	total := len(list)
	pages := max((total+size-1)/size, 1)
	from := min((page-1)*size, total)
	to := min(from+size, total)
	h := http.Header{}
	set := func(name string, value, least, most int) {
		text := ""
		if value >= least && value <= most {
			text = strconv.Itoa(value)
		}
		h[http.CanonicalHeaderKey(name)] = []string{text}
	}
	counted := total <= s.opt.CountLimit // GitLab does not count on
	if counted {
		set("X-Total", total, 0, total)
		set("X-Total-Pages", pages, 1, pages)
	}
	set("X-Per-Page", size, 1, size)
	set("X-Page", page, 1, page)
	set("X-Next-Page", page+1, 2, pages)
	set("X-Prev-Page", page-1, 1, pages)
	var links []string
	for _, l := range []struct {
		page int
		rel  string
	}{{page - 1, "prev"}, {page + 1, "next"}, {1, "first"}, {pages, "last"}} {
		if l.page >= 1 && l.page <= pages && (counted || l.rel != "last") {
			links = append(links, s.linkTo(c, map[string]string{"page": strconv.Itoa(l.page), "per_page": strconv.Itoa(size)}, l.rel))
		}
	}
	h.Set("Link", strings.Join(links, ", "))
	return apiAnswer{status: http.StatusOK, header: h, body: showAll(list[from:to], show)}
}

// pageOf reads per_page and page. GitLab gives 20 rows unless asked for more.
func (s *Server) pageOf(c *apiCall) (size, page int, err error) {
	per, err := c.params.number("per_page")
	if err != nil {
		return 0, 0, err
	}
	at, err := c.params.number("page")
	if err != nil {
		return 0, 0, err
	}
	size, page = 20, 1
	if per != nil && *per > 0 {
		size = int(min(*per, 100))
	}
	if at != nil && *at > 0 {
		page = int(min(*at, 1_000_000))
	}
	return min(size, s.opt.PageSize), page, nil
}

// linkTo is the address of another page of the same list.
func (s *Server) linkTo(c *apiCall, change map[string]string, rel string) string {
	q := c.r.URL.Query()
	for name, v := range change {
		q.Set(name, v)
	}
	return fmt.Sprintf("<%s%s?%s>; rel=%q", s.url, c.r.URL.EscapedPath(), q.Encode(), rel)
}

func showAll[T any](list []T, show func(T) object) []object {
	rows := make([]object, len(list))
	for n, e := range list {
		rows[n] = show(e)
	}
	return slices.Clip(rows)
}
