package command

import (
	"slices"
	"strings"
)

// maxOpen bounds the elements that are open at once; nobody nests deeper by hand.
const maxOpen = 250

// kind is how an element is opened and closed, and what it means for the text within it. Elements that are not listed, among them
// placeholders like <name>, are no HTML, have no content, or are the parts of a table, which mean nothing outside of one.
type kind uint8

const (
	look   kind = iota + 1 // changes how text looks, not what it is
	inline                 // any other part of a line
	block                  // ends the paragraph before it; is closed with all that is open in it
	wall                   // a block whose content cannot close what is around it
	rule                   // ends the paragraph before it and has no content
	abyss                  // has rules of its own: nothing after it counts as outside
)

var kinds = byName(map[kind]string{
	look: "b big em font i nobr small span strong u",
	inline: "a abbr audio bdi bdo canvas cite code data datalist del dfn iframe ins kbd label map mark meter noembed noframes noscript output " +
		"picture progress q rb rp rt rtc ruby s samp script slot strike style sub sup textarea time title tt var video",
	block: "address article aside blockquote center dd details dialog dir div dl dt fieldset figcaption figure footer h header " +
		"hgroup legend li listing main menu nav ol optgroup option p pre search section summary ul xmp",
	wall:  "applet button marquee object table",
	rule:  "hr",
	abyss: "form frameset math plaintext select svg template",
})

var (
	// lingering elements are opened again in the next paragraph if only the end of one has closed them.
	lingering = strings.Fields("a code s strike tt")
	// lists also keep an item around them open.
	lists = strings.Fields("ol ul")
)

// generic is the name under which an element is listed: headings of all levels close each other.
func generic(name string) string {
	if len(name) == 2 && name[0] == 'h' && '1' <= name[1] && name[1] <= '6' {
		return "h"
	}
	return name
}

func byName(names map[kind]string) map[string]kind {
	kinds := map[string]kind{}
	for k, list := range names {
		for name := range strings.FieldsSeq(list) {
			kinds[name] = k
		}
	}
	return kinds
}

// elements are those that are open, the outermost first, and those that linger.
type elements struct {
	open    []string
	linger  map[string]int
	nothing bool // that follows is outside
}

// plainParagraph reports whether text at this place belongs to a paragraph and to nothing else.
func (e *elements) plainParagraph() bool {
	return len(e.linger) == 0 && len(e.open) > 0 && e.open[0] == "p" &&
		!slices.ContainsFunc(e.open[1:], func(name string) bool { return kinds[name] != look })
}

// start opens an element.
func (e *elements) start(name string) {
	switch kinds[name] {
	case look, inline:
	case block, wall:
		e.end("p")
	case rule:
		e.end("p")
		return
	case abyss:
		e.nothing = true
	default:
		return
	}
	e.open = append(e.open, name)
	e.nothing = e.nothing || len(e.open) > maxOpen
}

// end closes an element and what is open in it. It does nothing if the element is not open, or out of reach.
func (e *elements) end(name string) {
	for i, inner := range slices.Backward(e.open) {
		if inner == name {
			e.closeFrom(i)
			return
		}
		if stops(inner, name) {
			return
		}
	}
	if e.linger[name]--; e.linger[name] <= 0 {
		delete(e.linger, name)
	}
}

// stops reports whether an end tag within the element inner has no effect on what is around it.
func stops(inner, end string) bool {
	switch {
	case end == "table":
		return false
	case kinds[end] == block, kinds[end] == wall:
		return kinds[inner] == wall || end == "li" && slices.Contains(lists, inner)
	default:
		return kinds[inner] == block || kinds[inner] == wall
	}
}

// closeFrom closes the innermost elements, down to the one with index i.
func (e *elements) closeFrom(i int) {
	for _, name := range e.open[i+1:] {
		if slices.Contains(lingering, name) {
			e.linger[name]++
		}
	}
	e.open = e.open[:i]
}
