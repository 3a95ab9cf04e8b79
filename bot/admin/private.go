package admin

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
)

// onlyPrivate keeps foreign pages in a browser away from what holds people's words or changes something. A page on the web must not reach the
// admin address through its visitor's browser:
//
//   - A browser says with every request that writes where the page came from (Origin, Sec-Fetch-Site). Without a token no page writes; with one
//     only our own do.
//   - A page whose name was made to point at this machine is of the same origin to the browser, but it asks by its own name. Only an
//     address, localhost and the operator's own names are answered.
//
// It guards all paths but those for probes, which say little.
func onlyPrivate(hosts []string, token bool, probes ...string) echo.MiddlewareFunc {
	origins := http.NewCrossOriginProtection()
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			if slices.Contains(probes, r.URL.Path) {
				return next(c)
			}
			if !isLocalHost(r.Host, hosts) {
				return echo.NewHTTPError(http.StatusForbidden, "this is only for who asks for localhost, by IP address, or by a name in server.admin_hosts "+
					"(FLOWKEEPER_ADMIN_HOSTS), not by a name such as this one: add it there, or use a tunnel, such as kubectl port-forward, and http://127.0.0.1:8081")
			}
			if reads(r) || r.Header.Get("Origin") == "" && r.Header.Get("Sec-Fetch-Site") == "" {
				return next(c)
			}
			if !token {
				return echo.NewHTTPError(http.StatusForbidden, "nothing is changed here from a browser, because FLOWKEEPER_ADMIN_TOKEN is not set: use the command line, or curl")
			}
			if origins.Check(r) != nil {
				return echo.NewHTTPError(http.StatusForbidden, "another site wrote this form: nothing was done")
			}
			return next(c)
		}
	}
}

// reads reports whether a request changes nothing.
func reads(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// isLocalHost reports whether a Host header, with or without a port, is an address, localhost or one of the names.
func isLocalHost(host string, names []string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	if len(name) > 2 && name[0] == '[' && name[len(name)-1] == ']' {
		name = name[1 : len(name)-1]
	}
	if _, err = netip.ParseAddr(name); err == nil || strings.EqualFold(name, "localhost") {
		return true
	}
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}
