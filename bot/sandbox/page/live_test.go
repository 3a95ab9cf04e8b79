package page_test

import (
	"bufio"
	"net/http"
	"strings"
	"testing"

	"flowkeeper/bot/sandbox"
)

func TestLivePage(t *testing.T) {
	for _, path := range []string{"/events", "/issues/1/1/events"} {
		t.Run(path, func(t *testing.T) {
			l := newLab(t)
			ref := l.open(sandbox.IssueOptions{})
			l.sent()
			v := browse(t, l)
			r, err := http.NewRequestWithContext(t.Context(), "GET", v.base+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := v.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			lines := bufio.NewScanner(resp.Body)
			event := func() string {
				for lines.Scan() {
					if data, is := strings.CutPrefix(lines.Text(), "data: "); is {
						return data
					}
				}
				return ""
			}
			first := event()
			l.comment("omar", ref, "news")
			if second := event(); first == "" || second == "" || first == second {
				t.Errorf("the looks are %q and %q", first, second)
			}
			l.Close()
			for lines.Scan() { // ends, because the server says so
			}
		})
	}
}
