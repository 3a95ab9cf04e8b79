package note_test

import (
	"strings"
	"testing"

	"flowkeeper/bot/note"
	"flowkeeper/bot/note/notetest"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// What GitLab would not take for exactly this one person is named, not mentioned.
func TestNamesThatAreNoUsernames(t *testing.T) {
	s := engine.Note{Items: []engine.NoteItem{{Title: "A weight", Asks: []triage.Role{triage.Quality}, Mention: true}}}
	for _, name := range []string{"all", "All", "@all", "maria.git", "maria.GIT", "maria.atom", "maria.Atom", "maria.", "maria-", "-maria", "m", "two words", "märia", strings.Repeat("m", 256)} {
		body := note.Render(s, teamOf(map[triage.Role][]string{triage.Quality: {name}}), triage.Memory{})
		notetest.CheckNote(t, body)
		if strings.HasPrefix(body, "@") {
			t.Errorf("%q is mentioned in\n%s", name, body)
		}
	}
	for _, name := range []string{"maria", "@maria", " maria ", "maria.b", ".maria", "_maria_", "mm", "maria.gitter", strings.Repeat("m", 255)} {
		body := note.Render(s, teamOf(map[triage.Role][]string{triage.Quality: {name}}), triage.Memory{})
		if want := "@" + strings.Trim(name, "@ ") + " "; !strings.HasPrefix(body, want) {
			t.Errorf("%q is not mentioned in\n%s", name, body)
		}
	}
}
