package mail

import (
	"slices"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"

	"flowkeeper/bot/legible"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// Bounds of what people's words may take, in characters.
const (
	maxSubject = 150
	maxQuoted  = 1000
)

// message is a letter as a mail. What one team says of a report to a person is one mail, by its Message-ID, whoever sends it and how often.
func (s *sender) message(key string, l planning.Letter, now time.Time) (*gomail.Msg, error) {
	_, domain, _ := strings.Cut(s.from.Address, "@")
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&s.from)
	if err := msg.To(s.Emails[l.To]); err != nil {
		return nil, err
	}
	msg.Subject(oneLine(l.Subject, maxSubject))
	msg.SetDateWithValue(now)
	msg.SetMessageIDWithValue("flowkeeper." + digest(s.Team, key, l.To) + "@" + domain)
	// A program wrote it: nobody's "I am away" is to answer, and people can sort by the list.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	msg.SetGenHeader("List-Id", "<flowkeeper."+domain+">")
	msg.SetBodyString(gomail.TypeTextPlain, s.text(l))
	return msg, nil
}

// onePerPerson puts letters to the same person together: whoever has two roles gets one mail all the same.
func onePerPerson(letters []planning.Letter) []planning.Letter {
	var all []planning.Letter
	for _, l := range letters {
		n := slices.IndexFunc(all, func(other planning.Letter) bool { return other.To == l.To })
		if n < 0 {
			all = append(all, l)
			continue
		}
		all[n].Text = slices.Concat(all[n].Text, l.Text)
	}
	return all
}

// text is a letter as plain text, with a line about who sent it.
func (s *sender) text(l planning.Letter) string {
	var b strings.Builder
	for n, paragraph := range l.Text {
		text := plain(paragraph)
		if n > 0 && !strings.HasPrefix(text, "- ") { // lines of a list stand together
			b.WriteString("\n")
		}
		b.WriteString(text + "\n")
	}
	b.WriteString("\n-- \nFlowkeeper")
	if s.Team != "" {
		b.WriteString(" for " + oneLine(s.Team, maxSubject))
	}
	b.WriteString(". Your address is in team.emails of its configuration.\n")
	return b.String()
}

// plain is a paragraph as plain text. Our own Markdown is easy to read as it is; people's words stay on one line and show all that they hold.
func plain(p triage.Prose) string {
	var b strings.Builder
	for _, piece := range p {
		words := oneLine(piece.Untrusted, maxQuoted)
		if piece.Quoted {
			words = "“" + words + "”"
		}
		b.WriteString(piece.Trusted + words)
	}
	return b.String()
}

func oneLine(s string, most int) string { return string(legible.Visible(s, most, unicode.IsSpace)) }
