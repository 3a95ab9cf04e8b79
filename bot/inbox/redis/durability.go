package redis

import (
	"context"
	"errors"
	"fmt"
	"strings"

	goredis "github.com/redis/go-redis/v9"
	"go.uber.org/zap"
)

// durability says in one sentence what the server's configuration would lose, "" if nothing. Managed servers forbid the question; then
// it is "", too, with a debug line.
func durability(ctx context.Context, client goredis.UniversalClient, log *zap.Logger) (warning string, err error) {
	asked := make(map[string]string)
	for _, name := range []string{"appendonly", "appendfsync", "maxmemory-policy", "maxmemory"} {
		values, err := client.ConfigGet(ctx, name).Result()
		var said goredis.Error
		switch {
		case errors.As(err, &said):
			log.Debug("redis does not tell how durable it is", zap.String("setting", name), zap.Error(err))
			return "", nil
		case err != nil:
			return "", err
		}
		asked[name] = values[name]
	}
	switch {
	case strings.HasPrefix(asked["maxmemory-policy"], "allkeys-") && asked["maxmemory"] != "0":
		return fmt.Sprintf("Redis deletes accepted deliveries when its memory is full (maxmemory-policy is %s): set it to noeviction",
			asked["maxmemory-policy"]), nil
	case asked["appendonly"] == "no":
		return "Redis keeps accepted deliveries in memory only (appendonly is no): " +
			"a restart or crash loses those since its last snapshot; set appendonly yes and appendfsync always", nil
	case asked["appendfsync"] == "everysec":
		return "Redis syncs its log once a second (appendfsync is everysec): " +
			"a power cut loses up to the last second of accepted deliveries; set appendfsync always", nil
	case asked["appendfsync"] == "no":
		return "Redis leaves syncing its log to the operating system (appendfsync is no): " +
			"a power cut loses up to half a minute of accepted deliveries; set appendfsync always", nil
	}
	return "", nil
}
