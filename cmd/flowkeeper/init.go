package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2"
	"golang.org/x/term"

	"flowkeeper/config"
	"flowkeeper/rules"
	"flowkeeper/rules/triage"
)

type initCmd struct {
	File   string  `arg:"" default:"flowkeeper.yaml" help:"The file to write."`
	GitLab *string `name:"gitlab" placeholder:"URL" help:"Where GitLab is: https://gitlab.com."`
	// The texts may be empty, which is an answer: nothing of it.
	Projects *string `placeholder:"PATHS" help:"Projects to look after, with commas: group/one,group/two."`
	Label    *string `name:"team-label" placeholder:"LABEL" help:"What issues of the team carry, group::pay; empty if all issues are the team's."`
	People   *string `placeholder:"ROLE=NAMES" help:"Who fills which role, by username: engineering_manager=mia engineers=omar,ada."`
	Begin    string  `placeholder:"shadow|act" enum:"shadow,act," default:"" help:"shadow: rules decide and record, and write nothing; act: they write."`
	Force    bool    `help:"Replace a file that is there."`
}

func (initCmd) Help() string {
	return "Writes a configuration file from five answers, which it asks for on a terminal unless flags give them. Nothing is guessed, and GitLab is not asked." + `

Examples:
  flowkeeper init
  flowkeeper init --gitlab https://gitlab.example.com --projects group/project --team-label group::pay --people engineering_manager=mia --begin shadow`
}

// Run asks what no flag says, writes the file, and says what comes next.
func (c *initCmd) Run(ctx context.Context, p *program) error {
	if _, err := os.Lstat(c.File); err == nil && !c.Force {
		return fmt.Errorf("%s is there already: --force replaces it, or name another file", c.File)
	}
	s, missing, err := c.fromFlags()
	if err != nil {
		return usageError{err}
	}
	if len(missing) > 0 {
		if !term.IsTerminal(int(os.Stdin.Fd())) {
			return usageError{fmt.Errorf("there is no terminal to ask on, and %s not given", strings.Join(flagNames(missing), ", ")+areOrIs(len(missing)))}
		}
		if err := askAll(ctx, p, missing, &s); err != nil {
			return err
		}
	}
	content := []byte(s.YAML())
	if err := config.Check(c.File, content, rules.Catalogue()); err != nil {
		return err
	}
	if err := c.write(content); err != nil {
		return err
	}
	nextSteps(p, c.File, s)
	return nil
}

func areOrIs(n int) string {
	if n == 1 {
		return " is"
	}
	return " are"
}

// write creates the file, or replaces it if that is wanted.
func (c *initCmd) write(content []byte) error {
	if c.Force {
		return renameio.WriteFile(c.File, content, 0o644)
	}
	file, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	switch {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s is there already: --force replaces it, or name another file", c.File)
	case err != nil:
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}

// fromFlags takes the answers that flags give, and the questions that are left.
func (c *initCmd) fromFlags() (s config.Starter, missing []question, err error) {
	begin := &c.Begin
	if *begin == "" {
		begin = nil
	}
	for n, answer := range []*string{c.GitLab, c.Projects, c.Label, c.People, begin} {
		q := questions[n]
		if answer == nil {
			missing = append(missing, q)
			continue
		}
		if err := q.take(*answer, &s); err != nil {
			return s, nil, fmt.Errorf("%s: %w", q.flag, err)
		}
	}
	return s, missing, nil
}

// question is one of the five. Take puts an answer into the configuration, unless something is wrong with it.
type question struct {
	flag, text string
	form       string // what an answer looks like
	take       func(answer string, s *config.Starter) error
}

var questions = [...]question{
	{"--gitlab", "Where is GitLab?", "its address, such as https://gitlab.com", takeGitLab},
	{"--projects", "Which projects is the bot to look after?", "full paths with commas; nothing for those whose webhook delivers", takeProjects},
	{"--team-label", "Which label do your team's issues carry?", "such as group::pay; nothing if all issues are yours", takeLabel},
	{"--people", "Who fills which role?", "by username, such as engineering_manager=mia engineers=omar,ada; nothing for nobody\n  the roles are " + roleNames(), takePeople},
	{"--begin", "Begin in shadow, where rules decide and record, and write nothing?", "shadow, or act to let them write", takeBegin},
}

func flagNames(missing []question) []string {
	names := make([]string, len(missing))
	for n, q := range missing {
		names[n] = q.flag
	}
	return names
}

func roleNames() string {
	var names []string
	for _, r := range triage.Roles() {
		names = append(names, string(r))
	}
	return strings.Join(names, ", ")
}

// askAll asks questions until each has an answer that can be used.
func askAll(ctx context.Context, p *program, missing []question, s *config.Starter) error {
	in := newAnswers(ctx)
	for n, q := range missing {
		fmt.Fprintf(p.err, "%d of %d. %s\n  %s\n", n+1, len(missing), q.text, q.form)
		for {
			answer, err := in.read(ctx, p, "> ")
			if err != nil {
				return err
			}
			next := *s
			if err = q.take(answer, &next); err == nil {
				*s = next
				break
			}
			fmt.Fprintf(p.err, "  %v\n", err)
		}
	}
	return nil
}

func takeGitLab(answer string, s *config.Starter) error {
	if answer == "" {
		return errors.New("it is needed: write the address under which you open GitLab in your browser")
	}
	s.GitLab = answer
	return firstProblem(config.Starter{GitLab: answer})
}

func takeProjects(answer string, s *config.Starter) error {
	s.Projects = listed(answer)
	return firstProblem(config.Starter{Projects: s.Projects})
}

func takeLabel(answer string, s *config.Starter) error {
	s.Label = strings.TrimPrefix(answer, "~")
	return firstProblem(config.Starter{Label: s.Label})
}

func takePeople(answer string, s *config.Starter) error {
	s.People = map[triage.Role][]string{}
	for assignment := range strings.FieldsSeq(answer) {
		name, people, found := strings.Cut(assignment, "=")
		role := triage.Role(name)
		switch {
		case !found:
			return fmt.Errorf("%q is no role with people: write engineering_manager=mia, without blanks inside", assignment)
		case !slices.Contains(triage.Roles(), role):
			return fmt.Errorf("there is no role %q%s", name, roleHint(name))
		}
		for _, one := range listed(people) {
			s.People[role] = append(s.People[role], strings.TrimPrefix(one, "@"))
		}
	}
	return firstProblem(config.Starter{People: s.People})
}

func roleHint(name string) string {
	if near := triage.Nearest(name, strings.Split(roleNames(), ", ")); near != "" {
		return fmt.Sprintf(", did you mean %s?", near)
	}
	return "; the roles are " + roleNames()
}

func takeBegin(answer string, s *config.Starter) error {
	if answer != config.ModeShadow && answer != config.ModeAct {
		return errors.New("write shadow or act")
	}
	s.Shadow = answer == config.ModeShadow
	return nil
}

// listed reads a list with commas.
func listed(text string) []string {
	var list []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

// firstProblem is what is wrong with an answer, looked at alone.
func firstProblem(s config.Starter) error {
	if s.GitLab == "" {
		s.GitLab = "https://gitlab.com"
	}
	found, bad := errors.AsType[config.Problems](config.Check("", []byte(s.YAML()), rules.Catalogue()))
	if !bad || len(found) == 0 {
		return nil
	}
	if found[0].Hint != "" {
		return errors.New(found[0].Message + "; " + found[0].Hint)
	}
	return errors.New(found[0].Message)
}

// nextSteps says what the file means and what comes next.
func nextSteps(p *program, file string, s config.Starter) {
	line := printer(p.out)
	line("Wrote %s.", file)
	if s.Label != "" {
		line("Only issues that carry %s are the team's (team.scope: labelled).", triage.Quoted(s.Label))
	}
	target := "group/project"
	if len(s.Projects) > 0 {
		target = strings.Join(s.Projects, " ")
	}
	line("Next: put an access token into FLOWKEEPER_GITLAB_TOKEN_FILE, name a file for the webhooks' secret in FLOWKEEPER_SIGNING_TOKEN_FILE, then")
	if filepath.Clean(file) != config.DefaultPath {
		line("  export FLOWKEEPER_CONFIG=%s", file)
	}
	line("  flowkeeper setup %s --url https://bot.example.com", target)
	line("  flowkeeper check")
	line("  flowkeeper serve")
}
