package redis

import (
	"context"
	"embed"
	"strconv"
	"strings"

	goredis "github.com/redis/go-redis/v9"
)

// scripts are their texts. Each begins with a description of its keys, arguments and result.
//
//go:embed scripts/*.lua
var scripts embed.FS

var (
	rightsScript         = script("rights")
	enqueueScript        = script("shared", "enqueue")
	claimScript          = script("shared", "claim")
	checkLeaseScript     = script("shared", "check_lease")
	extendScript         = script("shared", "extend")
	saveMemoryScript     = script("shared", "save_memory")
	completeScript       = script("shared", "complete")
	retryScript          = script("shared", "retry")
	requeueScript        = script("shared", "requeue")
	deadLetterScript     = script("shared", "dead_letter")
	redriveScript        = script("shared", "redrive")
	dropDeadLetterScript = script("drop_dead_letter")
	projectsScript       = script("projects")
	touchProjectsScript  = script("shared", "touch_projects")
	getScript            = script("shared", "value", "get")
	swapScript           = script("shared", "value", "swap")
	memoriesScript       = script("shared", "memories")
	recordsScript        = script("records")
	deadLettersScript    = script("dead_letters")
	statsScript          = script("shared", "stats")
)

// script joins files of scripts.
func script(names ...string) *goredis.Script {
	var text strings.Builder
	for _, name := range names {
		file, err := scripts.ReadFile("scripts/" + name + ".lua")
		if err != nil {
			panic("a script that is not there: " + err.Error())
		}
		text.Write(file)
	}
	return goredis.NewScript(text.String())
}

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
	client, err := s.client.get(ctx)
	if err != nil {
		return nil, err
	}
	result, err := script.Run(ctx, client, keys, args...).Result()
	if err != nil && forbidden(err) { // which command it was, not all servers say
		if lacks := s.client.rights.check(ctx, client); lacks != nil {
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
