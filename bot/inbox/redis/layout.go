package redis

import (
	"context"
	"fmt"

	goredis "github.com/redis/go-redis/v9"
)

// refuseOlder is an error if there are keys of an older layout. What waits there would never be handled.
func (k keys) refuseOlder(ctx context.Context, client goredis.UniversalClient) error {
	found, err := client.Exists(ctx, k.first()).Result()
	if err != nil || found == 0 {
		return err
	}
	return refusal(fmt.Sprintf("the keys that begin with %s hold the inbox of an older flowkeeper (layout 1, this one has %s), which this one cannot read: "+
		"let the old one finish what waits in it and stop it, then remove its keys with redis-cli --scan --pattern '%s[a-z]*' | xargs -d '\\n' redis-cli unlink, "+
		"or use another database; the sweep then looks for what it held", k.all, layout, k.all))
}
