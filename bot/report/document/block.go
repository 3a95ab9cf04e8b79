// Package document is how documents look: as Markdown in GitLab, on a terminal and as JSON; and how the bot's part of an issue's description, the
// block, is told from what people write around it.
package document

import (
	"encoding/json"
	"errors"
	"strings"

	"flowkeeper/rules/planning"
)

// What may be wrong with a block. Nothing is written then.
var (
	// ErrNoBlock says that the description has no block of the kind: people took it out, or it stands where it is code or hidden.
	ErrNoBlock = errors.New("there is no block")
	// ErrNoEnd says that the block has only one of its marks, so that nobody knows what is the bot's.
	ErrNoEnd = errors.New("the block has no end mark")
	// ErrSeveral says that there are several blocks of the kind.
	ErrSeveral = errors.New("there are several blocks")
	// ErrState says that somebody changed what the block carries for the next composition, and it cannot be read.
	ErrState = errors.New("the block's hidden state cannot be read")
)

// Block is the bot's part of a description. Whoever may edit the description may edit the block: what is in it is no more trusted than that.
type Block struct {
	Content string         // between the marks of its begin and end, its first and last line break left out
	Boxes   []Box          // in their order
	State   planning.State // what it carries for the next composition
}

// Parse finds the block of a kind in a description. The errors are ErrNoBlock, ErrNoEnd, ErrSeveral and ErrState, wrapped.
func Parse(description string, k planning.Kind) (Block, error) {
	at, err := find(description, k)
	if err != nil {
		return Block{}, err
	}
	content := description[at.content:at.contentEnd]
	state, err := stateOf(content)
	return Block{Content: content, Boxes: boxes(content), State: state}, err
}

// Replace puts other content into the block of a kind and keeps every byte around it, and in it what people made of the boxes that are still
// there. Without a block it is put at the end. A block that is broken is left as it is: ask Parse before. So is a description at whose end it would
// be code or hidden.
func Replace(description string, k planning.Kind, content string) string {
	at, err := find(description, k)
	if errors.Is(err, ErrNoBlock) {
		return appended(description, k, content)
	}
	if err != nil {
		return description
	}
	old := description[at.content:at.contentEnd]
	fresh := keepMarks(content, old)
	if strings.ReplaceAll(old, "\r\n", "\n") == fresh {
		return description
	}
	return description[:at.from] + Wrap(k, fresh) + description[at.to:]
}

// appended is the description with a new block at its end, behind a blank line.
func appended(description string, k planning.Kind, content string) string {
	gap := ""
	if description != "" {
		gap = "\n\n"
	}
	with := description + gap + Wrap(k, content)
	if _, err := find(with, k); err != nil {
		return description
	}
	return with
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

const (
	statePrefix = "<!-- flowkeeper:state "
	markEnd     = " -->"
)

// StateMark is the hidden line of a block's content that carries the state.
func StateMark(s planning.State) string {
	data, err := json.Marshal(s) // writes < and > as escapes, so that the mark ends at its end
	if err != nil {
		panic("a state holds only what JSON can write: " + err.Error())
	}
	return statePrefix + string(data) + markEnd
}

// CommentState is the state that the text of a comment carries, zero if it carries none that can be read.
func CommentState(text string) planning.State {
	s, err := stateOf(text)
	if err != nil {
		return planning.State{}
	}
	return s
}

// stateOf is the state that a content carries, zero if it carries none. Only a line of its own counts, which no row can begin.
func stateOf(content string) (s planning.State, err error) {
	found := false
	for line := range strings.SplitSeq(content, "\n") {
		text, ok := strings.CutPrefix(strings.TrimRight(line, " \t\r"), statePrefix)
		if !ok {
			continue
		}
		if found {
			return planning.State{}, errors.New("there are two of them")
		}
		found = true
		text, ok = strings.CutSuffix(text, markEnd)
		if !ok {
			return planning.State{}, errors.New("its line does not end as a comment")
		}
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			return planning.State{}, err
		}
	}
	return s, nil
}
