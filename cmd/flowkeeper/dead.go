package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"flowkeeper/bot/admin"
	"flowkeeper/bot/letter"
	"flowkeeper/rules/triage"
)

type deadCmd struct {
	adminAddress

	List  deadListCmd  `cmd:"" help:"List the dead letters, the newest first."`
	Show  deadShowCmd  `cmd:"" help:"Show a dead letter: what happened, why it was given up, what the rules said."`
	Retry deadRetryCmd `cmd:"" help:"Put a dead letter back into its issue's mailbox."`
	Drop  deadDropCmd  `cmd:"" help:"Forget a dead letter."`
	Save  deadSaveCmd  `cmd:"" help:"Save a dead letter as a scenario, without names."`
}

func (deadCmd) Help() string {
	return "A dead letter is what the bot gave up on: an issue's deliveries, with the cause. Nothing else happens to them until somebody retries or drops them. " +
		"The running bot holds them, so it is asked on its admin address." + `

Examples:
  flowkeeper dead list
  flowkeeper dead show 7#12
  flowkeeper dead retry --all
  kubectl -n flowkeeper port-forward deploy/flowkeeper 8081 &
  flowkeeper dead list --admin http://127.0.0.1:8081`
}

// letterArg names an issue as "7#12" or "7/12", the project's id and the issue's number, or a merge request as "7!12" or
// "7/merge_requests/12".
type letterArg triage.Ref

// letterSigns writes an address as a reference. Shells take "!" for something else in some places.
var letterSigns = strings.NewReplacer("/merge_requests/", "!", "/", "#")

func (l *letterArg) UnmarshalText(text []byte) error {
	ref, err := triage.ParseRef(letterSigns.Replace(string(text)))
	if err != nil {
		return fmt.Errorf("%.80q names no dead letter: write the project's id and the issue's number, such as 7#12 or 7/12, and 7!12 or "+
			"7/merge_requests/12 for a merge request; flowkeeper dead list shows them", text)
	}
	*l = letterArg(ref)
	return nil
}

func (l letterArg) ref() triage.Ref { return triage.Ref(l) }

// fetchLetter asks for the letter of an issue.
func fetchLetter(ctx context.Context, client *admin.Client, issue triage.Ref) (letter.Letter, error) {
	l, err := client.Letter(ctx, issue)
	return l, noLetterError(issue, err)
}

// noLetterError says which letter there is not.
func noLetterError(issue triage.Ref, err error) error {
	if errors.Is(err, admin.ErrNoLetter) {
		return fmt.Errorf("%w of %s; flowkeeper dead list shows which there are", err, issue)
	}
	return err
}

type deadListCmd struct {
	JSON bool `help:"Print JSON, with the decisions at the time."`
}

func (deadListCmd) Help() string {
	return `Examples:
  flowkeeper dead list
  flowkeeper dead list --json`
}

// Run lists the dead letters.
func (c *deadListCmd) Run(ctx context.Context, p *program, d *deadCmd) error {
	client, err := d.client(p)
	if err != nil {
		return err
	}
	defer client.Close()
	letters, err := client.Letters(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return p.printJSON(letters)
	}
	if err := letter.List(p.out, letters, time.Now()); err != nil {
		return err
	}
	if len(letters) == admin.MaxLetters {
		_, err = fmt.Fprintf(p.err, "These are the newest %d; there may be more.\n", len(letters))
	}
	return err
}

type deadShowCmd struct {
	Letter letterArg `arg:"" help:"The project's id and the issue's number: 7#12 or 7/12; 7!12 or 7/merge_requests/12 for a merge request."`
}

func (deadShowCmd) Help() string {
	return `Example:
  flowkeeper dead show 7#12`
}

// Run shows one letter.
func (c *deadShowCmd) Run(ctx context.Context, p *program, d *deadCmd) error {
	client, err := d.client(p)
	if err != nil {
		return err
	}
	defer client.Close()
	l, err := fetchLetter(ctx, client, c.Letter.ref())
	if err != nil {
		return err
	}
	return letter.Show(p.out, l, time.Now())
}
