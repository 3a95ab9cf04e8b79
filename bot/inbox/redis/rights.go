package redis

import (
	"context"
	"errors"
	"fmt"
	"strings"

	goredis "github.com/redis/go-redis/v9"
)

// needed are the commands that the scripts and the connection need, as an ACL names them. INFO and CONFIG GET are only asked, CLUSTER and
// COMMAND only by a Redis Cluster.
const needed = "+ping +select +hello +info +config|get +cluster|slots +command +eval +evalsha " +
	"+time +exists +type +mget +set +pexpire +del +hget +hgetall +hlen +hmget +hset +hincrby +hdel +lindex +llen +lrange +lpush +lrem +rpop " +
	"+sadd +scard +srem +zcard +zcount +zrange +zrevrange +zadd +zrem +zremrangebyrank"

// rights says what the user of the connection may not do.
type rights struct {
	keys keys
	user string
}

// rightsOf are those of whoever logs in with the options.
func rightsOf(o *goredis.Options, k keys) rights {
	r := rights{keys: k, user: "default"}
	if o.Username != "" && o.Password != "" { // a lone name is not sent, and may be a password at the wrong place
		r.user = o.Username
	}
	return r
}

// check tries everything that the store does. The error says what is forbidden and what to do about it, and is nil if nothing is. Scripts
// stop at a command that is forbidden and leave done what came before: better none begins.
func (r rights) check(ctx context.Context, client goredis.Scripter) error {
	scratch := []string{r.keys.rights()}
	result := rightsScript.Eval(ctx, client, scratch)
	if result.Err() == nil {
		result = rightsScript.EvalSha(ctx, client, scratch)
	}
	missing, err := result.StringSlice()
	switch {
	case err != nil && forbidden(err):
		return r.explain(err)
	case err != nil && away(err):
		return err
	case err == nil && len(missing) > 0:
		return r.lacks("may not run " + strings.Join(missing, ", "))
	}
	return nil // what else a server that is full or read-only says is for each call to say
}

// explain adds to a refusal of a whole call what would help. Other errors stay as they are.
func (r rights) explain(err error) error {
	if !forbidden(err) {
		return err
	}
	said, _, _ := strings.Cut(err.Error(), ", with args") // the text of a script
	what := "lacks a right"
	switch {
	case strings.Contains(said, "access"):
		what = "may not use all keys that begin with " + r.keys.all
	case strings.Contains(strings.ToLower(said), "eval"):
		what = "may not run scripts (EVAL, EVALSHA), or the server has scripting turned off; " +
			"the inbox needs them, so that every step of it happens whole"
	}
	return fmt.Errorf("%s: %w", said, r.lacks(what))
}

func (r rights) lacks(what string) error {
	return refusal("the Redis user " + r.user + " " + what + "; what it needs: ACL SETUSER " + r.user + " ~" + r.keys.all + "* " + needed)
}

// refusal is the server's word in ours.
type refusal string

func (r refusal) Error() string { return string(r) }

// RedisError implements goredis.Error: the server has answered.
func (refusal) RedisError() {}

// forbidden reports whether the server has refused a command, a key or scripts, and would do so again.
func forbidden(err error) bool {
	var said goredis.Error
	if !errors.As(err, &said) {
		return false
	}
	text := said.Error()
	for _, words := range []string{
		"NOPERM", "can't run this command", "can't access at least one of the keys", "ACL failure in script", "Unknown Redis command",
		"ERR unknown command",
	} {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}
