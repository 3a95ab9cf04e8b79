package document

import (
	"regexp"

	"flowkeeper/rules/planning"
)

// MarkerPrefix begins all markers.
const MarkerPrefix = "<!-- flowkeeper:report "

// Marker says, hidden in the description of an issue or in a comment, which report it is.
func Marker(k planning.Kind, key string) string { return MarkerPrefix + string(k) + " " + key + " -->" }

var markerForm = regexp.MustCompile(`<!-- flowkeeper:report ([a-z-]{1,40}) ([0-9.-]{1,20}) -->`)

// FindMarker reads the first marker in a text.
func FindMarker(text string) (k planning.Kind, key string, ok bool) {
	m := markerForm.FindStringSubmatch(text)
	if m == nil {
		return "", "", false
	}
	return planning.Kind(m[1]), m[2], true
}
