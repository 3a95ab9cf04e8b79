package note

import (
	"strconv"
	"strings"

	"flowkeeper/bot/legible"
	"flowkeeper/rules/triage"
)

// maxIssueTitle is GitLab's limit, in runes.
const maxIssueTitle = 255

// RenderDraft is the description of an issue that is opened for a command, Markdown without a newline at its end. People's words in it are
// escaped and cut; the last line is the marker of DraftMarker. Note is the comment that asked for the issue, which belongs to another one.
func RenderDraft(d triage.Draft, team *triage.Team, of triage.Issue, note int64) string {
	if !d.Retrospective {
		spike := "#" + strconv.FormatInt(of.IID, 10)
		return "Follow-up of the spike " + spike + ". What it found out is written there.\n\n" + DraftMarker(of.Ref, note)
	}
	var b strings.Builder
	left := runesLeft(maxReply)
	paragraphs, _ := left.render(d.Text, 0)
	for n, text := range paragraphs {
		if n == 0 {
			text = mentionRoles(d.Asks, team) + text
		}
		b.WriteString(text + "\n\n")
	}
	return b.String() + DraftMarker(of.Ref, note)
}

// DraftMarker is the text by which a follow-up or a retrospective is found again, letter for letter in its description.
func DraftMarker(of triage.Ref, note int64) string {
	return "<!-- flowkeeper:follow-up " + of.String() + " " + strconv.FormatInt(note, 10) + " -->"
}

// DraftTitle is the follow-up's title, plain text: one line of at most 255 runes without characters that cannot be seen. GitLab resolves
// references in titles too and knows no escapes there, so an invisible word joiner keeps each from being one.
func DraftTitle(d triage.Draft) string {
	text := visible(d.Title, maxIssueTitle)
	title := make([]rune, 0, len(text))
	for i, r := range text {
		title = append(title, r)
		if needsJoiner(text, i) {
			title = append(title, wordJoiner)
		}
	}
	if len(title) > maxIssueTitle {
		title = legible.Shorten(title, maxIssueTitle)
	}
	if strings.Trim(string(title), string(wordJoiner)) == "" {
		return "Follow-up of a spike"
	}
	return string(title)
}
