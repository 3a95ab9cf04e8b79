package redis_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"flowkeeper/bot/inbox/inboxtest"
	"flowkeeper/bot/inbox/redis"
	"flowkeeper/bot/inbox/redistest"
)

// user has all rights but those that a test takes.
type user struct {
	t     *testing.T
	admin *goredis.Client
	url   string
}

func newUser(t *testing.T, server *redistest.Server) *user {
	u := &user{t: t, admin: client(t, server), url: "redis://bot:secret@" + server.Addr()}
	u.set("reset", "on", ">secret", "~*", "+@all")
	return u
}

func (u *user) set(rules ...any) {
	u.t.Helper()
	if err := u.admin.Do(u.t.Context(), append([]any{"ACL", "SETUSER", "bot"}, rules...)...).Err(); err != nil {
		u.t.Fatal(err)
	}
}

func (u *user) open(prefix string, clock *inboxtest.Clock) (*redis.Store, error) {
	return redis.Open(u.t.Context(), redis.Options{URL: u.url, Prefix: prefix, Lease: inboxtest.Lease, Now: clock.Now})
}

// trouble is what makes scripts fail, and how the error names it.
type trouble struct {
	name       string
	begin, end func()
	says       []string
}

func (u *user) lacks(command string) trouble {
	return trouble{
		name:  "without " + command,
		begin: func() { u.set("-" + command) }, end: func() { u.set("+" + command) },
		says: []string{command, "ACL SETUSER"},
	}
}

// server sets something for all users.
func (u *user) server(name string, begin, end []any, says string) trouble {
	do := func(command []any) func() {
		return func() {
			if err := u.admin.Do(context.Background(), command...).Err(); err != nil {
				u.t.Errorf("%v: %v", command, err)
			}
		}
	}
	return trouble{name: name, begin: do(begin), end: do(end), says: []string{says}}
}

// What the user may not do is said at the start, with the line that helps.
func TestRights(t *testing.T) {
	server, clock := redistest.Start(t, redistest.Options{}), &inboxtest.Clock{}
	bot := newUser(t, server)
	scripts, err := filepath.Glob("scripts/*.lua")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, name := range scripts {
		names = append(names, strings.TrimSuffix(filepath.Base(name), ".lua"))
	}
	for _, command := range append(commands(t, names...), "EVAL", "EVALSHA", "PING") {
		bot.set("-" + command)
		s, err := bot.open("p", clock)
		if err == nil {
			_ = s.Close()
			t.Errorf("it opened without %s", command)
		} else if !strings.Contains(strings.ToUpper(err.Error()), command) || !strings.Contains(err.Error(), "ACL SETUSER bot ~p:{inbox}:* +ping") {
			t.Errorf("without %s: got %v, want it named, and the line that helps", command, err)
		}
		bot.set("+" + command)
	}

	bot.set("resetkeys", "~q:*")
	if s, err := bot.open("p", clock); err == nil || !strings.Contains(err.Error(), "may not use all keys that begin with p:{inbox}:") {
		t.Errorf("without the keys: opened %v, got %v", s, err)
	}

	// The line is enough for everything, and nothing is left behind.
	_, line, _ := strings.Cut(bot.refused(clock), "ACL SETUSER bot ")
	bot.set("reset", "on", ">secret")
	for rule := range strings.FieldsSeq(line) {
		bot.set(rule)
	}
	s, err := bot.open("p", clock)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if left := client(t, server).DBSize(t.Context()).Val(); left != 0 {
		t.Errorf("%d keys are left of trying", left)
	}
	for name, op := range operations {
		if err := op.prepare(t, s)(s); err != nil {
			t.Errorf("%s with the rights that were named: %v", name, err)
		}
		server.Flush()
	}
}

// refused is the error without any right.
func (u *user) refused(clock *inboxtest.Clock) string {
	u.t.Helper()
	u.set("reset", "on", ">secret")
	s, err := u.open("p", clock)
	if err == nil {
		u.t.Fatalf("it opened %v without any right", s)
	}
	return err.Error()
}

// A server without scripts is told apart, and its password is nobody's business.
func TestWithoutScripts(t *testing.T) {
	server := redistest.Start(t, redistest.Options{Password: "hunter2", Args: []string{"--rename-command", "EVAL", ""}})
	s, err := redis.Open(t.Context(), redis.Options{URL: server.URL(), Later: true})
	if err == nil || !strings.Contains(err.Error(), "scripting turned off") || !strings.Contains(err.Error(), "+eval +evalsha") {
		t.Errorf("opened %v, got %v, want it to say that scripts do not run", s, err)
	}
	if err != nil && (strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "pcall")) {
		t.Errorf("got %v, want neither the password nor the script", err)
	}
}
