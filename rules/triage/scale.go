package triage

import (
	"slices"
	"strconv"
	"strings"
)

// Scale is the weights that a team gives to its issues, and what follows from them. It is not changed after it was made and may be shared.
type Scale struct {
	Values        []int // in rising order; a scale without values is NoScale
	ResearchAbove int   // the highest weight that needs no further research
	SplitFrom     int   // the lowest weight with which an issue is not scheduled but split up; the scale has a lower one
	Spike         int   // the weight to which spikes are timeboxed
	Security      SecurityStep
	Label         string // of a side's weight, up to the number: "{side}-weight::"; one without {side} is of a team without sides
}

// SecurityStep is how much more a security issue weighs than it was estimated.
type SecurityStep string

// The steps, by their names in configuration files.
const (
	SecurityNext SecurityStep = "next" // the next value of the scale
	SecurityPlus SecurityStep = "+1"   // one more; on a scale without gaps that is the next value, too
	SecurityNone SecurityStep = "none" // security issues weigh what others do
)

// SidePart is what stands for a side in the label of a scale.
const SidePart = "{side}"

// handbookLabel is the handbook's label of a side's weight, up to the number.
const handbookLabel = SidePart + "-weight::"

// HandbookScale is the scale of the handbook's "Weight categories".
func HandbookScale() *Scale { return handbookScale }

var handbookScale = &Scale{
	Values: []int{0, 1, 2, 3, 4, 5}, ResearchAbove: 3, SplitFrom: 5, Spike: 2, Security: SecurityPlus, Label: handbookLabel,
}

// NoScale is that of a team that works without weights.
func NoScale() *Scale { return noScale }

var noScale = &Scale{Security: SecurityNone, Label: handbookLabel}

// WithoutWeights is why whatever is about weights has nothing to do for a team with NoScale.
const WithoutWeights = "the team works without weights"

// Off reports whether the team works without weights.
func (s *Scale) Off() bool { return len(s.Values) == 0 }

// Has reports whether a weight is on the scale.
func (s *Scale) Has(weight int) bool {
	_, on := slices.BinarySearch(s.Values, weight)
	return on
}

// Top is the highest weight of the scale, which must not be off.
func (s *Scale) Top() int { return s.Values[len(s.Values)-1] }

// Schedulable is the highest weight with which an issue is scheduled: the last below SplitFrom.
func (s *Scale) Schedulable() int {
	at, _ := slices.BinarySearch(s.Values, s.SplitFrom)
	return s.Values[max(0, at-1)]
}

// Raised is what an estimate becomes with the extra level for security issues. Ok is false if it stays: at the top of the scale and beyond, and
// where security issues weigh what others do. The raised weight is always on the scale.
func (s *Scale) Raised(weight int) (raised int, ok bool) {
	at, on := slices.BinarySearch(s.Values, weight)
	if on {
		at++
	}
	if s.Security == SecurityNone || at >= len(s.Values) {
		return weight, false
	}
	return s.Values[at], true
}

// Lowered is the estimate that Raised turns into a weight of the scale; ok is false if none becomes it.
func (s *Scale) Lowered(raised int) (weight int, ok bool) {
	at, on := slices.BinarySearch(s.Values, raised)
	if s.Security == SecurityNone || !on || at == 0 {
		return raised, false
	}
	return s.Values[at-1], true
}

// Near are the weights of the scale that are nearest to another: the ones below and above it, or the end that it is beyond.
func (s *Scale) Near(weight int) []int {
	at, on := slices.BinarySearch(s.Values, weight)
	switch {
	case on, at == 0:
		return s.Values[at : at+1]
	case at == len(s.Values):
		return s.Values[at-1:]
	}
	return s.Values[at-1 : at+1]
}

// Example is the weight that examples show: the middle of those with which an issue is scheduled, for the handbook 3.
func (s *Scale) Example() int {
	if s.Off() {
		return handbookScale.Example()
	}
	below, _ := slices.BinarySearch(s.Values, s.SplitFrom)
	return s.Values[max(0, min((below+1)/2, below-1))]
}

// Low is a low weight for examples, for the handbook 2.
func (s *Scale) Low() int {
	if s.Off() {
		return handbookScale.Low()
	}
	at, _ := slices.BinarySearch(s.Values, s.Example())
	return s.Values[max(0, at-1)]
}

// Lowest is the lowest weight above 0 for examples, for the handbook 1.
func (s *Scale) Lowest() int {
	at, on := slices.BinarySearch(s.Values, 0)
	if on {
		at++
	}
	return s.Values[min(at, len(s.Values)-1)]
}

// HasGaps reports whether the scale leaves out whole numbers between its ends.
func (s *Scale) HasGaps() bool { return !s.Off() && s.Top()-s.Values[0] != len(s.Values)-1 }

// String names the weights in a sentence: "from 0 to 5", or of a scale with gaps "1, 2, 3, 5, 8 and 13".
func (s *Scale) String() string {
	switch last := len(s.Values) - 1; {
	case last < 0:
		return "none"
	case last == 0:
		return strconv.Itoa(s.Values[0])
	case !s.HasGaps():
		return "from " + strconv.Itoa(s.Values[0]) + " to " + strconv.Itoa(s.Top())
	default:
		return strings.Join(numerals(s.Values[:last]), ", ") + " and " + strconv.Itoa(s.Top())
	}
}

// numerals writes numbers.
func numerals(numbers []int) []string {
	all := make([]string, len(numbers))
	for n, number := range numbers {
		all[n] = strconv.Itoa(number)
	}
	return all
}

// OneOf names weights as a choice: "3 or 5".
func OneOf(weights []int) string { return strings.Join(numerals(weights), " or ") }

// HasSides reports whether the backend and the frontend of an issue have weights of their own.
func (s *Scale) HasSides() bool { return strings.Contains(s.Label, SidePart) }

// scope is that of the labels that carry a side's weight: "backend-weight".
func (s *Scale) scope(side string) string {
	return strings.TrimSuffix(strings.ReplaceAll(s.Label, SidePart, side), "::")
}
