package admin

import (
	"net"
	"net/http"
	"net/netip"

	"github.com/labstack/echo/v4"
)

// private keeps browsers away from what holds people's words or changes something. The admin address has no passwords: it is reached from
// the machine itself or through a tunnel. A page on the web must not reach it through its visitor's browser:
//
//   - A browser says with every request that writes where the page came from (Origin, Sec-Fetch-Site). No page of ours writes.
//   - A page whose name was made to point at this machine is of the same origin to the browser, but it asks by its own name. Only an
//     address or localhost is answered.
func private(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if !local(r.Host) {
			return echo.NewHTTPError(http.StatusForbidden, "this is only told to who asks for localhost or by IP address, not by a name such as this one: "+
				"use a tunnel, such as kubectl port-forward, and http://127.0.0.1:<port>")
		}
		writes := r.Method != http.MethodGet && r.Method != http.MethodHead
		if writes && (r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "") {
			return echo.NewHTTPError(http.StatusForbidden, "dead letters are not changed from a browser: use flowkeeper dead, or curl")
		}
		return next(c)
	}
}

// local reports whether a Host header is an address or localhost, with or without a port.
func local(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	if len(name) > 2 && name[0] == '[' && name[len(name)-1] == ']' {
		name = name[1 : len(name)-1]
	}
	_, err = netip.ParseAddr(name)
	return err == nil || name == "localhost"
}
