// Package note writes and reads the sticky note, the one comment that the bot keeps on an issue and edits in place, and writes the answers
// to people's comments and the descriptions of issues that it opens. It makes people's text harmless, lays out what the engine wants said
// and carries the bot's memory of the issue in a hidden marker.
//
// It does not know GitLab's API: it turns a Note into the body of a comment and the body of a comment back into a Memory. GitLab
// carries out quick actions in the bot's comments with the bot's rights and notifies whom they mention, so whatever people wrote goes
// through Escape first.
package note

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// How much of people's text is shown, in runes.
const (
	maxQuote  = 80
	maxReason = 200
	maxName   = 60
)

// Render is the body of the note, Markdown with the details and the marker, without a newline at its end. The roles of items with Mention
// are mentioned by the team's roster; the marker holds what the memory m keeps in GitLab, with the digest of s and what it shows. A nil team
// has an empty roster.
func Render(s engine.Note, team *triage.Team, m triage.Memory) string {
	return RenderOn(triage.Ref{}, s, team, m)
}

// RenderOn is Render for the note on an issue: where the team's pages are known it links to those of the issue.
func RenderOn(issue triage.Ref, s engine.Note, team *triage.Team, m triage.Memory) string {
	shown := visibleNote(s)
	a := addresseesOf(shown, team)
	above := fitSummary(a.sentence(issue.Kind, shown.Open()), shown)

	var b strings.Builder
	above.write(&b)
	writeDetails(&b, above, a.others, shown, team, decisionLink(issue, team), issue.Kind == triage.SubjectIssue)
	m.Note.Digest, m.Note.Shown = Digest(s), noteEntries(s)
	b.WriteString(markerOf(m))
	return b.String()
}

// RenderMovedToInternal is the body of a public note that an internal one has replaced, because the issue's public comments are mailed to people
// outside the project. The marker keeps what must not be done twice, and nothing that is open or that people wrote.
func RenderMovedToInternal(m triage.Memory) string {
	m.Items, m.HasLine = nil, nil
	m.Silences, m.Requested = withoutWords(maps.Clone(m.Silences), nil)
	return "My notes on this issue are internal from here on.\n\n" + markerOf(m)
}

// noteEntries lists the lines and the keys of the items, for NoteRef.Shown.
func noteEntries(s engine.Note) []string {
	all := slices.Clone(s.Lines)
	for _, item := range s.Items {
		all = append(all, item.Key)
	}
	for _, r := range s.Remarks {
		all = append(all, r.Key())
	}
	return all
}

// Digest names what the note says, 16 hexadecimal digits. Mentions and the marker do not count: a note with the same digest needs no
// edit.
func Digest(s engine.Note) string {
	shown := visibleNote(s)
	for i := range shown.Items {
		shown.Items[i].Mention = false
	}
	for i := range shown.Remarks {
		shown.Remarks[i].Mention = false
	}
	text, err := json.Marshal(shown)
	if err != nil {
		panic("a Note holds only texts and lists, which JSON can always write: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// visibleNote is the part of a Note that is shown, open items first, with people's words cut as in the marker. Once nothing is open and nothing
// waits, the met items are left out, and reasons stay only for what the bot did itself. The argument is not changed.
func visibleNote(s engine.Note) engine.Note {
	s.Inactive, s.Remarks = slices.Clone(s.Inactive), slices.Clone(s.Remarks)
	for i := range s.Inactive {
		s.Inactive[i].Why = string(visible(s.Inactive[i].Why, maxQuote))
	}
	if s.Open() == 0 {
		if len(s.Lines)+len(s.Remarks) == 0 {
			s.Why = nil
		}
		if s.Waiting {
			s.Items = onlyMet(s.Items)
			return s
		}
		if len(s.Items) > 0 || len(s.Lines)+len(s.Remarks) == 0 {
			s.Items = []engine.NoteItem{{Met: true}}
		}
		return s
	}
	var open []engine.NoteItem
	for _, item := range s.Items {
		if !item.Met {
			item.Quote = string(visible(item.Quote, maxQuote))
			open = append(open, item)
		}
	}
	s.Items, s.Waiting = slices.Concat(open, onlyMet(s.Items)), false
	return s
}

// onlyMet are the met items, each with nothing but its struck-through title.
func onlyMet(items []engine.NoteItem) []engine.NoteItem {
	var met []engine.NoteItem
	for _, item := range items {
		if item.Met {
			met = append(met, engine.NoteItem{Key: item.Key, Title: item.Title, Say: item.Say, Met: true})
		}
	}
	return met
}
