package main

import (
	"context"
	"errors"
	"strings"

	"go.uber.org/zap"

	"flowkeeper/bot"
	"flowkeeper/config"
	"flowkeeper/config/policyfile"
)

// reloader takes the configuration into a running app again: the file, and the files that variables name. The variables themselves are
// those of the start, no process sees them change.
type reloader struct {
	command *serveCmd
	environ []string
	app     *bot.App
	log     *zap.Logger
	started config.Config // what only a restart changes is compared with it
	current config.Config // what is in force
}

// reload reads everything again and logs what became of it, keys and never values. What has any problem changes nothing.
func (r *reloader) reload(ctx context.Context) {
	next, err := r.loadAndApply(ctx)
	if err != nil {
		r.log.Error("the configuration was read again and has problems; the one before stays in force", zap.Strings("problems", problemLines(err)))
		return
	}
	var changed, waiting []string
	for _, c := range config.Changes(r.current, next) {
		if !c.Restart {
			changed = append(changed, c.Key)
		}
	}
	for _, c := range config.Changes(r.started, next) {
		if c.Restart {
			waiting = append(waiting, c.Key)
		}
	}
	r.current = next
	r.log.Info("the configuration was read again", zap.Strings("changed", changed))
	logFights(r.log, next)
	if len(waiting) > 0 {
		r.log.Warn("what else has changed needs a restart", zap.Strings("keys", waiting))
	}
}

// loadAndApply loads the configuration and hands it to the app.
func (r *reloader) loadAndApply(ctx context.Context) (config.Config, error) {
	next, err := load(r.command.Config, r.command.Mode, r.environ)
	if err != nil {
		return config.Config{}, err
	}
	if err := r.command.checkComplete(next); err != nil {
		return config.Config{}, err
	}
	return next, r.app.Reload(ctx, options(next, r.command.InsecureAcceptUnsigned, r.log))
}

// problemLines are all that is wrong, each on a line.
func problemLines(err error) []string {
	found, ok := errors.AsType[config.Problems](err)
	if !ok {
		return strings.Split(err.Error(), "\n")
	}
	var lines []string
	for _, p := range found {
		lines = append(lines, p.String())
	}
	return lines
}

// logFights warns of policies that may take back each other's work. They are no reason not to start: the gem runs them, too.
func logFights(log *zap.Logger, loaded config.Config) {
	const most = 20
	fights := policyfile.Fights(loaded.Policies.Rules)
	for _, f := range fights[:min(most, len(fights))] {
		log.Warn("policies fight", zap.String("file", f.File), zap.Int("line", f.Line), zap.String("fight", f.What))
	}
	if left := len(fights) - most; left > 0 {
		log.Warn("more policies fight; flowkeeper check names them", zap.Int("fights", left))
	}
}
