package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"flowkeeper/bot/shadow"
)

type shadowCmd struct {
	adminAddress

	Since ago  `default:"7d" placeholder:"DURATION" help:"How far to look back: 7d, 12h, 30m."`
	JSON  bool `help:"Print JSON."`
}

func (shadowCmd) Help() string {
	return "A rule in shadow decides and writes nothing. Without a configuration file all rules are. The last decisions are kept, 20 an issue and 10,000 in all. With Redis " +
		"they are read there; else the running bot is asked on its admin address." + `

Examples:
  flowkeeper shadow
  flowkeeper shadow --since 24h --json`
}

// Run tells what rules in shadow would have done.
func (c *shadowCmd) Run(ctx context.Context, p *program) error {
	client, err := c.adminOrRedis(ctx, p)
	if err != nil {
		return err
	}
	defer client.Close()
	since := time.Now().Add(-time.Duration(c.Since))
	report, err := client.Shadow(ctx, since)
	if err != nil {
		return err
	}
	if c.JSON {
		return p.printJSON(report)
	}
	return shadow.Text(p.out, report, since)
}

// ago is a duration that may be in days: "7d".
type ago time.Duration

func (a *ago) UnmarshalText(text []byte) error {
	const longest = 10 * 365 // days
	d, err := time.ParseDuration(string(text))
	if days, whole := strings.CutSuffix(string(text), "d"); whole {
		var n int
		n, err = strconv.Atoi(days)
		d = time.Duration(min(n, longest)) * 24 * time.Hour
	}
	if err != nil || d <= 0 {
		return fmt.Errorf("%.40q is not a duration: write 7d, 12h or 30m", text)
	}
	if d > longest*24*time.Hour {
		return errors.New("that is longer than ten years")
	}
	*a = ago(d)
	return nil
}
