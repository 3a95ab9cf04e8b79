package main

import (
	"fmt"
	"os"
	"time"

	"flowkeeper/bot/replay"
	"flowkeeper/config"
	"flowkeeper/rules"
)

type replayCmd struct {
	Payload string `arg:"" type:"existingfile" help:"The JSON body of a webhook."`
	URL     string `default:"http://127.0.0.1:8080/webhooks/gitlab" help:"The bot's webhook address (${default})."`
	Config  string `short:"c" type:"path" placeholder:"FILE" help:"Configuration file, as for serve."`
}

// Run sends the payload with the first configured secret and signing token and prints the answer. An answer other than 2xx is a
// failure.
func (c *replayCmd) Run(p *program) error {
	loaded, err := config.Load(c.Config, p.environ, rules.Catalogue())
	if err != nil {
		return err
	}
	body, err := os.ReadFile(c.Payload)
	if err != nil {
		return err
	}
	answer, err := replay.Send(p.ctx, replay.Options{
		URL: c.URL, Secret: first(loaded.Server.WebhookSecrets), SigningToken: first(loaded.Server.SigningTokens), Body: body, Now: time.Now(),
	})
	if err != nil {
		return err
	}
	line := fmt.Sprintf("%d %s", answer.Code, answer.Status)
	if answer.Reason != "" {
		line += ": " + answer.Reason
	}
	if answer.ID != "" {
		line += " (delivery " + answer.ID + ")"
	}
	if answer.Code/100 != 2 {
		return fmt.Errorf("the bot answered %s", line)
	}
	_, err = fmt.Fprintln(p.out, line)
	return err
}

func first(secrets []config.Secret) string {
	if len(secrets) == 0 {
		return ""
	}
	return secrets[0].Reveal()
}
