package triage

import (
	"slices"
	"strings"
)

// FindCommand finds the command that a line begins with, the one with the longest name if several fit, and the rest of the line. Case
// does not count, nor does a comma or a colon behind the name; "weight=3" is "weight 3". Without a command, near is the name that was
// probably meant, "" if none is close.
func FindCommand(commands []Command, line string) (found *Command, args, near string) {
	words := strings.Fields(line)
	if len(words) > 0 {
		words = append(strings.Fields(strings.Replace(words[0], "=", " ", 1)), words[1:]...)
	}
	written := func(name, word string) bool { return strings.EqualFold(name, strings.TrimRight(word, ",:")) }
	for i := range commands {
		name := strings.Fields(commands[i].Name)
		if len(name) > len(words) || found != nil && len(name) <= len(strings.Fields(found.Name)) {
			continue
		}
		if slices.EqualFunc(name, words[:len(name)], written) {
			found, args = &commands[i], strings.Join(words[len(name):], " ")
		}
	}
	if found != nil || len(words) == 0 {
		return found, args, ""
	}
	for n := min(2, len(words)); n > 0 && near == ""; n-- {
		var names []string
		for _, c := range commands {
			if split := strings.FieldsFunc(c.Name, func(r rune) bool { return r == ' ' || r == '-' }); len(strings.Fields(c.Name)) == n || len(split) == n {
				names = append(names, c.Name)
			}
		}
		near = Nearest(strings.Join(words[:n], " "), names)
	}
	return nil, "", near
}
