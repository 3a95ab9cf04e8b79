package note_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"flowkeeper/bot/note"
	"flowkeeper/bot/note/notetest"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// FuzzRenderReply puts people's text wherever an answer may hold it. The lowest bits of shape say how much there is of everything.
func FuzzRenderReply(f *testing.F) {
	for i, s := range hostile {
		f.Add(s, hostile[(i+1)%len(hostile)], s, int64(i), uint16(i*37))
	}
	f.Fuzz(func(t *testing.T, one, two, username string, id int64, shape uint16) {
		texts := []triage.Prose{
			triage.Say("Not done, ").Quote("/flow " + one).Say(": there is no command ").Quote(two).Say("."),
			triage.Say("").Untrusted(one).Say(", so the bot leaves it alone"),
			triage.Say("ABC").Untrusted(one).Untrusted(two).Say("12"),
			triage.Say("Here: ").Untrusted("@" + two).Say("."),
			triage.Say("").Quote(two),
		}
		var r triage.Reply
		for i := range int(shape % 8) {
			r.Text = append(r.Text, texts[i%len(texts)])
		}
		for i := range int(shape >> 3 % 8) {
			r.Rows = append(r.Rows, texts[(i+2)%len(texts)])
		}
		for i := range int(shape >> 6 % 4) {
			r.DetailsRows = append(r.DetailsRows, texts[i%len(texts)])
		}
		if shape>>8&1 == 1 {
			r.Asks = []triage.Role{triage.ProductManager, triage.Engineers, triage.Role(two)}
		}
		roster := map[triage.Role][]string{triage.Engineers: {"maria", username, two}}
		id = max(id, -id, 0)
		body := note.RenderReply(r, teamOf(roster), triage.Ref{}, id, "")
		notetest.CheckReply(t, body, mentions(roster)...)
		if to, _, ok := note.ParseReply(body, triage.Ref{}); !ok || to != id {
			t.Errorf("the marker of %q is read as %d, %v; want %d", body, to, ok, id)
		}
		if _, state := note.ParseMarker(body, triage.Ref{}); state != note.Unmarked {
			t.Errorf("%q is taken for a sticky note", body)
		}
	})
}

// Whatever people wrote however often, an answer keeps its size and says how much is missing.
func TestReplyStaysShort(t *testing.T) {
	long := strings.Repeat("@all /close ", 10_000)
	many := func(p triage.Prose, n int) []triage.Prose {
		all := make([]triage.Prose, n)
		for i := range all {
			all[i] = p
		}
		return all
	}
	row := triage.Say("row ").Quote(long)
	tests := []struct {
		name  string
		reply triage.Reply
		says  []string
	}{
		{"one long text", triage.Reply{Text: many(row, 1)}, []string{"row “"}},
		{"many texts", triage.Reply{Text: many(row, 5000), Rows: many(row, 3)}, []string{"row “", "\nAnd ", "\n- and three more\n"}},
		{"many rows", triage.Reply{Text: many(triage.Say("Rows:"), 1), Rows: many(row, 5000), DetailsTitle: "More", DetailsRows: many(row, 2)},
			[]string{"Rows:\n", "- row “", "</summary>\n\n- and two more\n"}},
		{"many rows in the details", triage.Reply{Rows: many(row, 2), DetailsRows: many(triage.Say("x"), 50_000)}, []string{"- row “", "<summary>More</summary>", "- x\n"}},
		{"a text of ours that is too long", triage.Reply{Text: many(triage.Say(long), 1), Asks: []triage.Role{triage.Quality}},
			[]string{"The quality counterpart\n\nAnd one more.\n"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body := note.RenderReply(tt.reply, nil, triage.Ref{}, 7, "")
			notetest.CheckReply(t, body)
			if n := utf8.RuneCountInString(body); n > 20_500 {
				t.Errorf("%d runes", n)
			}
			for _, want := range tt.says {
				if !strings.Contains(body, want) {
					t.Errorf("%q is missing", want)
				}
			}
		})
	}
}

// An answer without words is its marker, with no blank lines in front.
func TestReplyWithoutWords(t *testing.T) {
	const want = "<!-- flowkeeper:re 0:0 12 -->"
	if got := note.RenderReply(triage.Reply{}, nil, triage.Ref{}, 12, ""); got != want {
		t.Errorf("RenderReply = %q, want %q", got, want)
	}
}

func TestReplyTo(t *testing.T) {
	tests := []struct {
		name, body string
		note       int64
		emoji      string
		ok         bool
	}{
		{"an answer", note.RenderReply(triage.Reply{Text: []triage.Prose{triage.Say("No.")}}, nil, triage.Ref{}, 12, ""), 12, "", true},
		{"an answer without words", note.RenderReply(triage.Reply{}, nil, triage.Ref{}, 12, ""), 12, "", true},
		{"an answer with a reaction", note.RenderReply(triage.Reply{}, nil, triage.Ref{}, 12, "white_check_mark"), 12, "white_check_mark", true},
		{"an answer on another issue", "<!-- flowkeeper:re 7:12 12 x -->", 0, "", false},
		{"a reaction that is none", "<!-- flowkeeper:re 12 X! -->", 0, "", false},
		{"other line ends", "No.\r\n\r\n<!-- flowkeeper:re 12 -->\r\n ", 12, "", true},
		{"not the last line", "<!-- flowkeeper:re 12 -->\n\nNo.", 0, "", false},
		{"within a line", "No. <!-- flowkeeper:re 12 -->", 0, "", false},
		{"in a fence", "```\n<!-- flowkeeper:re 12 -->", 0, "", false},
		{"quoted", "> <!-- flowkeeper:re 12 -->", 0, "", false},
		{"no number", "<!-- flowkeeper:re x -->", 0, "", false},
		{"too large a number", "<!-- flowkeeper:re 9999999999999999999 -->", 0, "", false},
		{"a sticky note", note.Render(engine.Note{}, nil, triage.Memory{}), 0, "", false},
		{"empty", "", 0, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, emoji, ok := note.ParseReply(tt.body, triage.Ref{}); got != tt.note || emoji != tt.emoji || ok != tt.ok {
				t.Errorf("ReplyTo(%q) = %d, %q, %v; want %d, %q, %v", tt.body, got, emoji, ok, tt.note, tt.emoji, tt.ok)
			}
		})
	}
}
