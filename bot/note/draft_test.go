package note_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/note"
	"flowkeeper/bot/note/notetest"
	"flowkeeper/rules/triage"
)

func TestRenderDraft(t *testing.T) {
	of := triage.Issue{Ref: triage.Ref{Project: 7, IID: 12}, Title: "@all /close"}
	got := note.RenderDraft(triage.Draft{Title: "@all\n/close"}, nil, of, 99)
	want := "Follow-up of the spike #12. What it found out is written there.\n\n<!-- flowkeeper:follow-up 7#12 99 -->"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("description (-want +got):\n%s", diff)
	}
	notetest.CheckReply(t, got, "#12")
	if marker := note.DraftMarker(of.Ref, 99); !strings.HasSuffix(got, "\n"+marker) {
		t.Errorf("the description lacks the marker %q", marker)
	}
	if note.DraftMarker(of.Ref, 99) == note.DraftMarker(of.Ref, 9) || note.DraftMarker(of.Ref, 1) == note.DraftMarker(triage.Ref{Project: 7, IID: 1}, 1) {
		t.Error("different follow-ups have one marker")
	}
}

func TestDraftTitle(t *testing.T) {
	const wj = "\u2060"
	tests := []struct{ name, in, want string }{
		{"plain words stay", "Follow-up: look at the cache (part 2)", "Follow-up: look at the cache (part 2)"},
		{"Markdown stays", "use *both* `x` and a_b", "use *" + wj + "both* `x` and a_b"},
		{"references", "ask @omar about #1 and ~x", "ask @" + wj + "omar about #" + wj + "1 and ~" + wj + "x"},
		{"several lines", "one\r\n/close\u2028two", "one /close two"},
		{"control and bidi characters", "a\x00b\u202ec\u2066d", "a bcd"},
		{"slash", "/close", "/close"},
		{"too long", strings.Repeat("é", 300), strings.Repeat("é", 254) + "…"},
		{"just long enough", strings.Repeat("é", 255), strings.Repeat("é", 255)},
		{"nothing", " \u200b\n", "A follow-up"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := note.DraftTitle(triage.Draft{Title: tt.in})
			if got != tt.want {
				t.Errorf("DraftTitle(%q)\n got %q\nwant %q", tt.in, got, tt.want)
			}
			notetest.CheckTitle(t, got)
		})
	}
}

func FuzzDraftTitle(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Add(strings.Repeat("@a", 50_000))
	f.Fuzz(func(t *testing.T, s string) {
		got := note.DraftTitle(triage.Draft{Title: s})
		notetest.CheckTitle(t, got)
		if n := utf8.RuneCountInString(got); n == 0 || n > 255 || !utf8.ValidString(got) || strings.TrimSpace(got) != got {
			t.Errorf("%q has %d runes", got, n)
		}
		if again := note.DraftTitle(triage.Draft{Title: got}); seen(again) != seen(got) {
			t.Errorf("the title %q of a title is %q", got, again)
		}
	})
}
