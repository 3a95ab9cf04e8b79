package admin

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"flowkeeper/bot/admin/page"
)

// command is a command of the reference, as JSON.
type command struct {
	Usage   string `json:"usage"`
	Who     string `json:"who"`
	Summary string `json:"summary"`
	Example string `json:"example"`
}

// registerReference adds GET /config, the configuration in force with its secrets hidden, and GET /commands, what people may ask in comments.
func (s *site) registerReference(e *echo.Echo) {
	e.GET("/config", func(c echo.Context) error {
		c.Response().Header().Add("Vary", "Accept")
		text := ""
		if s.o.Bot.Config != nil {
			text = s.o.Bot.Config()
		}
		if !fromBrowser(c) {
			return c.JSON(http.StatusOK, map[string]string{"config": text})
		}
		return s.write(c, &page.Text{
			Frame: s.frame(c, "Configuration", "/config"), Heading: "Configuration",
			About: "What is in force, from the file, the environment and the defaults. As a file it gives the same again. Secrets are hidden.", Text: text,
		})
	})
	e.GET("/commands", func(c echo.Context) error {
		c.Response().Header().Add("Vary", "Accept")
		policy := s.o.Bot.Policy()
		prefix := "/flow "
		if policy.Team != nil {
			prefix = "/" + policy.Team.CommandPrefix() + " "
		}
		v := &page.Commands{}
		list := []command{}
		for _, d := range policy.Commands {
			summary, example := d.Summary, d.Example
			if policy.Team != nil {
				summary, example = d.SummaryFor(policy.Team), d.ExampleFor(policy.Team)
				if d.Idle(policy.Team) != "" {
					continue
				}
			}
			usage := prefix + d.Name
			if d.Args != "" {
				usage += " " + d.Args
			}
			v.Commands = append(v.Commands, page.Command{Usage: usage, Summary: summary, Who: d.Who.String(), Example: prefix + example, Closed: d.Closed})
			list = append(list, command{usage, d.Who.String(), summary, prefix + example})
		}
		if !fromBrowser(c) {
			return c.JSON(http.StatusOK, list)
		}
		v.Frame = s.frame(c, "Commands", "/commands")
		return s.write(c, v)
	})
}
