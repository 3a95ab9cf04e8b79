package schedule_test

import (
	"testing"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/schedule"
)

// Only webhooks that lead to the bot are touched: neither tested nor asked for their deliveries.
func TestForeignHooks(t *testing.T) {
	t.Parallel()
	full := []string{ourURL}
	path := []string{"/webhooks/gitlab"}
	for _, tt := range []struct {
		name string
		urls []string
		hook string
		ours bool
	}{
		{"the same address", full, ourURL, true},
		{"a slash at the end", full, ourURL + "/", true},
		{"a query", full, ourURL + "?from=gitlab", true},
		{"the host in capitals", full, "https://Bot.Example.com/webhooks/gitlab", true},
		{"the usual port", full, "https://bot.example.com:443/webhooks/gitlab", true},
		{"without TLS", full, "http://bot.example.com/webhooks/gitlab", true},
		{"another host", full, "https://other.example.com/webhooks/gitlab", false},
		{"a host that ends alike", full, "https://notbot.example.com/webhooks/gitlab", false},
		{"another port", full, "https://bot.example.com:8443/webhooks/gitlab", false},
		{"another path", full, "https://bot.example.com/webhooks", false},
		{"below another path", full, "https://bot.example.com/other/webhooks/gitlab", false},
		{"a longer path", full, ourURL + "/more", false},
		{"our address in the query", full, "https://other.example.com/?to=" + ourURL, false},
		{"our host as a user", full, "https://bot.example.com@other.example.com/webhooks/gitlab", false},
		{"a hidden host", full, "https://{host}/webhooks/gitlab", false},
		{"no address", full, "", false},
		{"one of several", []string{"https://old.example.com/hook", ourURL}, ourURL, true},
		{"any host with the path", path, "https://other.example.com/webhooks/gitlab", true},
		{"below a path", path, "https://other.example.com/flowkeeper/webhooks/gitlab", true},
		{"a segment that ends alike", path, "https://other.example.com/webhooks/gitlab-ci", false},
		{"a segment that begins otherwise", path, "https://other.example.com/xwebhooks/gitlab", false},
		{"the path in the query", path, "https://other.example.com/?to=/webhooks/gitlab", false},
		{"nothing is ours", nil, ourURL, false},
		{"no address but a host", []string{"bot.example.com/webhooks/gitlab"}, ourURL, false},
		{"no path", []string{"https://bot.example.com/"}, "https://bot.example.com/", false},
		{"no address at all", []string{":"}, ourURL, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, newLab(7), func(t *testing.T, r *rig) {
				h := r.lab.hook(7, ours(1, gitlab.HookDisabled))
				h.URL = tt.hook
				h.fail("a")
				r.start(func(o *schedule.Options) { o.Projects, o.Every, o.Hooks, o.URLs = []string{"7"}, 0, time.Hour, tt.urls })
				want := []string{"hooks 7"}
				if tt.ours {
					want = []string{"hooks 7", "test 7", "hooks 7", "events 7", "resend 7"}
				}
				expect(t, "asked", want, r.lab.requests())
			})
		})
	}
}
