package document

import (
	"regexp"
	"strings"

	"flowkeeper/rules/planning"
)

// Box is a line with a box in a block. A section and an item name it.
type Box struct {
	Section string        // the name of its section
	Item    string        // the web address of the issue, or the text of a line that names none
	Mark    planning.Mark // what stands in it: also X, or what else people put there
	Ours    bool          // the bot ticked it once: if it is open now, somebody undid that
}

// IsOpen reports whether the bot may tick the box: nothing stands in it, and nobody took the bot's tick out of it.
func (b Box) IsOpen() bool { return b.Mark == planning.Unticked && !b.Ours }

// URL is the web address of the issue, "" if the line names none.
func (b Box) URL() string {
	if issueURL.FindString(b.Item) == b.Item {
		return b.Item
	}
	return ""
}

// named tells a box from all others.
func (b Box) named() [2]string { return [2]string{b.Section, b.Item} }

var (
	boxLine     = regexp.MustCompile(`^(\s*[-*+] \[)([^\]\s]| )(\] )(.*)$`)
	sectionLine = regexp.MustCompile(`^<!-- flowkeeper:section ([A-Za-z0-9._-]+) -->$`)
	issueURL    = regexp.MustCompile(`https?://[^\s()<>\[\]]+/-/(?:\./)?(?:issues|work_items)/[0-9]+`)
)

// ours stands hidden at the end of a line whose box the bot ticked.
const ours = " <!-- flowkeeper:ticked -->"

// SectionMark is the hidden line before a section's lines. Its boxes are told from those of other sections by it.
func SectionMark(name string) string {
	return "<!-- flowkeeper:section " + unnamed.ReplaceAllString(name, "-") + " -->"
}

// unnamed is what cannot be in the name of a section.
var unnamed = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// boxes are the boxes of a content.
func boxes(content string) []Box {
	var all []Box
	eachBox(content, func(b Box) Box { all = append(all, b); return b })
	return all
}

// Tick ticks open boxes in the block of a kind and changes nothing else.
func Tick(description string, k planning.Kind, done func(Box) bool) string {
	at, err := find(description, k)
	if err != nil {
		return description
	}
	content := eachBox(description[at.content:at.contentEnd], func(b Box) Box {
		if b.IsOpen() && done(b) {
			b.Mark, b.Ours = planning.Ticked, true
		}
		return b
	})
	return description[:at.content] + content + description[at.contentEnd:]
}

// keepMarks is the content with the marks that its boxes had in the old one.
func keepMarks(content, old string) string {
	was := map[[2]string]Box{}
	for _, b := range boxes(old) {
		if before, twice := was[b.named()]; !twice || before.Mark == planning.Unticked {
			was[b.named()] = b
		}
	}
	return eachBox(content, func(b Box) Box {
		before, known := was[b.named()]
		b.Ours = b.Ours || before.Ours || b.Mark == planning.Ticked && (!known || before.Mark == planning.Unticked)
		if known && (before.Mark != planning.Unticked || before.Ours) {
			b.Mark = before.Mark
		}
		return b
	})
}

// eachBox hands the boxes of a content to change, and returns the content with them as they came back.
func eachBox(content string, change func(Box) Box) string {
	section := ""
	lines := strings.Split(content, "\n")
	for n, line := range lines {
		text, carriage := strings.CutSuffix(line, "\r")
		if m := sectionLine.FindStringSubmatch(text); m != nil {
			section = m[1]
			continue
		}
		m := boxLine.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		rest, told := strings.CutSuffix(m[4], ours)
		b := Box{Section: section, Item: linkedIssue(issueURL.FindString(rest)), Mark: planning.Mark(m[2]), Ours: told}
		if b.Item == "" {
			b.Item = strings.TrimSpace(rest)
		}
		after := change(b)
		if after == b {
			continue
		}
		lines[n] = m[1] + string(after.Mark) + m[3] + rest
		if after.Ours {
			lines[n] += ours
		}
		if carriage {
			lines[n] += "\r"
		}
	}
	return strings.Join(lines, "\n")
}
