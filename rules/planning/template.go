package planning

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"flowkeeper/rules/triage"
)

// placeholder is what a template has filled in, "{{milestone}}".
var placeholder = regexp.MustCompile(`\{\{\s*([^{}\n]*?)\s*\}\}`)

// Placeholders are those that a template of planning issues may have. The block of candidates and that of the capacity are kept up to date where they
// stand; all else is written once.
func Placeholders() []string { return []string{"milestone", "dates", "capacity", "candidates"} }

// CheckTemplate says what is wrong with a template of planning issues, nil if nothing is.
func CheckTemplate(template string) error {
	seen := map[string]bool{}
	for _, m := range placeholder.FindAllStringSubmatch(template, -1) {
		name := m[1]
		switch {
		case !slices.Contains(Placeholders(), name):
			return fmt.Errorf("the template of planning issues has the placeholder %.60q, which does not exist: there are {{%s}}", m[0], strings.Join(Placeholders(), "}}, {{"))
		case seen[name] && (name == "capacity" || name == "candidates"):
			return fmt.Errorf("the template of planning issues has {{%s}} twice, but a block that is kept up to date stands in one place", name)
		}
		seen[name] = true
	}
	return nil
}

// frame is the template with everything filled in but the blocks. The one of candidates, by which the issue is known as the planning issue, comes last
// where the template has no place for it.
func (s Snapshot) frame() (string, error) {
	template := s.Options.Template
	if strings.TrimSpace(template) == "" {
		template = s.builtInTemplate()
	}
	if err := CheckTemplate(template); err != nil {
		return "", err
	}
	frame := placeholder.ReplaceAllStringFunc(template, func(found string) string {
		switch placeholder.FindStringSubmatch(found)[1] {
		case "milestone":
			return s.Milestone.String()
		case "dates":
			return s.dates()
		case "capacity":
			return CapacityHere
		default:
			return BlockHere
		}
	})
	if !strings.Contains(frame, BlockHere) {
		frame = strings.TrimRight(frame, "\n") + "\n\n" + BlockHere
	}
	return frame, nil
}

// dates are the key dates of the milestone as a list in Markdown, a line for each day.
func (s Snapshot) dates() string {
	var lines []string
	var last Date
	for _, k := range s.Calendar.KeyDates(s.Milestone) {
		if k.Occasion == NeedsWeight && s.Team.Scale.Off() {
			continue
		}
		what := k.Occasion.String()
		if !k.Occasion.IsDuty() && k.Occasion != Release {
			what = s.Milestone.String() + " " + what
		}
		if !k.Planned.IsZero() {
			what += " (moved from " + k.Planned.inWords() + ", when nobody works)"
		}
		if k.Date == last {
			lines[len(lines)-1] += ", " + what
			continue
		}
		lines, last = append(lines, "- "+k.Date.Weekday().String()+", "+k.Date.inWords()+": "+what), k.Date
	}
	return strings.Join(lines, "\n")
}

// builtInTemplate is the planning issue of those who configure no template of their own: "Planning" and its checklists.
func (s Snapshot) builtInTemplate() string {
	deliverables := s.dateOf(Build).inWords()
	return s.withoutUnused(`This is where {{milestone}} is planned. The lists of candidates and the capacity keep themselves up to date; all other text is yours.

## What matters most

_The product manager says here in a few lines what {{milestone}} is about, and why._

## Key dates

{{dates}}

{{capacity}}

{{candidates}}

## Checklists

### Product manager

- [ ] What matters most is written above.
- [ ] What ought to be done is in the milestone and has a priority.
- [ ] The other managers and the product designer have talked the list over.
- [ ] What will not be done has gone to the backlog or to a later milestone.
- [ ] What users ought to hear of has an item for the release post.

### Engineering manager, backend

- [ ] Everybody has said when they are away, and the capacity is right.
- [ ] Maintenance that cannot wait is among the candidates.
- [ ] The candidates have their weights.
- [ ] By ` + deliverables + `: what was selected is labelled ` + triage.Code(s.Team.Label(triage.Deliverable)) + ` and assigned.
- [ ] Everybody knows what is likely theirs (kickoff).

### Engineering manager, frontend

- [ ] The capacity of the frontend is said in a comment.
- [ ] The candidates for the frontend have their weights.
- [ ] By ` + deliverables + `: what was selected for the frontend is labelled and assigned.

### Product designer

- [ ] What needs a design has one, or is not for {{milestone}}.
- [ ] Designs that are needed next are in progress.
`)
}

// withoutUnused leaves out of the built-in template what a team without weights, priorities or sides has no use for.
func (s Snapshot) withoutUnused(template string) string {
	var unused []string
	if s.Team.Scale.Off() {
		unused = append(unused, "{{capacity}}", "their weights.", "The capacity of")
		template = strings.NewReplacer("candidates and the capacity keep themselves", "candidates keep themselves", "are away, and the capacity is right.", "are away.").Replace(template)
	}
	if !s.Team.Scale.HasSides() {
		before, frontend, _ := strings.Cut(strings.Replace(template, "manager, backend", "manager", 1), "### Engineering manager, frontend")
		_, after, _ := strings.Cut(frontend, "### ")
		template = before + "### " + after
	}
	if s.Team.Priority.Off() {
		template = strings.Replace(template, " and has a priority", "", 1)
	}
	var lines []string
	for line := range strings.Lines(template) {
		if !slices.ContainsFunc(unused, func(part string) bool { return strings.Contains(line, part) }) {
			lines = append(lines, line)
		}
	}
	return strings.ReplaceAll(strings.Join(lines, ""), "\n\n\n", "\n\n")
}
