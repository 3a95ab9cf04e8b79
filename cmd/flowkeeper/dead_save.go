package main

import (
	"context"
	"errors"
	"fmt"

	"flowkeeper/bot/letter"
)

type deadSaveCmd struct {
	Letter letterArg `arg:"" help:"The project's id and the issue's number: 7#12 or 7/12; 7!12 or 7/merge_requests/12 for a merge request."`
	Output string    `short:"o" placeholder:"FILE" help:"Write to this file, which must not exist yet; default: print it."`
}

func (deadSaveCmd) Help() string {
	return `The file is a scenario: flowkeeper explain plays it, and so do the tests below rules/testdata/scenarios. The decisions in it are those of the configuration here (-c), not of the running bot's. ` +
		`Usernames, the title, the project and what people wrote are left out. Labels stay.

Examples:
  flowkeeper dead save 7#12 -o letter.txtar
  flowkeeper explain letter.txtar`
}

// Run saves a letter. What is to be known of the file goes to the standard error, so that the file can be printed.
func (c *deadSaveCmd) Run(ctx context.Context, p *program, d *deadCmd) error {
	loaded, err := d.load(p)
	if err != nil {
		return err
	}
	client, err := d.clientOf(loaded)
	if err != nil {
		return err
	}
	defer client.Close()
	l, err := fetchLetter(ctx, client, c.Letter.ref())
	if err != nil {
		return err
	}
	saved, err := letter.Save(l, loaded.Policy())
	if errors.Is(err, letter.ErrNoState) {
		return fmt.Errorf("saving %s: %w; flowkeeper explain with the issue's address says what would be decided now", l.Issue(), err)
	}
	if err != nil {
		return err
	}
	if err := writeScenario(p, c.Output, saved.File); err != nil {
		return err
	}
	for _, note := range saved.Notes {
		fmt.Fprintf(p.err, "Note: %s.\n", note)
	}
	return nil
}
