// Command flowkeeper keeps issues moving through a team's workflow labels. Each subcommand has a file of its own, which turns flags
// into options and an error into an exit code; what they do is in bot and rules.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	kongcompletion "github.com/jotaen/kong-completion"

	"flowkeeper/config"
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
	Serve      serveCmd      `cmd:"" help:"Receive webhooks and act on them."`
	Demo       demoCmd       `cmd:"" help:"Play a short story with a GitLab in memory; nothing else is needed."`
	Init       initCmd       `cmd:"" help:"Write a configuration file from five answers."`
	Setup      setupCmd      `cmd:"" help:"Create the labels and webhooks that the bot needs in GitLab."`
	Check      checkCmd      `cmd:"" help:"Look at everything that serve needs, and say what to do."`
	Rules      rulesCmd      `cmd:"" help:"List the rules, or show one."`
	Policies   policiesCmd   `cmd:"" help:"Say which rules of policy files run, and why others do not."`
	Calendar   calendarCmd   `cmd:"" help:"List the dates that the bot reckons with, and where each comes from."`
	Report     reportCmd     `cmd:"" help:"List the reports, print one, or post it."`
	Explain    explainCmd    `cmd:"" help:"Say what would be decided on an issue now, and why. Writes nothing."`
	Test       testCmd       `cmd:"" help:"Play the scenarios beside a configuration, and say what came out otherwise than expected."`
	Record     recordCmd     `cmd:"" help:"Write a scenario of a real issue, without names."`
	Replay     replayCmd     `cmd:"" help:"Send a webhook payload to a running bot, signed as GitLab would."`
	Shadow     shadowCmd     `cmd:"" help:"Tell what rules in shadow would have done."`
	Backtest   backtestCmd   `cmd:"" help:"Say what the rules would have done in the past, and whether people did the same."`
	Adopt      adoptCmd      `cmd:"" help:"Take up the old issues of a project, or say what the rules would do on them."`
	Dead       deadCmd       `cmd:"" help:"List, show, retry, drop or save what was given up on."`
	Completion completionCmd `cmd:"" help:"Print what has a shell complete commands and flags."`
	Version    versionCmd    `cmd:"" help:"Print the version."`
}

// program is what subcommands get of the process they run in, beside a context that ends with the first SIGTERM or interrupt. After
// release the next one kills at once, as if nobody had listened.
type program struct {
	release func()
	environ []string
	out     io.Writer
	err     io.Writer
}

// printJSON writes a value for programs.
func (p *program) printJSON(v any) error {
	encoder := json.NewEncoder(p.out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

func main() { os.Exit(run(os.Args[1:], os.Environ(), os.Stdout, os.Stderr)) }

// run is the program: it returns the exit code.
func run(args, environ []string, stdout, stderr io.Writer) int {
	ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer release()
	context.AfterFunc(ctx, release)

	if len(args) == 0 && os.Getenv(completionLine) == "" {
		parse([]string{"--help"}, stderr, stderr)
		return exitUsage
	}
	command, code := parse(normalizeArgs(args), stdout, stderr)
	if command == nil {
		return code
	}
	command.BindTo(ctx, (*context.Context)(nil))
	err := command.Run(&program{release: release, environ: environ, out: stdout, err: stderr})
	if err == nil {
		return exitDone
	}
	printError(stderr, err)
	if _, wrong := errors.AsType[usageError](err); wrong {
		return exitUsage
	}
	return exitFailed
}

// parse finds the command. There is none if help was asked for and given, or if the usage was wrong and that was said.
func parse(args []string, stdout, stderr io.Writer) (command *kong.Context, code int) {
	var c cli
	help := false
	parser, err := kong.New(&c, kong.Name("flowkeeper"), kong.Writers(stdout, stderr), kong.Exit(func(int) { help = true }),
		kong.Description("Keeps issues moving through a team's workflow labels.\n\nTo see it at work: flowkeeper demo"),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}))
	if err != nil {
		printError(stderr, err)
		return nil, exitFailed
	}
	kongcompletion.Register(parser)
	if help {
		return nil, exitDone // a shell asked what may follow, and has its answer
	}
	command, err = parser.Parse(args)
	switch {
	case help:
		return nil, exitDone
	case err != nil:
		fmt.Fprintf(stderr, "flowkeeper: %v\n%s\n", err, usageHint(parser, err))
		return nil, exitUsage
	}
	return command, exitDone
}

// normalizeArgs turns what people type by habit into what there is: "help", "help serve", "--version".
func normalizeArgs(args []string) []string {
	if len(args) == 0 {
		return nil
	}
	switch args[0] {
	case "help":
		return append(slices.Clone(args[1:]), "--help")
	case "--version":
		return append([]string{"version"}, args[1:]...)
	}
	return args
}

// usageHint says what would work: which commands there are, or where to read about the one that was meant.
func usageHint(parser *kong.Kong, err error) string {
	if wrong, ok := errors.AsType[*kong.ParseError](err); ok {
		if command := wrong.Context.Selected(); command != nil {
			return "See " + command.FullPath() + " --help"
		}
	}
	var names []string
	for _, command := range parser.Model.Children {
		names = append(names, command.Name)
	}
	return "The commands are " + strings.Join(names, ", ") + "; see flowkeeper --help"
}

// printError prints an error, a configuration's problems so that editors find the place.
func printError(w io.Writer, err error) {
	if problems, ok := errors.AsType[config.Problems](err); ok {
		fmt.Fprintf(w, "%v\nflowkeeper: %s\n", problems, summary(problems))
		return
	}
	if problems, ok := errors.AsType[policyProblems](err); ok {
		fmt.Fprintf(w, "%v\nflowkeeper: %s\n", problems, problems.summary())
		return
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintln(w, "flowkeeper:", strings.TrimSuffix(line, "\n"))
	}
}

func summary(problems config.Problems) string {
	if len(problems) == 1 {
		return "the configuration has a problem"
	}
	return fmt.Sprintf("the configuration has %d problems", len(problems))
}

// usageError is an error of whoever typed the command.
type usageError struct{ error }
