package triage

import (
	"slices"
	"strings"
)

// Prose is a text of several pieces. Some of them are people's words: whoever renders it escapes those.
type Prose []Piece

// Piece is a part of a text. Trusted is Markdown of the bot's own; Untrusted may hold people's words and has to be escaped, Quoted puts it
// between quotation marks. Either Trusted or Untrusted is set.
type Piece struct {
	Trusted   string `json:"o,omitempty"`
	Untrusted string `json:"t,omitempty"`
	Quoted    bool   `json:"q,omitempty"`
}

// Say begins a text with Markdown of our own.
func Say(markdown string) Prose { return Prose{{Trusted: markdown}} }

// Say adds Markdown of our own.
func (p Prose) Say(markdown string) Prose { return append(slices.Clip(p), Piece{Trusted: markdown}) }

// Quote adds what people wrote, between quotation marks; empty text adds nothing.
func (p Prose) Quote(text string) Prose {
	if text == "" {
		return p
	}
	return append(slices.Clip(p), Piece{Untrusted: text, Quoted: true})
}

// Untrusted adds text that may hold people's words without quotation marks, such as a rule's reason. Empty text adds nothing.
func (p Prose) Untrusted(text string) Prose {
	if text == "" {
		return p
	}
	return append(slices.Clip(p), Piece{Untrusted: text})
}

// Plain is the text without Markdown escaping, for records. It must not be shown unescaped.
func (p Prose) Plain() string {
	var b strings.Builder
	for _, piece := range p {
		if piece.Quoted {
			b.WriteString("“" + piece.Untrusted + "”")
			continue
		}
		b.WriteString(piece.Trusted + piece.Untrusted)
	}
	return b.String()
}

// Reply is an answer in a comment's thread.
type Reply struct {
	Text []Prose `json:"t,omitempty"` // paragraphs
	Rows []Prose `json:"r,omitempty"` // a list behind them
	Asks []Role  `json:"a,omitempty"` // to be mentioned at its beginning
	// DetailsRows are hidden in a section below DetailsTitle until somebody opens it.
	DetailsTitle string  `json:"f,omitempty"`
	DetailsRows  []Prose `json:"fr,omitempty"`
}
