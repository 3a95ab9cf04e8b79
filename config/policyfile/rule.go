package policyfile

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"flowkeeper/config/document"
	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

// ruleReader is the state of reading one rule.
type ruleReader struct {
	*file
	entry Entry
	rule  policy.Rule
}

// refuse notes why the rule does not run.
func (r *ruleReader) refuse(at document.Location, do, format string, args ...any) {
	r.note(DoesNotRun, at.Line, do, fmt.Sprintf(format, args...))
}

// differ notes how the rule runs otherwise than the gem would run it.
func (r *ruleReader) differ(at document.Location, do, format string, args ...any) {
	r.note(Differs, at.Line, do, fmt.Sprintf(format, args...))
}

func (r *ruleReader) note(s Status, line int, do, what string) {
	r.entry.Notes = append(r.entry.Notes, Note{Status: s, Line: line, What: what, Do: do})
}

// Keys of a rule that others look at, too.
const (
	keyConditions = "conditions"
	keyActions    = "actions"
	keyWhile      = "while"
)

// ruleKeys reads what a rule says beside its conditions and actions.
var ruleKeys = map[string]func(r *ruleReader, e entry){
	"name":        (*ruleReader).readName,
	keyConditions: (*ruleReader).readConditions,
	"limits":      (*ruleReader).readLimits,
	keyActions:    (*ruleReader).readActions,
	"api":         func(*ruleReader, entry) {}, // by which interface the gem asks GitLab
	"mode":        (*ruleReader).readMode,
	"section":     func(r *ruleReader, e entry) { r.rule.Section = r.line(e) },
	"reason":      func(r *ruleReader, e entry) { r.rule.Reason = r.line(e) },
	"scope":       (*ruleReader).readScope,
	keyWhile:      func(r *ruleReader, e entry) { r.rule.Actions.While = r.ownBool(e) },
}

// ownRuleKeys are those of them that only we know.
var ownRuleKeys = []string{"mode", "section", "reason", "scope", keyWhile}

// rule reads the rule at index i of its list, which stands at a place of its own if it is an alias.
func (f *file) rule(resource string, subject triage.SubjectKind, n *node, at document.Location, i int) {
	name := nameOf(n)
	id := f.ids.next(name, i+1)
	r := &ruleReader{
		file:  f,
		entry: Entry{ID: id, Name: name, File: f.name, Line: at.Line, Resource: resource},
		rule:  policy.Rule{ID: id, Name: name, File: f.name, Line: at.Line, Subject: subject, Mode: f.defaults.Mode},
	}
	r.rule.Actions.Own = f.defaults.Own
	before := len(f.problems)
	r.lostKeys(n, []string{keyConditions})
	for _, e := range n.entries {
		if read, ok := ruleKeys[e.key]; ok {
			read(r, e)
			continue
		}
		r.unknownKey(e)
	}
	r.checkWhole(n, at)
	if r.entry.Status() == DoesNotRun { // how it would differ is of no interest then
		r.entry.Notes = slices.DeleteFunc(r.entry.Notes, func(n Note) bool { return n.Status == Differs })
	}
	r.entry.Mode = r.rule.Mode
	f.all.Entries = append(f.all.Entries, r.entry)
	if len(f.problems) == before && r.entry.Status() != DoesNotRun {
		f.all.Rules = append(f.all.Rules, r.rule)
	}
}

// lostKeys says of keys that come twice which one the gem takes. If one of the conditions is lost, that is a mistake; conditions nil is all keys.
func (r *ruleReader) lostKeys(n *node, conditions []string) {
	for _, l := range n.lost {
		what, do := fmt.Sprintf("%s is there already, in line %d, and the gem takes the last one", l.key, l.at.Line), "remove one of the two"
		if l.merged {
			what, do = fmt.Sprintf("the merge brings %s, and the gem takes that in place of the one in line %d", l.key, l.at.Line), "write the merge above the keys that are to beat it"
		}
		if conditions == nil || slices.Contains(conditions, l.key) {
			r.reportf(l.by, do, "%s: a condition is lost", what)
			continue
		}
		r.note(Runs, l.by.Line, do, what)
	}
}

// unknownKey says what is wrong with a key that no rule has.
func (r *ruleReader) unknownKey(e entry) {
	condition := isCondition(e.key)
	_, action := actions[e.key]
	known := sortedKeys(ruleKeys)
	switch {
	case condition && !action:
		r.refuse(e.at, "move it below conditions", "%s stands beside conditions, where the gem ignores it and the rule holds for more", e.key)
	case condition || action:
		r.refuse(e.at, "move it below conditions or below actions", "%s stands beside conditions and actions, where the gem ignores it", e.key)
	case triage.Nearest(e.key, known) != "":
		r.reportf(e.at, near(e.key, known), "a rule has no %s", e.key)
	default:
		r.note(Runs, e.at.Line, "", e.key+" means nothing in a rule, to the gem neither")
	}
}

// checkWhole checks what depends on several keys.
func (r *ruleReader) checkWhole(n *node, at document.Location) {
	a := r.rule.Actions
	if len(r.rule.When) == 0 && r.entry.Status() != DoesNotRun {
		r.note(Runs, at.Line, "", "there are no conditions: it holds for "+everything(r.rule.Subject))
	}
	if n.get(keyActions) == nil || n.get(keyActions).kind == null {
		if r.entry.Status() != DoesNotRun {
			r.refuse(at, "write actions, or leave it out", "it has no actions, so that the gem does nothing, either")
		}
		return
	}
	if a.While && len(a.Labels) == 0 {
		r.reportf(keyAt(n, keyWhile), "leave it out, or add labels", "while has no meaning without labels")
	}
	if r.entry.Status() != DoesNotRun {
		r.checkItself(n.get(keyActions))
	}
}

// keyAt is where a key of a mapping is.
func keyAt(n *node, key string) document.Location {
	if i, ok := n.index[key]; ok {
		return n.entries[i].at
	}
	return n.at
}

func everything(subject triage.SubjectKind) string {
	if subject == triage.SubjectMergeRequest {
		return "every merge request, whatever its state"
	}
	return "every issue, open or closed"
}

func (r *ruleReader) readName(e entry) {
	if e.value.kind == list || e.value.kind == mapping {
		r.reportf(e.value.at, `write "name: …"`, "this is %s, a name is wanted", kindText(e.value))
	}
}

func (r *ruleReader) readLimits(e entry) {
	if e.value.kind == null {
		return
	}
	if !r.wantMapping(e.value, "write {most_recent: 50}") {
		return
	}
	r.lostKeys(e.value, []string{})
	for _, l := range e.value.entries {
		limit := &r.rule.Limit.MostRecent
		switch l.key {
		case "most_recent":
		case "oldest":
			limit = &r.rule.Limit.Oldest
		default:
			r.refuse(l.at, near(l.key, []string{"most_recent", "oldest"}), "there is no limit %s", l.key)
			continue
		}
		n, ok := r.number(l, 1)
		if ok {
			*limit = n
			r.differ(l.at, "", "at most %d an hour, as events come; the gem takes the %s %d of a run", n, strings.ReplaceAll(l.key, "_", " "), n)
		}
	}
	if r.rule.Limit.MostRecent > 0 && r.rule.Limit.Oldest > 0 {
		r.rule.Limit.Oldest = 0 // the gem looks at the first of the two only
	}
}

func (r *ruleReader) readMode(e entry) {
	text := r.ownWord(e)
	if text == "" {
		return
	}
	mode, err := triage.ParseMode(text)
	if err != nil {
		r.reportf(e.value.at, near(text, []string{"off", "shadow", "remind", "act"}), "%s is not a mode", document.Quote(text))
		return
	}
	r.rule.Mode = mode
}

func (r *ruleReader) readScope(e entry) {
	switch text := r.ownWord(e); text {
	case "ours":
		r.rule.OnlyOurs = true
	case "all", "":
	default:
		r.reportf(e.value.at, near(text, []string{"ours", "all"}), "%s is not allowed here", document.Quote(text))
	}
}

// ownWord reads a word of a key that only we know, so that whatever is wrong with it is a problem; "" if something is.
func (r *ruleReader) ownWord(e entry) string {
	if e.value.kind != word {
		r.reportf(e.value.at, "write a word", "%s is %s, a word is wanted", e.key, kindText(e.value))
		return ""
	}
	return strings.TrimSpace(e.value.text)
}

// line reads a line of text of a key that only we know.
func (r *ruleReader) line(e entry) string {
	const longest = 255
	text := r.ownWord(e)
	switch {
	case strings.ContainsFunc(text, unicode.IsControl):
		r.reportf(e.value.at, "write it on one line", "%s has line breaks or control characters", e.key)
	case len([]rune(text)) > longest:
		r.reportf(e.value.at, "", "%s is longer than %d characters", e.key, longest)
	default:
		return text
	}
	return ""
}

// ownBool reads true or false of a key that only we know.
func (r *ruleReader) ownBool(e entry) bool {
	switch r.ownWord(e) {
	case "true":
		return true
	case "false", "":
	default:
		r.reportf(e.value.at, "write true or false", "%s is neither true nor false", document.Quote(e.value.text))
	}
	return false
}
