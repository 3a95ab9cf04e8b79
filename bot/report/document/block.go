// Package document is how documents look: as Markdown in GitLab, on a terminal and as JSON; and how the bot's part of an issue's description, the
// block, is told from what people write around it.
package document

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"flowkeeper/rules/planning"
)

// What may be wrong with a block. Nothing is written then.
var (
	// ErrNoBlock says that the description has no block of the kind: people took it out.
	ErrNoBlock = errors.New("there is no block")
	// ErrNoEnd says that the block begins and does not end, so that nobody knows what is the bot's.
	ErrNoEnd = errors.New("the block has no end mark")
	// ErrSeveral says that there are several blocks of the kind.
	ErrSeveral = errors.New("there are several blocks")
)

// Block is the bot's part of a description.
type Block struct {
	Content string         // between the marks of its begin and end, its first and last line break left out
	Boxes   []Box          // in their order
	State   planning.State // what it carries for the next composition
}

// span is where a block stands: from its begin mark to behind its end mark, and its content.
type span struct{ from, to, content, contentEnd int }

// Parse finds the block of a kind in a description. The errors are ErrNoBlock, ErrNoEnd and ErrSeveral, wrapped.
func Parse(description string, k planning.Kind) (Block, error) {
	at, err := find(description, k)
	if err != nil {
		return Block{}, err
	}
	content := description[at.content:at.contentEnd]
	return Block{Content: content, Boxes: boxes(content), State: stateOf(content)}, nil
}

// find finds the block of a kind.
func find(description string, k planning.Kind) (span, error) {
	begin, end := beginMark(k), endMark(k)
	from := strings.Index(description, begin)
	last := strings.LastIndex(description, end)
	switch {
	case from < 0 && last < 0:
		return span{}, fmt.Errorf("%s: %w", k, ErrNoBlock)
	case from < 0, last < from:
		return span{}, fmt.Errorf("%s: %w: put %s and %s back around it", k, ErrNoEnd, begin, end)
	case strings.Count(description, begin) > 1 || strings.Count(description, end) > 1:
		return span{}, fmt.Errorf("%s: %w: leave one", k, ErrSeveral)
	}
	at := span{from: from, to: last + len(end), content: from + len(begin), contentEnd: last}
	if strings.HasPrefix(description[at.content:last], "\r\n") {
		at.content += 2
	} else if strings.HasPrefix(description[at.content:last], "\n") {
		at.content++
	}
	if text := description[at.content:last]; strings.HasSuffix(text, "\r\n") {
		at.contentEnd -= 2
	} else if strings.HasSuffix(text, "\n") {
		at.contentEnd--
	}
	return at, nil
}

// Replace puts other content into the block of a kind and keeps every byte around it, and in it what people made of the boxes that are still
// there. Without a block it is put at the end. A block that is broken is left as it is: ask Parse before.
func Replace(description string, k planning.Kind, content string) string {
	at, err := find(description, k)
	if errors.Is(err, ErrNoBlock) {
		if description != "" {
			description = strings.TrimRight(description, "\r\n") + "\n\n"
		}
		return description + Wrap(k, content)
	}
	if err != nil {
		return description
	}
	return description[:at.from] + Wrap(k, keepMarks(content, description[at.content:at.contentEnd])) + description[at.to:]
}

// Outside is the description without the content of the block of a kind: what is people's.
func Outside(description string, k planning.Kind) string {
	at, err := find(description, k)
	if err != nil {
		return description
	}
	return description[:at.from] + Wrap(k, "") + description[at.to:]
}

// Wrap puts content between the marks of a block.
func Wrap(k planning.Kind, content string) string {
	return beginMark(k) + "\n" + content + "\n" + endMark(k)
}

func beginMark(k planning.Kind) string { return "<!-- flowkeeper:begin " + string(k) + " -->" }
func endMark(k planning.Kind) string   { return "<!-- flowkeeper:end " + string(k) + " -->" }

const (
	statePrefix = "<!-- flowkeeper:state "
	markEnd     = " -->"
)

// StateMark is the hidden line of a block's content that carries the state.
func StateMark(s planning.State) string {
	data, err := json.Marshal(s) // writes > as an escape, so that the mark ends at its end
	if err != nil {
		return "" // no state cannot be written
	}
	return statePrefix + string(data) + markEnd
}

// stateOf is the state that a content carries, zero if it cannot be read.
func stateOf(content string) planning.State {
	var s planning.State
	_, rest, ok := strings.Cut(content, statePrefix)
	text, _, ends := strings.Cut(rest, markEnd)
	if !ok || !ends || json.Unmarshal([]byte(text), &s) != nil {
		return planning.State{}
	}
	return s
}
