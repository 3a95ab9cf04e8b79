package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot"
	"flowkeeper/bot/admin"
	"flowkeeper/bot/adopt"
	"flowkeeper/bot/shadow"
	"flowkeeper/config"
	"flowkeeper/rules"
)

// adminAddress is where a command finds the running bot.
type adminAddress struct {
	Admin  string `placeholder:"URL" help:"The running bot's admin address; default: on this machine, where serve would have it (server.admin, FLOWKEEPER_ADMIN_LISTEN)."`
	Config string `short:"c" placeholder:"FILE" help:"Configuration file, as for serve."`
}

// client asks where the flag says, else where serve would listen. A configuration is read only if it is needed.
func (a *adminAddress) client(p *program) (*admin.Client, error) {
	if a.Admin != "" {
		token, err := config.AdminToken(p.environ)
		if err != nil {
			return nil, err
		}
		return a.clientOf(config.Config{Server: config.Server{AdminToken: token}})
	}
	loaded, err := a.load(p)
	if err != nil {
		return nil, err
	}
	return a.clientOf(loaded)
}

// clientOf is client with the configuration.
func (a *adminAddress) clientOf(loaded config.Config) (*admin.Client, error) {
	base := a.Admin
	if base == "" {
		host, port, _ := net.SplitHostPort(loaded.Server.Admin) // the configuration was checked
		if port == "0" {
			return nil, fmt.Errorf("the admin address %s has no fixed port: name the one that serve printed with --admin URL", loaded.Server.Admin)
		}
		if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
			host = "127.0.0.1"
		}
		base = "http://" + net.JoinHostPort(host, port)
	}
	client, err := admin.NewClient(base, loaded.Server.AdminToken.Reveal())
	if err != nil {
		return nil, usageError{fmt.Errorf("--admin: %w", err)}
	}
	return client, nil
}

func (a *adminAddress) load(p *program) (config.Config, error) {
	return config.Load(a.Config, p.environ, rules.Catalogue())
}

// store is whoever answers: a running bot, or the Redis that bots share.
type store interface {
	Shadow(ctx context.Context, since time.Time) (shadow.Report, error)
	Adopt(ctx context.Context, r adopt.Request) (adopt.Page, error)
	Close()
}

// adminOrRedis finds who answers: the bot that the flag names, else the Redis if there is one, else the bot that holds the embedded store.
func (a *adminAddress) adminOrRedis(ctx context.Context, p *program) (store, error) {
	if a.Admin != "" {
		return a.client(p)
	}
	loaded, err := a.load(p)
	if err != nil {
		return nil, err
	}
	if loaded.Inbox.RedisURL.IsSet() {
		return bot.NewDirect(ctx, options(loaded, false, zap.NewNop()))
	}
	return a.clientOf(loaded)
}
