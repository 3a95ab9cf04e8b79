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
	var b strings.Builder
	switch d.Kind {
	case triage.DraftSpikeFollowUp:
		b.WriteString("Follow-up of the spike #" + strconv.FormatInt(of.IID, 10) + ". What it found out is written there.\n\n")
	case triage.DraftFollowUp:
		b.WriteString("Follow-up of #" + strconv.FormatInt(of.IID, 10) + ". How it came to it is written there.\n\n")
	case triage.DraftRetrospective, triage.DraftParent: // their text says it
	}
	left := runesLeft(maxReply)
	paragraphs, _ := left.render(d.Text, 0)
	for n, text := range paragraphs {
		if n == 0 {
			text = mentionRoles(d.Asks, team) + text
		}
		b.WriteString(text + "\n\n")
	}
	for _, iid := range d.Tasks {
		b.WriteString("- [ ] #" + strconv.FormatInt(iid, 10) + "\n")
	}
	if len(d.Tasks) > 0 {
		b.WriteString("\n")
	}
	return b.String() + DraftMarker(of.Ref, note)
}

// DraftMarker is the text by which an issue that was opened for a command is found again, letter for letter in its description.
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
		return "A " + d.Name()
	}
	return string(title)
}
