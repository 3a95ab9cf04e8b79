package triage

import (
	"slices"
	"strings"
)

// Prose is a text of several pieces, some of which people wrote. Whoever renders it makes theirs harmless.
type Prose []Piece

// Piece is a part of a text: Own is Markdown of our own, Theirs holds people's words, shown between quotation marks if Quoted. One of
// them is set.
type Piece struct {
	Own    string `json:"o,omitempty"`
	Theirs string `json:"t,omitempty"`
	Quoted bool   `json:"q,omitempty"`
}

// Say begins a text with Markdown of our own.
func Say(own string) Prose { return Prose{{Own: own}} }

// Say adds Markdown of our own.
func (p Prose) Say(own string) Prose { return append(slices.Clip(p), Piece{Own: own}) }

// Quote adds what people wrote, between quotation marks; empty text adds nothing.
func (p Prose) Quote(theirs string) Prose {
	if theirs == "" {
		return p
	}
	return append(slices.Clip(p), Piece{Theirs: theirs, Quoted: true})
}

// Words adds a sentence of ours that may quote people, such as a rule's reason.
func (p Prose) Words(theirs string) Prose {
	if theirs == "" {
		return p
	}
	return append(slices.Clip(p), Piece{Theirs: theirs})
}

// Plain is the text without any marks, for records; it is not harmless.
func (p Prose) Plain() string {
	var b strings.Builder
	for _, piece := range p {
		if piece.Quoted {
			b.WriteString("“" + piece.Theirs + "”")
			continue
		}
		b.WriteString(piece.Own + piece.Theirs)
	}
	return b.String()
}

// Reply is an answer in a comment's thread.
type Reply struct {
	Text []Prose `json:"t,omitempty"` // paragraphs
	Rows []Prose `json:"r,omitempty"` // a list behind them
	Asks []Role  `json:"a,omitempty"` // to be mentioned at its beginning
	// Fold holds further rows, hidden below its title.
	Fold     string  `json:"f,omitempty"`
	FoldRows []Prose `json:"fr,omitempty"`
}
