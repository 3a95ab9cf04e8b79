package note

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"

	"flowkeeper/rules/triage"
)

// State says what Read found in a comment.
type State uint8

// The states of a comment. Only in Known the memory was restored, in Copied only the other issue and its bump.
const (
	Unmarked State = iota // not a sticky note
	Known                 // the note of this version of the bot
	Broken                // the note, but somebody edited its marker and it cannot be read
	Newer                 // written by a newer version of the bot, not to be overwritten
	Copied                // the note of another issue: GitLab copied it when that was moved or cloned
)

// version is the version of the marker's content. A reader skips keys that it does not know. A new version is needed only when an older bot would
// do harm.
const version = "1"

// How large a marker may get: its titles in runes, all of it in bytes.
const (
	maxTitle  = 100
	maxMarker = 8 << 10
)

// markerContent is the JSON of a marker, keys in alphabetical order. What is in it stays readable for years: a field is never given another
// meaning.
type markerContent struct {
	Replaces    string                          `json:"af,omitempty"`
	Mentioned   []string                        `json:"asked,omitempty"`
	Bump        *triage.Bump                    `json:"bump,omitempty"`
	Digest      string                          `json:"d,omitempty"`
	Dismissed   []string                        `json:"dis,omitempty"`
	Items       map[string]triage.ItemState     `json:"items,omitempty"`
	Shown       []string                        `json:"l,omitempty"`
	NoLicence   bool                            `json:"nolic,omitempty"`
	Subject     []int64                         `json:"of,omitempty"` // whose note it is: project id, number, and the kind unless it is an issue
	BotChanges  map[string]triage.BotChange     `json:"own,omitempty"`
	Silences    map[string]triage.Silence       `json:"quiet,omitempty"`
	Requested   map[string]triage.RequestedItem `json:"raised,omitempty"`
	Suspensions map[string]triage.Undoing       `json:"rest,omitempty"`
	HasLine     []string                        `json:"said,omitempty"`
	Spells      map[string]triage.Spell         `json:"spells,omitempty"`
	Undone      map[string]triage.Undoing       `json:"undone,omitempty"`
}

// markerOf is the marker, one line. If it would be too large, it leaves out first the titles, then what GitLab's resource events hold as well, and
// finally people's words and the spells of policies.
func markerOf(m triage.Memory) string {
	c := markerContent{
		Replaces:    m.Note.Replaces,
		Mentioned:   keys(m.Mentioned),
		Bump:        m.Bump,
		Digest:      m.Note.Digest,
		Dismissed:   m.Note.Dismissed,
		Items:       shownItems(m.Items),
		NoLicence:   m.WeightDropped,
		BotChanges:  m.BotChanges,
		Silences:    shortSilences(m.Silences),
		Requested:   shortRequested(m.Requested),
		Suspensions: m.Suspensions,
		HasLine:     keys(m.HasLine),
		Spells:      shortSpells(m.Spells, anySpell),
		Shown:       m.Note.Shown,
		Undone:      m.Undone,
	}
	if m.Issue != nil && m.Issue.Ref != (triage.Ref{}) {
		c.Subject = ownerOf(m.Issue.Ref)
	}
	line := c.line()
	if len(line) > maxMarker {
		c.Items = withoutTitles(c.Items)
		line = c.line()
	}
	if len(line) > maxMarker {
		c.Spells = shortSpells(m.Spells, openSpell)
		line = c.line()
	}
	if len(line) > maxMarker {
		c.BotChanges, c.Undone = nil, nil
		line = c.line()
	}
	if len(line) > maxMarker {
		c.Silences, c.Requested = withoutWords(c.Silences, c.Requested)
		line = c.line()
	}
	if len(line) > maxMarker {
		c.Spells = nil
		line = c.line()
	}
	return line
}

// line writes the content as a comment. The encoder escapes "<", ">" and "&", so nothing in it can end the comment.
func (c markerContent) line() string {
	text, err := json.Marshal(c)
	if err != nil {
		panic("a marker holds only what JSON can write: " + err.Error())
	}
	return "<!-- flowkeeper:v" + version + " " + string(text) + " -->"
}

// ParseMarker restores the memory in the marker of a comment of the bot on this subject: items, mentions, the bot's changes, what people undid,
// suspensions, silences, requested items, rules with a line, spells of policies, the bump, a dropped weight, and of the note its digest, what it shows, what people
// dismissed and which note it replaces. People's words may be cut. It looks only at the marker that Render writes at the end; the caller makes sure
// that the bot wrote the comment, and knows its id. In a state other than Known the memory is empty, except for Note.NewerVersion in Newer, and the
// Issue's Ref and the Bump in Copied. A marker that names no subject, as the first ones did, belongs to the issue where it stands.
func ParseMarker(body string, on triage.Ref) (triage.Memory, State) {
	of, text, found := findMarker(body)
	switch {
	case !found:
		return triage.Memory{}, Unmarked
	case isNewer(of):
		return triage.Memory{Note: triage.NoteRef{NewerVersion: true}}, Newer
	case of != version:
		return triage.Memory{}, Broken
	}
	var c markerContent
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return triage.Memory{}, Broken
	}
	if of, named := c.owner(); named && of != on {
		return triage.Memory{Issue: &triage.Issue{Ref: of}, Bump: c.Bump}, Copied
	}
	return c.memory(), Known
}

// ownerOf is the reference as a marker holds it.
func ownerOf(ref triage.Ref) []int64 {
	if ref.Kind == triage.SubjectIssue {
		return []int64{ref.Project, ref.IID}
	}
	return []int64{ref.Project, ref.IID, int64(ref.Kind)}
}

// owner is the opposite of ownerOf. Named is false for a marker that names nothing.
func (c markerContent) owner() (of triage.Ref, named bool) {
	switch len(c.Subject) {
	case 2:
		return triage.Ref{Project: c.Subject[0], IID: c.Subject[1]}, true
	case 3:
		return triage.Ref{Project: c.Subject[0], Kind: triage.SubjectKind(c.Subject[2]), IID: c.Subject[1]}, true
	}
	return triage.Ref{}, false
}

// memory is the part of a memory that the content holds.
func (c markerContent) memory() triage.Memory {
	return triage.Memory{
		Items:         shownItems(c.Items),
		Mentioned:     set(c.Mentioned),
		BotChanges:    c.BotChanges,
		Undone:        c.Undone,
		Suspensions:   c.Suspensions,
		Silences:      shortSilences(c.Silences),
		Requested:     shortRequested(c.Requested),
		HasLine:       set(c.HasLine),
		Spells:        c.Spells,
		Bump:          c.Bump,
		WeightDropped: c.NoLicence,
		Note:          triage.NoteRef{Digest: c.Digest, Shown: c.Shown, Dismissed: c.Dismissed, Replaces: c.Replaces},
	}
}

var markerLine = regexp.MustCompile(`^<!-- flowkeeper:v([0-9]+)(?: (.*))?-->$`)

// findMarker gives the version and the text of the marker in the body's last line.
func findMarker(body string) (of, text string, found bool) {
	line, found := lastComment(body)
	parts := markerLine.FindStringSubmatch(line)
	if !found || parts == nil {
		return "", "", false
	}
	return parts[1], parts[2], true
}

// lastComment is the body's last line, if that is an HTML comment.
func lastComment(body string) (line string, ok bool) {
	body = strings.TrimRightFunc(body, isBlank)
	line = body[strings.LastIndexByte(body, '\n')+1:]
	return line, strings.HasPrefix(line, "<!--") && endsInComment(body)
}

// bodyParser finds the blocks of a comment. It is made once and may be shared: making it takes longer than reading most comments.
var bodyParser = goldmark.DefaultParser()

// endsInComment reports whether GitLab takes the last line of the body for an HTML comment, and not, for instance, for a line of a code block.
func endsInComment(body string) bool {
	source := []byte(body)
	last, ok := bodyParser.Parse(text.NewReader(source)).LastChild().(*ast.HTMLBlock)
	return ok && (last.HTMLBlockType == ast.HTMLBlockType2 || last.HTMLBlockType == ast.HTMLBlockType6)
}

// isNewer compares the digits of a version with ours.
func isNewer(of string) bool {
	of = strings.TrimLeft(of, "0")
	return len(of) > len(version) || len(of) == len(version) && of > version
}

// shownItems leaves out the items that are not on the note, nil if there are none.
func shownItems(items map[string]triage.ItemState) map[string]triage.ItemState {
	var shown map[string]triage.ItemState
	for key, item := range items {
		if item.State != triage.ItemOpen && item.State != triage.ItemMet {
			continue
		}
		if shown == nil {
			shown = make(map[string]triage.ItemState, len(items))
		}
		item.Title = string(visible(item.Title, maxTitle))
		shown[key] = item
	}
	return shown
}

// shortSpells are the spells that count, without what is only needed while they are written; nil if there are none.
func shortSpells(spells map[string]triage.Spell, counts func(triage.Spell) bool) map[string]triage.Spell {
	var short map[string]triage.Spell
	for rule, s := range spells {
		if !counts(s) {
			continue
		}
		if short == nil {
			short = make(map[string]triage.Spell, len(spells))
		}
		s.Values, s.Undertaken = nil, nil
		short[rule] = s
	}
	return short
}

func anySpell(triage.Spell) bool { return true }

// openSpell is true of spells that are on, and of those whose comment must not be made again.
func openSpell(s triage.Spell) bool { return !s.Over }

func withoutTitles(items map[string]triage.ItemState) map[string]triage.ItemState {
	bare := make(map[string]triage.ItemState, len(items))
	for key, item := range items {
		item.Title = ""
		bare[key] = item
	}
	return bare
}

// shortSilences cuts what people said to what is shown of it, nil if there are none.
func shortSilences(silences map[string]triage.Silence) map[string]triage.Silence {
	if len(silences) == 0 {
		return nil
	}
	short := make(map[string]triage.Silence, len(silences))
	for rule, s := range silences {
		s.Why = string(visible(s.Why, maxQuote))
		short[rule] = s
	}
	return short
}

// shortRequested cuts titles and what people said to what is shown of them, nil if there are none.
func shortRequested(requested map[string]triage.RequestedItem) map[string]triage.RequestedItem {
	if len(requested) == 0 {
		return nil
	}
	short := make(map[string]triage.RequestedItem, len(requested))
	for key, r := range requested {
		r.Title, r.Quote = string(visible(r.Title, maxTitle)), string(visible(r.Quote, maxQuote))
		short[key] = r
	}
	return short
}

// withoutWords leaves out what people said.
func withoutWords(silences map[string]triage.Silence, requested map[string]triage.RequestedItem) (map[string]triage.Silence, map[string]triage.RequestedItem) {
	for rule, s := range silences {
		s.Why = ""
		silences[rule] = s
	}
	for key, r := range requested {
		r.Quote = ""
		requested[key] = r
	}
	return silences, requested
}

// keys lists in order what is in a set.
func keys(in map[string]bool) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(in)), func(key string) bool { return !in[key] })
}

// set is the opposite of keys, nil for none.
func set(keys []string) map[string]bool {
	if len(keys) == 0 {
		return nil
	}
	in := make(map[string]bool, len(keys))
	for _, key := range keys {
		in[key] = true
	}
	return in
}
