package redis_test

import (
	"net"
	"strings"
	"testing"

	"flowkeeper/bot/inbox/redis"
	"flowkeeper/bot/inbox/redistest"
)

func TestInspect(t *testing.T) {
	server := redistest.Start(t, redistest.Options{})
	u := newUser(t, server)
	inspect := func() (redis.Server, error) { return redis.Inspect(t.Context(), redis.Options{URL: u.url}) }
	config := func(name, value string) {
		t.Helper()
		if err := u.admin.ConfigSet(t.Context(), name, value).Err(); err != nil {
			t.Fatal(err)
		}
	}
	config("appendonly", "yes")
	config("appendfsync", "always")
	s, err := inspect()
	if err != nil || s.Version == "" || s.Used == 0 || s.Warning != "" || s.Policy != "noeviction" || s.Address != server.Addr() {
		t.Errorf("it tells %+v, %v", s, err)
	}
	config("appendfsync", "everysec")
	config("maxmemory", "100mb")
	if s, err = inspect(); err != nil || !strings.Contains(s.Warning, "set appendfsync always") || s.Max != 100<<20 {
		t.Errorf("it tells %+v, %v", s, err)
	}
	u.set("-config", "-info")
	if s, err = inspect(); err != nil || s.Warning != "" || s.String() != "Redis at "+server.Addr() {
		t.Errorf("a server that tells nothing is %q with %q, %v", s, s.Warning, err)
	}
	u.set("-zadd")
	if _, err = inspect(); err == nil || !strings.Contains(err.Error(), "ACL SETUSER") {
		t.Errorf("a missing right is %v", err)
	}
	u.url = "redis://bot:not-" + "the-secret@" + server.Addr()
	if s, err = inspect(); err == nil || strings.Contains(err.Error(), "not-the-secret") || s.Address != server.Addr() {
		t.Errorf("a wrong password is %v at %q", err, s.Address)
	}
}

// A server that takes a connection and says nothing is given up on.
func TestInspectEnds(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	if s, err := redis.Inspect(t.Context(), redis.Options{URL: "redis://" + silent.Addr().String()}); err == nil || s.Address != silent.Addr().String() {
		t.Errorf("a server that says nothing is %+v, %v", s, err)
	}
}
