package planning

import (
	"fmt"
	"slices"

	"flowkeeper/rules/triage"
)

// composer makes the documents of one kind.
type composer struct {
	// compose makes the document. An error says what is missing and what would help.
	compose func(Snapshot) (Document, error)
	// belongs reports whether an issue still belongs into a section whose rows have boxes; nil if the kind has none.
	belongs func(section string, i *Issue, s Snapshot) bool
}

// composers are those of all kinds.
var composers = map[Kind]composer{
	KindTriage:        {compose: composeTriage, belongs: needsTriage},
	KindPlanning:      {compose: composePlanning},
	KindNeedsWeight:   {compose: composeNeedsWeight, belongs: func(_ string, i *Issue, s Snapshot) bool { return s.needsWeight(i) }},
	KindCapacity:      {compose: composeCapacity},
	KindBuild:         {compose: composeBuild},
	KindKickoff:       {compose: composeKickoff},
	KindSLO:           {compose: composeSLO},
	KindRetrospective: {compose: composeRetrospective},
}

// Compose makes a document of what GitLab holds. The same snapshot makes the same document.
func Compose(k Kind, s Snapshot) (Document, error) {
	c, ok := composers[k]
	if !ok {
		return Document{}, fmt.Errorf("there is no report %.40q; there are %v", string(k), Kinds())
	}
	d, err := c.compose(s)
	if err == nil && len(s.Unread) > 0 && k != KindCapacity && k != KindNeedsWeight { // which rest on no history
		d.Intro = append(d.Intro, s.unread())
	}
	return d, err
}

// unread says of which issues a document may be wrong, as far as it may name them.
func (s Snapshot) unread() triage.Prose {
	text := sayf("GitLab did not tell the history of %s, so what is said here of how long or why may be wrong", countOf(len(s.Unread), "issue"))
	var names []string
	for n := range s.Issues {
		if row, ok := s.issueRow(&s.Issues[n]); ok && row.Names() && slices.Contains(s.Unread, row.Ref) {
			names = append(names, triage.Code(fmt.Sprintf("%s#%d", row.Path, row.IID)))
		}
	}
	if len(names) > 0 {
		text = text.Say(": " + joinWords(names))
	}
	return text.Say(".")
}

// Done reports whether the box of an issue in a section of a report can be ticked: what the section asks for was done. The snapshot needs no
// other issues.
func Done(k Kind, section string, i *Issue, s Snapshot) bool {
	c := composers[k]
	return c.belongs != nil && !c.belongs(section, i, s)
}
