package engine

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"flowkeeper/rules/triage"
)

// maxWords bounds what a policy says on the note in the open. Of more, the first sentence stands there and all of it in the fold.
const maxWords = 60

// saidOnNote is the item for what a policy says while its conditions hold, nil for none. In mode remind that is also what would be a comment of
// its own: the note is where the bot asks people.
func (r *run) saidOnNote(s *Setting, v *triage.Verdict) *triage.Item {
	spell := r.memory.Spells[s.ID]
	holds := v.Holds || v.Itself
	if v.Comment == nil || !holds || spell.Itself || v.Comment.Own && s.Mode == triage.Act {
		return nil
	}
	say, details := saidShort(v)
	return &triage.Item{Slot: "comment", Say: say, Details: details, People: v.Comment.Mentions}
}

// remark is what a policy said whose own actions ended its conditions, nil for nothing. It stands on the note for a week.
func (r *run) remark(s *Setting, v *triage.Verdict) *Remark {
	if v.Comment == nil || v.Comment.Own || !r.memory.Spells[s.ID].Shown(r.in.Now) {
		return nil
	}
	say, details := saidShort(v)
	key := s.ID + "/comment"
	remark := Remark{Rule: s.ID, Say: say, Details: details, People: v.Comment.Mentions}
	remark.Mention = r.shouldMention(wantedItem{Item: triage.Item{People: remark.People}, key: key})
	return &remark
}

// saidShort is what stands in the open, and all of it where that is not all. A policy that only mentions people gives its reason.
func saidShort(v *triage.Verdict) (say, details triage.Prose) {
	text := trimmed(v.Comment.Text)
	if len(text) == 0 {
		return triage.Prose{}.Untrusted(sentence(v.Reason)), nil
	}
	plain := text.Plain()
	if !strings.Contains(plain, "\n") && len(strings.Fields(plain)) <= maxWords {
		return text, nil
	}
	say = firstSentence(text)
	if words := strings.Fields(say.Plain()); len(words) > maxWords {
		say = triage.Prose{}.Untrusted(strings.Join(words[:maxWords], " ") + " …")
	}
	if say.Plain() == plain {
		return say, nil
	}
	return say, text
}

// sentence is a reason as a sentence by itself.
func sentence(reason string) string {
	first, size := utf8.DecodeRuneInString(reason)
	return string(unicode.ToUpper(first)) + reason[size:] + "."
}

// trimmed is a text without blanks at its ends.
func trimmed(text triage.Prose) triage.Prose {
	text = slices.Clone(text)
	for len(text) > 0 && text[0].Untrusted == "" {
		if text[0].Trusted = strings.TrimLeftFunc(text[0].Trusted, unicode.IsSpace); text[0].Trusted != "" {
			break
		}
		text = text[1:]
	}
	for len(text) > 0 && text[len(text)-1].Untrusted == "" {
		last := &text[len(text)-1]
		if last.Trusted = strings.TrimRightFunc(last.Trusted, unicode.IsSpace); last.Trusted != "" {
			break
		}
		text = text[:len(text)-1]
	}
	return text
}

// firstSentence is a text up to the first full stop, question or exclamation mark before a blank, or the end of its line. What people wrote ends no
// sentence.
func firstSentence(text triage.Prose) triage.Prose {
	var first triage.Prose
	for _, piece := range text {
		if piece.Trusted == "" {
			first = append(first, piece)
			continue
		}
		if end := sentenceEnd(piece.Trusted); end >= 0 {
			return append(first, triage.Piece{Trusted: strings.TrimRightFunc(piece.Trusted[:end], unicode.IsSpace)})
		}
		first = append(first, piece)
	}
	return first
}

// sentenceEnd is where the first sentence or line ends in a text, -1 if it does not.
func sentenceEnd(text string) int {
	for n, c := range text {
		next, _ := utf8.DecodeRuneInString(text[n+utf8.RuneLen(c):])
		switch {
		case c == '\n':
			return n
		case strings.ContainsRune(".?!…", c) && unicode.IsSpace(next):
			return n + utf8.RuneLen(c)
		}
	}
	return -1
}

// maxTitle bounds what is remembered of an item, in characters.
const maxTitle = 200

// shortened is a text on one line, cut at maxTitle.
func shortened(text string) string {
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) <= maxTitle {
		return string(runes)
	}
	return string(runes[:maxTitle-1]) + "…"
}

// titled is an item of which only its title is remembered.
func titled(key string, item triage.ItemState) NoteItem {
	if item.Untrusted {
		return NoteItem{Key: key, Say: triage.Prose{}.Untrusted(item.Title)}
	}
	return NoteItem{Key: key, Title: item.Title}
}
