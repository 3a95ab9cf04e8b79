package page

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
)

// boxView is a box of a task list.
type boxView struct {
	Line   int
	Source string // what stands on the line
	Text   string // what it says, for those who hear the page
	Ticked bool
}

// boxesOf makes the boxes of a description buttons. Each says its line and what stands there, so that no other line is ticked when the description
// has changed meanwhile.
func boxesOf(description string) func(line int, ticked bool) string {
	lines := strings.Split(description, "\n")
	return func(line int, ticked bool) string {
		if line < 1 || line > len(lines) {
			return ""
		}
		v := boxView{line, lines[line-1], boxText(lines[line-1]), ticked}
		var b bytes.Buffer
		if templates.ExecuteTemplate(&b, "box", v) != nil {
			return ""
		}
		return b.String()
	}
}

// boxText is the text behind a box, without its marks.
func boxText(source string) string {
	_, text, _ := strings.Cut(source, "]")
	if text = strings.TrimSpace(text); text == "" {
		return "box"
	}
	return text
}

var errNoBox = errors.New("that is no box of the description")

// postTick ticks a box, or takes its tick away.
func (s *site) postTick(f *form) error {
	parts := strings.SplitN(f.r.PostFormValue("box"), " ", 3)
	if len(parts) < 3 {
		return errNoBox
	}
	line, err := strconv.Atoi(parts[1])
	if err != nil {
		return errNoBox
	}
	return s.gitlab.Tick(f.user, f.ref, line, parts[2], parts[0] == "tick")
}
