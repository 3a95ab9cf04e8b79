package redis

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	goredis "github.com/redis/go-redis/v9"
	"go.uber.org/zap"
)

// Server is what a Redis says of itself.
type Server struct {
	Address string // host:port
	Version string // "7.2.4"; "" if the server does not say
	Policy  string // what it does when its memory is full: "noeviction"; "" if it does not say
	Used    int64  // bytes of its memory in use; 0 if it does not say
	Max     int64  // bytes that it may use; 0 for any number, or if it does not say
	Warning string // what its configuration would lose, in a sentence; "" if nothing, or if it does not say
}

// Inspect looks at the server that Options.URL names, without opening an inbox there: that it answers, that it allows all that the inbox does,
// that it holds none of an older layout, and how it keeps what it is given. The address is known with an error as well, unless the URL cannot be
// read. No part of the password is in an error.
func Inspect(ctx context.Context, o Options) (Server, error) {
	if o.Prefix == "" {
		o.Prefix = defaultPrefix
	}
	goredis.SetLogger(quiet{})
	keys, err := newKeys(o.Prefix)
	if err != nil {
		return Server{}, err
	}
	options, err := parse(o.URL)
	if err != nil {
		return Server{}, err
	}
	s := Server{Address: options.Addr}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	rights := rightsOf(options, keys)
	client, err := dial(ctx, options)
	if err != nil {
		return s, rights.explain(err)
	}
	err = rights.check(ctx, client)
	if err == nil {
		err = rights.explain(keys.refuseOlder(ctx, client))
	}
	if err == nil {
		err = s.read(ctx, client)
	}
	return s, errors.Join(err, client.Close())
}

// read asks the server for what it says of itself. Managed servers forbid some of the questions.
func (s *Server) read(ctx context.Context, client goredis.UniversalClient) (err error) {
	told, err := client.Info(ctx).Result()
	if err != nil && away(err) {
		return err
	}
	s.fill(told)
	s.Warning, err = durability(ctx, client, zap.NewNop())
	return err
}

// fill takes what is needed from the answer to INFO.
func (s *Server) fill(told string) {
	number := func(text string) int64 {
		n, _ := strconv.ParseInt(text, 10, 64) // what is no number is not told
		return n
	}
	for line := range strings.Lines(told) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch name {
		case "redis_version":
			s.Version = value
		case "maxmemory_policy":
			s.Policy = value
		case "used_memory":
			s.Used = number(value)
		case "maxmemory":
			s.Max = number(value)
		}
	}
}

// String names the server and its version.
func (s Server) String() string {
	if s.Version == "" {
		return "Redis at " + s.Address
	}
	return fmt.Sprintf("Redis %s at %s", s.Version, s.Address)
}
