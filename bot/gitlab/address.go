package gitlab

import (
	"net/url"
	"strings"
)

// Pages is the address of GitLab's pages, as people have it in their browsers: "https://gitlab.example.com". It may be another than that of
// the API, which the bot may reach from inside. Until GitLab has told it with who the bot is, it is the API's.
func (c *Client) Pages() string {
	if told := c.pages.Load(); told != nil {
		return *told
	}
	return c.base
}

// learnPages takes the address of the pages from that of a user's page, which is "/username" below it.
func (c *Client) learnPages(profile, username string) {
	base, ok := strings.CutSuffix(profile, "/"+username)
	if u, err := url.Parse(base); !ok || username == "" || err != nil || u.Host == "" {
		return
	}
	c.pages.Store(&base)
}

// below is the rest of a page's address below one of GitLab's two; the scheme does not matter.
func (c *Client) below(page string) (rest string, ok bool) {
	u, err := url.Parse(page)
	if err != nil {
		return "", false
	}
	for _, address := range []string{c.Pages(), c.base} {
		base, err := url.Parse(address)
		if err != nil || !strings.EqualFold(u.Host, base.Host) {
			continue
		}
		if rest, ok := strings.CutPrefix(u.Path, strings.TrimSuffix(base.Path, "/")+"/"); ok {
			return rest, true
		}
	}
	return "", false
}
