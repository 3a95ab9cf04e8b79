package redis

import (
	"context"
	_ "embed" // the scripts
	"strconv"

	goredis "github.com/redis/go-redis/v9"
)

// The texts of the scripts. Each begins with a description of its keys, arguments and result.
var (
	//go:embed scripts/rights.lua
	rightsLua string
	//go:embed scripts/shared.lua
	sharedLua string
	//go:embed scripts/accept.lua
	acceptLua string
	//go:embed scripts/claim.lua
	claimLua string
	//go:embed scripts/holds.lua
	holdsLua string
	//go:embed scripts/extend.lua
	extendLua string
	//go:embed scripts/remember.lua
	rememberLua string
	//go:embed scripts/done.lua
	doneLua string
	//go:embed scripts/retry.lua
	retryLua string
	//go:embed scripts/release.lua
	releaseLua string
	//go:embed scripts/bury.lua
	buryLua string
	//go:embed scripts/revive.lua
	reviveLua string
	//go:embed scripts/drop.lua
	dropLua string
	//go:embed scripts/projects.lua
	projectsLua string
	//go:embed scripts/touch.lua
	touchLua string
	//go:embed scripts/value.lua
	valueLua string
	//go:embed scripts/get.lua
	getLua string
	//go:embed scripts/swap.lua
	swapLua string
	//go:embed scripts/records.lua
	recordsLua string
	//go:embed scripts/dead.lua
	deadLua string
	//go:embed scripts/stats.lua
	statsLua string
)

var (
	rightsScript   = goredis.NewScript(rightsLua)
	acceptScript   = goredis.NewScript(sharedLua + acceptLua)
	claimScript    = goredis.NewScript(sharedLua + claimLua)
	holdsScript    = goredis.NewScript(sharedLua + holdsLua)
	extendScript   = goredis.NewScript(sharedLua + extendLua)
	rememberScript = goredis.NewScript(sharedLua + rememberLua)
	doneScript     = goredis.NewScript(sharedLua + doneLua)
	retryScript    = goredis.NewScript(sharedLua + retryLua)
	releaseScript  = goredis.NewScript(sharedLua + releaseLua)
	buryScript     = goredis.NewScript(sharedLua + buryLua)
	reviveScript   = goredis.NewScript(sharedLua + reviveLua)
	dropScript     = goredis.NewScript(dropLua)
	projectsScript = goredis.NewScript(projectsLua)
	touchScript    = goredis.NewScript(sharedLua + touchLua)
	getScript      = goredis.NewScript(sharedLua + valueLua + getLua)
	swapScript     = goredis.NewScript(sharedLua + valueLua + swapLua)
	recordsScript  = goredis.NewScript(recordsLua)
	deadScript     = goredis.NewScript(deadLua)
	statsScript    = goredis.NewScript(sharedLua + statsLua)
)

// run runs a script that the server may or may not know yet.
func (s *Store) run(ctx context.Context, doing string, script *goredis.Script, keys []string, args ...any) (reply, error) {
	result, err := s.call(ctx, script, keys, args...)
	if err != nil {
		return nil, failed(doing, err)
	}
	if list, ok := result.([]any); ok {
		return list, nil
	}
	return reply{result}, nil
}

func (s *Store) call(ctx context.Context, script *goredis.Script, keys []string, args ...any) (any, error) {
	client, err := s.link.client(ctx)
	if err != nil {
		return nil, err
	}
	result, err := script.Run(ctx, client, keys, args...).Result()
	if err != nil && forbidden(err) { // which command it was, not all servers say
		if lacks := s.link.rights.check(ctx, client); lacks != nil {
			return nil, lacks
		}
	}
	return result, err
}

// reply is the result of a script. What is absent or of another type reads as the zero value.
type reply []any

func (r reply) at(i int) any {
	if i >= len(r) {
		return nil
	}
	return r[i]
}

func (r reply) text(i int) string {
	s, _ := r.at(i).(string)
	return s
}

// bytes is nil for what is absent, so that empty and none stay apart.
func (r reply) bytes(i int) []byte {
	if s, ok := r.at(i).(string); ok {
		return []byte(s)
	}
	return nil
}

func (r reply) number(i int) int64 {
	switch v := r.at(i).(type) {
	case int64:
		return v
	case string:
		n, _ := strconv.ParseInt(v, 10, 64)
		return n
	}
	return 0
}

func (r reply) list(i int) reply {
	l, _ := r.at(i).([]any)
	return l
}
