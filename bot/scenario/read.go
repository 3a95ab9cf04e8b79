package scenario

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"golang.org/x/tools/txtar"

	"flowkeeper/rules/triage"
)

// Error is something wrong with a scenario, at a line of its file, counted from 1.
type Error struct {
	Line    int
	Message string // may have several lines
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Message) }

// InFile names the file of an error of Read, Parse or Play, as compilers do: "story.txtar:7: …".
func InFile(name string, err error) error {
	if at, ok := errors.AsType[*Error](err); ok {
		return fmt.Errorf("%s:%d: %s", name, at.Line, at.Message)
	}
	return fmt.Errorf("%s: %w", name, err)
}

// Read reads a file. An error is of type *Error, the first that there is.
func Read(data []byte) (File, error) {
	archive := txtar.Parse(data)
	f := File{About: strings.TrimSpace(string(archive.Comment)), Issue: Issue{Type: "Issue", Author: "ann"}}
	line := 1 + bytes.Count(archive.Comment, []byte("\n"))
	for _, part := range archive.Files {
		if err := f.read(part.Name, part.Data, line); err != nil {
			return f, err
		}
		line += 1 + bytes.Count(part.Data, []byte("\n"))
	}
	if len(f.Steps) == 0 {
		return f, &Error{1, "the scenario has no event: add a part -- event --"}
	}
	return f, nil
}

// read reads the part whose mark stands on a line.
func (f *File) read(name string, data []byte, line int) error {
	var part any
	switch name {
	case "team":
		f.Team = &Team{}
		part = f.Team
	case "rules":
		f.RulesLine = line
		part = &f.Rules
	case "policies":
		f.Policies, f.PoliciesLine = string(data), line
		return nil
	case "issue":
		part = &f.Issue
	case "memory":
		f.Memory = &Memory{}
		part = f.Memory
	case "around":
		f.Around = &Around{}
		part = f.Around
	case "event":
		f.Steps = append(f.Steps, Step{Line: line})
		part = &f.Steps[len(f.Steps)-1].Event
	case "decision":
		return f.readDecision(data, line)
	default:
		return &Error{line, fmt.Sprintf("unknown part %q, allowed: team, rules, policies, issue, memory, around, event, decision", name)}
	}
	if err := decodeStrict(data, part, line); err != nil {
		return err
	}
	if err := checkPart(part); err != nil {
		return &Error{line, fmt.Sprintf("part %q: %v", name, err)}
	}
	return nil
}

func (f *File) readDecision(data []byte, line int) error {
	if len(f.Steps) == 0 {
		return &Error{line, "a decision comes after its event"}
	}
	last := &f.Steps[len(f.Steps)-1]
	if last.DecisionLine > 0 {
		return &Error{line, fmt.Sprintf("the event of line %d has two decisions: put an event before this one", last.Line)}
	}
	last.Expected, last.DecisionLine = string(data), line
	return nil
}

// decodeStrict reads the YAML of a part whose mark stands on a line.
func decodeStrict(data []byte, into any, line int) error {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil
	}
	placed := append(bytes.Repeat([]byte("\n"), line), data...) // so that errors count the lines of the file
	err := yaml.UnmarshalWithOptions(placed, into, yaml.Strict(), yaml.CustomUnmarshaler(unmarshalDuration))
	if err == nil {
		return nil
	}
	message := yaml.FormatError(err, false, true)
	if place := yamlPlace.FindStringSubmatch(message); place != nil {
		line, _ = strconv.Atoi(place[1])
		message = strings.TrimPrefix(message, place[0])
	}
	return &Error{line, message}
}

var (
	yamlPlace = regexp.MustCompile(`^\[([0-9]{1,9}):[0-9]+\] `)
	daysFirst = regexp.MustCompile(`^([0-9]{1,5})d(.*)$`)
)

// unmarshalDuration reads Go's syntax with days: "90s", "1h30m", "7d", "1d12h".
func unmarshalDuration(d *time.Duration, data []byte) error {
	text := strings.Trim(strings.TrimSpace(string(data)), `"'`)
	days, rest := time.Duration(0), text
	if m := daysFirst.FindStringSubmatch(text); m != nil {
		n, _ := strconv.Atoi(m[1]) // five digits at most
		days, rest = time.Duration(n)*24*time.Hour, m[2]
		if rest == "" {
			*d = days
			return nil
		}
	}
	more, err := time.ParseDuration(rest)
	if err != nil || more < 0 {
		return fmt.Errorf("%q is not a time that passes: write 90s, 5m, 1h30m or 7d", text)
	}
	*d = days + more
	return nil
}

// checkPart checks what the form of a part does not.
func checkPart(part any) error {
	switch part := part.(type) {
	case *Team:
		return part.check()
	case *map[string]any:
		return checkRules(*part)
	case *Around:
		return part.check()
	case *Event:
		return part.check()
	}
	return nil
}

func (t Team) check() error {
	if !slices.Contains([]string{"", "all", "labelled"}, t.Scope) {
		return fmt.Errorf("scope %q: all or labelled is wanted", t.Scope)
	}
	for role := range t.Roles {
		if !slices.Contains(triage.Roles(), role) {
			return fmt.Errorf("unknown role %q", role)
		}
	}
	return nil
}

func checkRules(rules map[string]any) error {
	for _, id := range slices.Sorted(maps.Keys(rules)) {
		_, mode := rules[id].(string)
		_, options := rules[id].(map[string]any)
		if !mode && !options {
			return fmt.Errorf("rule %s: a mode or {mode: …, option: …} is wanted", id)
		}
	}
	return nil
}

func (a Around) check() error {
	for _, name := range slices.Sorted(maps.Keys(a.Agreements)) {
		if how := a.Agreements[name]; how != "thumb" && how != "comment" {
			return fmt.Errorf("agreement %q of %s: thumb or comment is wanted", how, name)
		}
	}
	if !slices.Contains([]string{"", "duplicate", "moved", "default"}, a.ClosedAs) {
		return fmt.Errorf("closed_as %q: duplicate, moved or default is wanted", a.ClosedAs)
	}
	if a.OpenedAs != "" && a.OpenedAs != "default" {
		return fmt.Errorf("opened_as %q: default is wanted", a.OpenedAs)
	}
	if a.Votes != nil && len(a.Votes) != 2 || a.Discussions != nil && len(a.Discussions) != 2 {
		return errors.New("votes are [up, down], discussions [threads, comments]")
	}
	for _, m := range a.MergeRequests {
		if err := m.check(); err != nil {
			return err
		}
	}
	_, err := a.report()
	return err
}

func (e Event) check() error {
	if _, ok := kinds[e.Kind]; !ok && e.Kind != later {
		return fmt.Errorf("unknown kind %q, allowed: %s, or none for an update", e.Kind, strings.Join(kindNames, ", "))
	}
	if e.Kind == later && (e.After == 0 || !reflect.DeepEqual(e, Event{Kind: later, After: e.After})) {
		return errors.New("of kind later there is nothing but after: how much time passes")
	}
	if (e.Kind == mergeRequestEvent) != (e.MergeRequest != nil) {
		return errors.New("an event of kind merge request has a merge_request, and no other event has one")
	}
	if e.MergeRequest != nil {
		if err := e.MergeRequest.check(); err != nil {
			return err
		}
	}
	_, err := parseWeight(e.Weight)
	return err
}

func parseWeight(s string) (*int, error) {
	if s == "none" || s == "" {
		return nil, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return nil, fmt.Errorf("weight %q: a number or none is wanted", s)
	}
	return &n, nil
}
