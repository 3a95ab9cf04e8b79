package redis_test

import (
	"errors"
	"net"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/inboxtest"
	"flowkeeper/bot/inbox/redis"
	"flowkeeper/bot/inbox/redistest"
	"flowkeeper/bot/testkit"
)

func TestOpenRefuses(t *testing.T) {
	const password = "hunter2"
	closed, err := net.Listen("tcp", testkit.Loopback()+":0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := closed.Addr().String()
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	server := redistest.Start(t, redistest.Options{Password: "another"})
	for _, test := range []struct {
		name, url, prefix string
		want              string
		unavailable       bool
	}{
		{name: "nobody there", url: "redis://:" + password + "@" + nobody, want: nobody, unavailable: true},
		{name: "wrong password", url: "redis://:" + password + "@" + server.Addr(), want: "WRONGPASS", unavailable: true},
		{name: "no password", url: "redis://" + server.Addr(), want: "NOAUTH", unavailable: true},
		{name: "nothing", url: "", want: "want redis://"},
		{name: "another scheme", url: "http://:" + password + "@" + nobody, want: "want redis://"},
		{name: "a bad port", url: "redis://:" + password + "@host:port", want: "want redis://"},
		{name: "a slash in the password", url: "redis://:" + password + "/x@" + nobody, want: "percent-encoded"},
		{name: "a hash in the password", url: "redis://:1" + password + "#x@" + nobody, want: "percent-encoded"},
		{name: "an unknown option", url: "redis://" + nobody + "?" + password + "=1", want: "want redis://"},
		{name: "a prefix with a hash tag", url: "redis://" + nobody, prefix: "{a}", want: "must not contain { or }"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := redis.Open(t.Context(), redis.Options{URL: test.url, Prefix: test.prefix})
			if err == nil {
				_ = s.Close()
				t.Fatal("it opened, want an error")
			}
			if !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), password) {
				t.Errorf("got %q, want it to say %q and not the password", err, test.want)
			}
			if errors.Is(err, inbox.ErrUnavailable) != test.unavailable {
				t.Errorf("got %v, is unavailable: %t", err, !test.unavailable)
			}
		})
	}
}

// What an older flowkeeper keeps is told, not read wrongly, also when its server comes later.
func TestOlderLayout(t *testing.T) {
	server, clock := redistest.Start(t, redistest.Options{}), &inboxtest.Clock{}
	if err := client(t, server).HSet(t.Context(), "p:{inbox}:numbers", "seq", 1).Err(); err != nil {
		t.Fatal(err)
	}
	for _, later := range []bool{false, true} {
		s, err := redis.Open(t.Context(), redis.Options{URL: server.URL(), Prefix: "p", Later: later})
		if err == nil {
			_ = s.Close()
			t.Fatal("it opened, want an error")
		}
		for _, want := range []string{"p:{inbox}:", "older flowkeeper", "layout 1", "finish what waits in it", "--pattern 'p:{inbox}:[a-z]*'", "another database"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("got %q, want it to say %q", err, want)
			}
		}
	}
	server.Flush()
	accept(t, open(t, server, "p", clock), delivery(1, "a"))
}

func TestPassword(t *testing.T) {
	server, clock := redistest.Start(t, redistest.Options{Password: "secret"}), &inboxtest.Clock{}
	accept(t, open(t, server, "p", clock), delivery(1, "a"))
}

func TestDurability(t *testing.T) {
	for _, test := range []struct {
		name    string
		options redistest.Options
		want    string
	}{
		{"memory only", redistest.Options{}, "appendonly is no"},
		{"every second", redistest.Options{AppendFsync: "everysec"}, "last second"},
		{"the system's choice", redistest.Options{AppendFsync: "no"}, "half a minute"},
		{"always", redistest.Options{AppendFsync: "always"}, ""},
		{"eviction", redistest.Options{
			AppendFsync: "always", Args: []string{"--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"},
		}, "maxmemory-policy is allkeys-lru"},
		{"a policy that is never used", redistest.Options{
			AppendFsync: "always", Args: []string{"--maxmemory-policy", "allkeys-lru"},
		}, ""},
		{"not allowed to ask", redistest.Options{Args: []string{"--rename-command", "CONFIG", ""}}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			core, logs := observer.New(zapcore.InfoLevel)
			s, err := redis.Open(t.Context(), redis.Options{URL: redistest.Start(t, test.options).URL(), Log: zap.New(core)})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			got := ""
			for _, entry := range logs.All() {
				got += entry.Message
			}
			if !strings.Contains(got, test.want) || (test.want == "") != (got == "") {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
