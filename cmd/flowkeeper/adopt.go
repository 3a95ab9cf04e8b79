package main

import (
	"context"
	"fmt"
	"time"

	"flowkeeper/bot/adopt"
	"flowkeeper/bot/sleep"
)

type adoptCmd struct {
	adminAddress

	Project string    `arg:"" help:"The project's full path or id."`
	DryRun  bool      `help:"Say what the rules would do on each issue, and write nothing."`
	From    time.Time `placeholder:"TIME" help:"Go on with the issues that were created at or after this time: where an adoption was broken off."`
}

func (adoptCmd) Help() string {
	return "The bot leaves issues alone that nobody touched since it came to the project. This takes up all that are open, the oldest first: the rules look at " +
		"each as if it had just been opened, within their modes and the budget of calls. What people undid stays undone. It gives way to what people do " +
		"meanwhile. The running bot does it: it is asked on its admin address, or, with Redis, finds the issues there." + `

Examples:
  flowkeeper adopt group/project --dry-run
  flowkeeper adopt group/project`
}

// Run takes up a project's backlog, page by page.
func (c *adoptCmd) Run(ctx context.Context, p *program) error {
	client, err := c.adminOrRedis(ctx, p)
	if err != nil {
		return err
	}
	defer client.Close()
	r := adopt.Request{Project: c.Project, From: c.From, DryRun: c.DryRun}
	total, concerned := 0, 0
	for {
		page, err := client.Adopt(ctx, r)
		if err != nil {
			return resumeHint(r, total, err)
		}
		for _, i := range page.Issues {
			total++
			if !c.DryRun {
				continue
			}
			if len(i.Would) > 0 {
				concerned++
			}
			if err := i.Text(p.out); err != nil {
				return err
			}
		}
		if page.Done {
			break
		}
		r.From, r.Until = page.Next, page.Until
		switch {
		case page.Waiting > 0:
			fmt.Fprintf(p.err, "%d open issues so far; the bot works through %d\n", total, page.Waiting)
			if !sleep.For(ctx, breather) {
				return resumeHint(r, total, context.Cause(ctx))
			}
		case !c.DryRun:
			fmt.Fprintf(p.err, "%d open issues so far\n", total)
		}
	}
	if c.DryRun {
		_, err = fmt.Fprintf(p.out, "%d open issues, on %d of them rules have something to do or to say. Nothing was written.\n", total, concerned)
		return err
	}
	_, err = fmt.Fprintf(p.out, "%d open issues of %s were given to the bot, which looks at them now.\n", total, c.Project)
	return err
}

// breather is how long the bot is left to its work before it is asked again.
const breather = 2 * time.Second

// resumeHint says how to go on after an error.
func resumeHint(r adopt.Request, total int, err error) error {
	if r.From.IsZero() {
		return err // nothing was done yet
	}
	return fmt.Errorf("%w\n%d open issues were gone through; to go on: --from %s", err, total, r.From.UTC().Format(time.RFC3339Nano))
}
