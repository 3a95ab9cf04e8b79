// Command flowkeeper keeps issues moving through a team's workflow labels. Each subcommand has a file of its own, which turns flags
// into options and an error into an exit code; what they do is in bot and rules.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// Exit codes that scripts rely on.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// version is set by the linker.
var version = "dev"

type cli struct {
	Serve   serveCmd   `cmd:"" help:"Receive webhooks and act on them."`
	Demo    demoCmd    `cmd:"" help:"Play a short story with a GitLab in memory; nothing else is needed."`
	Check   checkCmd   `cmd:"" help:"Check the configuration and print what is in force."`
	Rules   rulesCmd   `cmd:"" help:"List the rules."`
	Replay  replayCmd  `cmd:"" help:"Send a webhook payload to a running bot, signed as GitLab would."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

// program is what subcommands get of the process they run in.
type program struct {
	ctx     context.Context
	environ []string
	out     io.Writer
	err     io.Writer
}

func main() { os.Exit(run(os.Args[1:], os.Environ(), os.Stdout, os.Stderr)) }

// run is the program. The first SIGTERM or interrupt ends the context; the second kills at once, as if nobody had listened.
func run(args, environ []string, stdout, stderr io.Writer) int {
	ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer release()
	context.AfterFunc(ctx, release)

	var c cli
	help := false
	parser, err := kong.New(&c, kong.Name("flowkeeper"), kong.Writers(stdout, stderr), kong.Exit(func(int) { help = true }),
		kong.Description("Keeps issues moving through a team's workflow labels. Start with: flowkeeper demo"),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}))
	if err != nil {
		fmt.Fprintln(stderr, "flowkeeper:", err)
		return exitFailed
	}
	command, err := parser.Parse(args)
	if help {
		return exitDone
	}
	if err != nil {
		fmt.Fprintf(stderr, "flowkeeper: %v\nTry: flowkeeper --help\n", err)
		return exitUsage
	}
	err = command.Run(&program{ctx: ctx, environ: environ, out: stdout, err: stderr})
	if _, wrong := errors.AsType[usageError](err); wrong {
		fmt.Fprintln(stderr, "flowkeeper:", err)
		return exitUsage
	}
	if err != nil {
		fmt.Fprintln(stderr, "flowkeeper:", err)
		return exitFailed
	}
	return exitDone
}

// usageError is an error of whoever typed the command.
type usageError struct{ error }
