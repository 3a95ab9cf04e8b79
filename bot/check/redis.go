package check

import (
	"context"
	"fmt"

	"flowkeeper/bot/inbox/redis"
)

// RedisAt looks at the Redis of an URL.
func RedisAt(url string) Part {
	return Redis(func(ctx context.Context) (redis.Server, error) { return redis.Inspect(ctx, redis.Options{URL: url}) })
}

// Redis looks at the Redis in which the inbox is.
func Redis(inspect func(ctx context.Context) (redis.Server, error)) Part {
	return func(ctx context.Context) []Finding {
		const what = "Redis"
		s, err := inspect(ctx)
		if err != nil {
			return []Finding{failed(what, atAddress(s.Address)+err.Error(), "check FLOWKEEPER_REDIS_URL, and that the Redis runs, is reachable from here and allows what the bot does")}
		}
		var all []Finding
		if s.Warning != "" {
			all = append(all, warned(what, s.Warning, "change that in the configuration of the server"))
		}
		const full = 0.8 // of the memory that it may use
		if s.Max > 0 && float64(s.Used) > full*float64(s.Max) {
			all = append(all, warned(what, fmt.Sprintf("%s of %s of its memory are used", size(s.Used), size(s.Max)), "give it more (maxmemory), or see what else is in it"))
		}
		if len(all) == 0 {
			text := s.String()
			if s.Policy != "" {
				text += ", " + s.Policy
			}
			if s.Used > 0 {
				text += ", " + size(s.Used) + " in use"
			}
			all = []Finding{Good(what, text)}
		}
		return all
	}
}

// atAddress begins a sentence with an address, if it is known.
func atAddress(address string) string {
	if address == "" {
		return ""
	}
	return "at " + address + ": "
}

// size writes a size for people: "12 MiB".
func size(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	amount, units := float64(n), []string{"B", "KiB", "MiB", "GiB", "TiB"}
	at := 0
	for amount >= unit && at < len(units)-1 {
		amount /= unit
		at++
	}
	return fmt.Sprintf("%.0f %s", amount, units[at])
}
