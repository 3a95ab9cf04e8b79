package command

import "strings"

// Elements that are in none of these sets, among them placeholders like <name>, are no HTML or have no content: they mean nothing.
var (
	// elements are those of HTML that have content. The parts of a table are not among them, for they mean nothing outside of one.
	elements = wordSet("a abbr address applet article aside audio b bdi bdo big blockquote button canvas center cite code data datalist dd del " +
		"details dfn dialog dir div dl dt em fieldset figcaption figure font footer h1 h2 h3 h4 h5 h6 header hgroup i iframe ins kbd label " +
		"legend li listing main map mark marquee menu meter nav nobr noembed noframes noscript object ol optgroup option output p picture " +
		"pre progress q rb rp rt rtc ruby s samp script search section slot small span strike strong style sub summary sup table textarea " +
		"time title tt u ul var video xmp")
	// looks are those that change how text looks, not what it is.
	looks = wordSet("b big em font i nobr small span strong u")
	// opaque are those with rules of their own, which GitLab and browsers do not all share: nothing after one counts as outside.
	opaque = wordSet("form frameset math plaintext select svg template")
)

func wordSet(names string) map[string]bool {
	set := map[string]bool{}
	for name := range strings.FieldsSeq(names) {
		set[name] = true
	}
	return set
}
