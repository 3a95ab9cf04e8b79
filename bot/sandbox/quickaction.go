package sandbox

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"

	"flowkeeper/rules/triage"
)

// quickActionResult is what became of the quick actions in a text.
type quickActionResult struct {
	text    string         // without them
	found   int            // lines that were quick actions, applied or not
	summary []string       // one sentence each, as GitLab shows them
	failed  []string       // the sentences of those that could not be applied
	changes map[string]any // GitLab's commands_changes
}

// quickAction is one line that GitLab executes: its name in lower case, its argument, and its place in the text.
type quickAction struct {
	name, arg   string
	start, stop int
}

var (
	quickLine  = regexp.MustCompile(`^/([A-Za-z_]+)(?: (.*?))?\s*$`)
	labelWord  = regexp.MustCompile(`~?"([^"]+)"|~?(\S+)`)
	structure  = goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser()
	paidAction = []string{"weight", "clear_weight"} // unknown to CE, which leaves them in the text
	textAction = []string{"shrug", "tableflip"}     // left in the text, where GitLab makes a picture of them
)

// extractQuickActions executes the quick actions of a text with the user's rights: it adds them to the change and takes them out of the text. Of those
// that apply does not know it says that they could not be applied.
func (s *Server) extractQuickActions(by actor, i *issue, body string, c *change) quickActionResult {
	body = strings.ReplaceAll(body, "\r", "")
	r := quickActionResult{changes: map[string]any{}}
	var rest strings.Builder
	from := 0
	for _, q := range quickActions(body) {
		if !triage.IsQuickAction(q.name) || slices.Contains(textAction, q.name) || s.opt.Edition == CE && slices.Contains(paidAction, q.name) {
			continue
		}
		rest.WriteString(body[from:q.start])
		from = q.stop
		r.found++
		if said, ok := s.applyQuickAction(by, i, q, c, r.changes); ok {
			r.summary = append(r.summary, said)
		} else {
			r.failed = append(r.failed, "Could not apply "+q.name+" command.")
			r.summary = append(r.summary, "Could not apply "+q.name+" command.")
		}
	}
	rest.WriteString(body[from:])
	r.text = strings.TrimRight(rest.String(), " \t\n")
	if r.found > 0 {
		r.text = strings.TrimLeft(r.text, "\n")
	}
	return r
}

// quickActions finds the lines that GitLab looks at: those of top-level paragraphs, outside of inline code.
func quickActions(body string) []quickAction {
	source := []byte(body)
	doc := structure.Parse(text.NewReader(source))
	var found []quickAction
	for block := doc.FirstChild(); block != nil; block = block.NextSibling() {
		if block.Kind() != ast.KindParagraph {
			continue
		}
		for n := range block.Lines().Len() {
			line := block.Lines().At(n)
			m := quickLine.FindStringSubmatch(strings.TrimSpace(string(line.Value(source))))
			if m == nil || inCode(block, line.Start) {
				continue
			}
			found = append(found, quickAction{strings.ToLower(m[1]), strings.TrimSpace(m[2]), line.Start, line.Stop})
		}
	}
	return found
}

// inCode reports whether an offset lies in inline code below the node.
func inCode(n ast.Node, at int) bool {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if c.Kind() != ast.KindCodeSpan {
			if inCode(c, at) {
				return true
			}
			continue
		}
		first, ok := c.FirstChild().(*ast.Text)
		last, _ := c.LastChild().(*ast.Text)
		if ok && last != nil && first.Segment.Start <= at && at < last.Segment.Stop {
			return true
		}
	}
	return false
}

// applyQuickAction adds one quick action to the change and says what it did; false if it cannot be applied.
func (s *Server) applyQuickAction(by actor, i *issue, q quickAction, c *change, changed map[string]any) (string, bool) {
	if q.name == "react" || q.name == "award" {
		name := EmojiName(strings.Trim(q.arg, ": "))
		if name == "" {
			return "", false
		}
		c.react, changed["emoji_award"] = append(c.react, name), name
		return "Toggled :" + name + ": emoji award.", true
	}
	if i.request != nil {
		if said, applied, known := s.applyRequestAction(by, i.request, q, c, changed); known {
			return said, applied
		}
	}
	own := by.user == i.author && slices.Contains([]string{"close", "reopen", "title"}, q.name)
	if !by.canPlan() && !own {
		return "", false
	}
	switch q.name {
	case "label", "labels":
		names := s.existingLabels(i.project, q.arg)
		c.add = append(c.add, names...)
		changed["add_label_ids"] = labelIDs(i.project, names)
		return "Added " + labelReferences(names) + " label(s).", len(names) > 0
	case "relabel":
		names := s.existingLabels(i.project, q.arg)
		if len(names) == 0 {
			return "", false
		}
		c.labels, changed["label_ids"] = &names, labelIDs(i.project, names)
		return "Replaced all labels with " + labelReferences(names) + " label(s).", true
	case "unlabel", "remove_label":
		names := s.existingLabels(i.project, q.arg)
		if q.arg == "" {
			names = labelTitles(i.labels)
		}
		c.remove = append(c.remove, names...)
		changed["remove_label_ids"] = labelIDs(i.project, names)
		return "Removed " + labelReferences(names) + " label(s).", len(names) > 0
	case "weight":
		n, err := strconv.Atoi(q.arg)
		if err != nil || n < 0 || s.opt.Edition != Premium {
			return "", false
		}
		c.weight, changed["weight"] = &weightTo{&n}, n
		return "Set weight to " + q.arg + ".", true
	case "clear_weight":
		if s.opt.Edition != Premium {
			return "", false
		}
		c.weight, changed["weight"] = &weightTo{}, nil
		return "Cleared weight.", true
	case "close", "reopen":
		if i.closed == (q.name == "close") {
			return "", false
		}
		c.state, changed["state_event"] = q.name, q.name
		return map[string]string{"close": "Closed this issue.", "reopen": "Reopened this issue."}[q.name], true
	case "promote": // an epic in the project's group; the issue stays behind, closed
		if s.opt.Edition != Premium || i.confidential || i.closed {
			return "", false
		}
		c.state, changed["promote_to_epic"] = "close", true
		return "Promoted issue to an epic.", true
	case "duplicate":
		of := i.project.issue(parseID(strings.TrimPrefix(q.arg, "#")))
		if of == nil || of == i {
			return "", false
		}
		c.duplicateOf, changed["canonical_issue_id"] = of, of.id
		if !i.closed {
			c.state = "close"
		}
		if l := s.lifecycleOf(i); l != nil {
			c.status = l.duplicate
		}
		return "Closed this issue. Marked as related to, and a duplicate of, " + strings.TrimSpace(q.arg) + ".", true
	case "title":
		c.title, changed["title"] = &q.arg, q.arg
		return "Changed the title to \"" + q.arg + "\".", q.arg != ""
	case "confidential":
		yes := true
		c.confidential, changed["confidential"] = &yes, true
		return "Made this issue confidential.", true
	case "lock", "unlock":
		locked := q.name == "lock"
		c.locked, changed["discussion_locked"] = &locked, locked
		return map[bool]string{true: "Locked the discussion.", false: "Unlocked the discussion."}[locked], true
	case "status":
		l := s.lifecycleOf(i)
		if l == nil || l.named(strings.Trim(q.arg, `"`)) == nil {
			return "", false
		}
		c.status = l.named(strings.Trim(q.arg, `"`))
		changed["status"] = c.status.Name
		return "Status set to " + c.status.Name + ".", true
	case "add_email", "remove_email", "convert_to_ticket":
		return s.applyMail(by, i, q)
	case "assign", "unassign":
		return s.applyAssign(by, i, q, c, changed)
	case "due", "remove_due_date":
		if day := strings.TrimSpace(q.arg); dueDate(day) != nil || (q.name == "due") != (day != "") {
			return "", false
		}
		c.due, changed["due_date"] = &q.arg, orNull(q.arg)
		if q.arg == "" {
			return "Removed the due date.", true
		}
		return "Set the due date to " + longDate(q.arg) + ".", true
	case "milestone", "remove_milestone":
		title := strings.Trim(strings.TrimPrefix(q.arg, "%"), `"`)
		m := i.project.milestoneTitled(title)
		if q.name == "milestone" && m == nil {
			return "", false
		}
		if q.name == "remove_milestone" {
			m = nil
		}
		c.milestone = &milestoneTo{m}
		changed["milestone_id"] = milestoneID(m)
		return "Changed the milestone.", true
	default:
		return "", false
	}
}

func (s *Server) applyAssign(by actor, i *issue, q quickAction, c *change, changed map[string]any) (string, bool) {
	var named []*user
	for _, word := range strings.FieldsFunc(q.arg, func(r rune) bool { return r == ' ' || r == ',' }) {
		u := s.userNamed(strings.TrimPrefix(word, "@"))
		if word == "me" {
			u = by.user
		}
		if u != nil {
			named = append(named, u)
		}
	}
	if len(named) == 0 && (q.name == "assign" || q.arg != "") {
		return "", false
	}
	assignees := slices.Clone(i.assignees)
	if c.assignees != nil {
		assignees = slices.Clone(*c.assignees)
	}
	if q.name == "assign" {
		for _, u := range named {
			if !slices.Contains(assignees, u) {
				assignees = append(assignees, u)
			}
		}
	} else {
		assignees = slices.DeleteFunc(assignees, func(u *user) bool { return q.arg == "" || slices.Contains(named, u) })
	}
	c.assignees, changed["assignee_ids"] = &assignees, userIDs(assignees)
	return "Changed assignee(s).", true
}

// existingLabels reads the labels that a quick action names; it creates none.
func (s *Server) existingLabels(p *project, arg string) []string {
	var names []string
	for _, m := range labelWord.FindAllStringSubmatch(arg, -1) {
		name := m[1] + m[2]
		if p.label(name) != nil && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func labelIDs(p *project, names []string) []int64 {
	ids := make([]int64, len(names))
	for n, name := range names {
		ids[n] = p.label(name).id
	}
	return ids
}

func labelReferences(names []string) string {
	words := make([]string, len(names))
	for n, name := range names {
		words[n] = "~" + name
		if strings.ContainsAny(name, " :,") {
			words[n] = `~"` + name + `"`
		}
	}
	return strings.Join(words, " ")
}
