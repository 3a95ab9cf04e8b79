package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"flowkeeper/bot/replay"
	"flowkeeper/bot/webhook"
	"flowkeeper/config"
	"flowkeeper/rules"
)

type replayCmd struct {
	Payload string `arg:"" help:"The JSON body of a webhook."`
	URL     string `placeholder:"URL" help:"The bot's webhook address; default: on this machine, where serve would listen."`
	Config  string `short:"c" placeholder:"FILE" help:"Configuration file, as for serve."`
}

func (replayCmd) Help() string {
	return `Example:
  flowkeeper replay payload.json --url http://127.0.0.1:8080/webhooks/gitlab`
}

// Run sends the payload with the first configured secret and signing token and prints the answer. An answer other than 2xx is a
// failure.
func (c *replayCmd) Run(ctx context.Context, p *program) error {
	loaded, err := config.Load(c.Config, p.environ, rules.Catalogue())
	if err != nil {
		return err
	}
	body, err := readPayload(c.Payload)
	if err != nil {
		return err
	}
	o := replay.Options{
		URL: c.URL, Secret: firstSecret(loaded.Server.WebhookSecrets), SigningToken: firstSecret(loaded.Server.SigningTokens), Body: body, Now: time.Now(),
	}
	if o.URL == "" {
		o.URL = webhookURL(loaded.Server.Listen)
	}
	answer, err := replay.Send(ctx, o)
	if err != nil {
		return err
	}
	if answer.Code/100 != 2 {
		return statusError(o, answer)
	}
	_, err = fmt.Fprintln(p.out, answerText(answer))
	return err
}

// largestPayload is well above what GitLab sends, so that the bot's own limit can be tried.
const largestPayload = 64 << 20

// readPayload reads a regular file: pipes and devices may never end.
func readPayload(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("%s: there is no such file", path)
	case err != nil:
		return nil, fmt.Errorf("reading the payload: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a file; name one that holds the JSON body of a webhook", path)
	case info.Size() > largestPayload:
		return nil, fmt.Errorf("%s is larger than 64 MiB; GitLab sends no more than 25 MB", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the payload: %w", err)
	}
	body, err := io.ReadAll(io.LimitReader(file, largestPayload))
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("reading the payload: %w", err)
	}
	return body, nil
}

// webhookURL is where a bot on this machine is reached that listens on the address.
func webhookURL(listen string) string {
	host, port, _ := net.SplitHostPort(listen) // the configuration was checked
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port) + webhook.Path
}

// statusError is an answer other than 2xx as an error.
func statusError(o replay.Options, answer replay.Answer) error {
	hint := ""
	if o.Secret == "" && o.SigningToken == "" {
		hint = "; it was sent unsigned, because neither FLOWKEEPER_WEBHOOK_SECRET nor FLOWKEEPER_SIGNING_TOKEN is set"
	}
	return fmt.Errorf("the bot answered %s%s", answerText(answer), hint)
}

// answerText is the answer on one line: "202 ignored: push events say nothing about issues (delivery replay-…)".
func answerText(answer replay.Answer) string {
	line := fmt.Sprintf("%d %s", answer.Code, answer.Status)
	if answer.Reason != "" {
		line += ": " + answer.Reason
	}
	if answer.ID != "" {
		line += " (delivery " + answer.ID + ")"
	}
	return line
}

func firstSecret(secrets []config.Secret) string {
	if len(secrets) == 0 {
		return ""
	}
	return secrets[0].Reveal()
}
