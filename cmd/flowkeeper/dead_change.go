package main

import (
	"context"
	"errors"
	"fmt"

	"flowkeeper/bot/admin"
	"flowkeeper/bot/letter"
)

type deadRetryCmd struct {
	Letter *letterArg `arg:"" optional:"" help:"The project's id and the issue's number: 7#12 or 7/12; 7!12 or 7/merge_requests/12 for a merge request."`
	All    bool       `help:"Retry all dead letters."`
}

func (deadRetryCmd) Help() string {
	return `See to the cause first: what fails again becomes a dead letter again.

Examples:
  flowkeeper dead retry 7#12
  flowkeeper dead retry --all`
}

// Run makes letters due again. The bot acts on them after that; what became of them is in its log, and in dead list if it failed again.
func (c *deadRetryCmd) Run(ctx context.Context, p *program, d *deadCmd) error {
	if c.All == (c.Letter != nil) {
		return usageError{errors.New("name one dead letter, such as 7#12, or all of them with --all")}
	}
	client, err := d.client(p)
	if err != nil {
		return err
	}
	defer client.Close()
	if c.All {
		return retryAll(ctx, p, client)
	}
	issue := c.Letter.ref()
	if err := client.Retry(ctx, issue); err != nil {
		return noLetterError(issue, err)
	}
	_, err = fmt.Fprintf(p.out, "%s is due again\n", issue)
	return err
}

// retryAll retries those that are dead now, each once. One that somebody else retried or dropped meanwhile is none of them.
func retryAll(ctx context.Context, p *program, client *admin.Client) error {
	letters, err := client.Letters(ctx)
	if err != nil {
		return err
	}
	if len(letters) == 0 {
		_, err = fmt.Fprintln(p.out, "no dead letters")
		return err
	}
	done := 0
	for _, l := range letters {
		err := client.Retry(ctx, l.Issue())
		if errors.Is(err, admin.ErrNoLetter) {
			continue
		}
		if err != nil {
			return fmt.Errorf("%d of %d are due again, then %s: %w", done, len(letters), l.Issue(), err)
		}
		done++
		fmt.Fprintf(p.out, "%s is due again\n", l.Issue())
	}
	if len(letters) == admin.MaxLetters {
		fmt.Fprintf(p.err, "These were the newest %d; run it again if dead list shows more.\n", len(letters))
	}
	return nil
}

type deadDropCmd struct {
	Letter letterArg `arg:"" help:"The project's id and the issue's number: 7#12 or 7/12; 7!12 or 7/merge_requests/12 for a merge request."`
	Yes    bool      `help:"Really: what is lost cannot be had back."`
}

func (deadDropCmd) Help() string {
	return `Without --yes it only says what would be lost. What comes for the issue later is handled as ever.

Examples:
  flowkeeper dead drop 7#12
  flowkeeper dead drop 7#12 --yes`
}

// Run forgets a letter, and says what that loses before or after.
func (c *deadDropCmd) Run(ctx context.Context, p *program, d *deadCmd) error {
	client, err := d.client(p)
	if err != nil {
		return err
	}
	defer client.Close()
	issue := c.Letter.ref()
	l, err := fetchLetter(ctx, client, issue)
	if err != nil {
		return err
	}
	if !c.Yes {
		return usageError{fmt.Errorf("nothing is dropped yet; with %s this would be lost: %s\nTo drop it: flowkeeper dead drop %s --yes\nTo keep it without names first: flowkeeper dead save %s -o letter.txtar",
			issue, letter.DescribeLoss(l), issue, issue)}
	}
	if err := client.Drop(ctx, issue); err != nil {
		return noLetterError(issue, err)
	}
	_, err = fmt.Fprintf(p.out, "%s is dropped. Lost: %s\n", issue, letter.DescribeLoss(l))
	return err
}
