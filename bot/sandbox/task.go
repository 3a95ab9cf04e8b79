package sandbox

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"flowkeeper/rules/triage"
)

// taskLine is a line of a task list. "[~]" is an item that does not apply: it is shown, and counted nowhere.
var taskLine = regexp.MustCompile(`^[ \t]*(?:>[ \t]*)*(?:[-+*]|\d{1,9}[.)])[ \t]+\[([ xX~])\][ \t]+(.*)$`)

// task is an item of a task list.
type task struct {
	line int // from 0
	mark string
	text string
}

func (t task) done() bool { return t.mark == "x" || t.mark == "X" }

// tasksOf finds the task list items of a text, without those in code blocks.
func tasksOf(text string) []task {
	var found []task
	fence := ""
	for n, line := range strings.Split(strings.ReplaceAll(text, "\r", ""), "\n") {
		if trimmed := strings.TrimSpace(line); strings.HasPrefix(trimmed, "```") || strings.HasPrefix(trimmed, "~~~") {
			switch {
			case fence == "":
				fence = trimmed[:3]
			case strings.HasPrefix(trimmed, fence):
				fence = ""
			}
			continue
		}
		if m := taskLine.FindStringSubmatch(line); m != nil && fence == "" {
			found = append(found, task{n, m[1], m[2]})
		}
	}
	return found
}

// addTasks says how many boxes of a description are ticked.
func addTasks(o object, description string) {
	all := slices.DeleteFunc(tasksOf(description), func(t task) bool { return t.mark == "~" })
	done := 0
	for _, t := range all {
		if t.done() {
			done++
		}
	}
	o["has_tasks"], o["task_status"] = len(all) > 0, ""
	o["task_completion_status"] = object{"count": len(all), "completed_count": done}
	if len(all) > 0 {
		o["task_status"] = fmt.Sprintf("%d of %d checklist items completed", done, len(all))
	}
}

// describeEdit are GitLab's system notes for another description: which boxes were ticked, if there are any, and else that it changed.
func describeEdit(before, after string) []string {
	old, all := tasksOf(before), tasksOf(after)
	var notes []string
	for n, t := range all {
		if n < len(old) && old[n].text == t.text && old[n].done() != t.done() {
			notes = append(notes, "marked the checklist item **"+t.text+"** as "+map[bool]string{true: "completed", false: "incomplete"}[t.done()])
		}
	}
	if len(notes) == 0 {
		return []string{"changed the description"}
	}
	return notes
}

var errTaskGone = errors.New("somebody has edited the description: this line is another one now. Look at it again")

// Tick ticks a box of an issue's description as a person, or takes the tick away, as in GitLab's page: it says which line it means, the first
// is 1, and what stands there, and is refused if that has changed. The webhook has the whole description, as of any other edit.
func (s *Server) Tick(username string, ref triage.Ref, line int, source string, ticked bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, i, _, err := s.findAll(username, ref, 0)
	if err != nil {
		return fmt.Errorf("ticking a box of issue %s as %s: %w", ref, username, err)
	}
	lines := strings.Split(i.description, "\n")
	n := slices.IndexFunc(tasksOf(i.description), func(t task) bool { return t.line == line-1 })
	if n < 0 || strings.TrimRight(lines[line-1], "\r") != source {
		return fmt.Errorf("ticking a box of issue %s as %s: %w", ref, username, errTaskGone)
	}
	mark := map[bool]string{true: "x", false: " "}[ticked]
	at := taskLine.FindStringSubmatchIndex(source)
	lines[line-1] = source[:at[2]] + mark + lines[line-1][at[3]:]
	text := strings.Join(lines, "\n")
	if err := s.update(actor{user: u}, i, change{description: &text}); err != nil {
		return fmt.Errorf("ticking a box of issue %s as %s: %w", ref, username, err)
	}
	return nil
}
