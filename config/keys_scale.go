package config

import (
	"slices"
	"strconv"
	"strings"

	"flowkeeper/rules/triage"
)

// Weights is the scale on which a team estimates.
type Weights struct {
	None          bool // the team works without weights; the rest says nothing then
	Scale         []int
	ResearchAbove int
	SplitFrom     int
	Security      triage.SecurityStep
	Spike         int
	Label         string // of a side's weight, up to the number
}

// mostWeight bounds a weight: far from what anybody estimates, and from what GitLab stores.
const mostWeight = 1000

func (w *Weights) keys() []key {
	handbook := triage.HandbookScale()
	weight := func(field *int, standard int) scalar[int] { return intValue(field, standard, 0, mostWeight) }
	return []key{
		{name: "scale", help: "All weights, from the lowest to the highest. Of another scale than this the keys below need not be set: they fit it", kind: weightList(&w.Scale, handbook.Values)},
		{name: "research_above", help: "The highest weight that needs no research, see weight-research; if not set, the third highest of another scale", kind: weight(&w.ResearchAbove, handbook.ResearchAbove)},
		{name: "split_from", help: "From this weight on an issue is not scheduled but split up or spiked; if not set, the highest of another scale", kind: weight(&w.SplitFrom, handbook.SplitFrom)},
		{name: "security", help: "What a security issue weighs more: next is the next weight of the scale, +1 is one more, none is nothing; if not set, next on a scale with gaps", kind: securityValue(&w.Security)},
		{name: "spike", help: "The weight to which spikes are timeboxed; if not set, the highest of another scale that is not above 2", kind: weight(&w.Spike, handbook.Spike)},
		{name: "label", help: "The label that carries a weight for one side, or where GitLab has no weights: all before the number, {side} is backend or frontend. Without {side} the team has no sides",
			kind: textValue(&w.Label, handbook.Label, `a label such as "{side}-weight::"`, parseWeightLabel)},
	}
}

// policy is the scale as decisions use it.
func (w *Weights) policy() *triage.Scale {
	if w.None {
		return triage.NoScale()
	}
	return &triage.Scale{Values: w.Scale, ResearchAbove: w.ResearchAbove, SplitFrom: w.SplitFrom, Spike: w.Spike, Security: w.Security, Label: w.Label}
}

// weightList is a list of weights in rising order.
func weightList(field *[]int, standard []int) listValue {
	numerals := func(numbers []int) []string {
		texts := make([]string, len(numbers))
		for n, number := range numbers {
			texts[n] = strconv.Itoa(number)
		}
		return texts
	}
	return listValue{
		want: "weights", example: "[1, 2, 3, 5, 8, 13]", standard: numerals(standard), numbers: true, least: 1, form: wholeNumber(0, mostWeight),
		item: func(lit literal) (string, *diagnostic) {
			if number, open := strings.CutSuffix(lit.text, "+"); open && onlyDigits.MatchString(number) {
				return "", diagnosticf("write "+number+" and split_from: "+number, "%s is not a weight", quote(lit.text))
			}
			n, f := parseWholeNumber(lit, 0, mostWeight)
			return strconv.Itoa(n), f
		},
		follows: func(before []string, s string) *diagnostic {
			n, _ := strconv.Atoi(s)
			last, _ := strconv.Atoi(before[len(before)-1])
			if n < last {
				return diagnosticf("write the weights from the lowest to the highest", "%d comes after %d, a scale rises", n, last)
			}
			return nil
		},
		check: func(items []string) *diagnostic {
			if len(items) == 1 {
				return diagnosticf("write at least two, or weights: none", "the scale has only one weight")
			}
			return nil
		},
		get: func() []string { return numerals(*field) },
		put: func(items []string) {
			*field = make([]int, len(items))
			for n, s := range items {
				(*field)[n], _ = strconv.Atoi(s)
			}
		},
	}
}

// securityValue is a word, one of which looks like a number.
func securityValue(field *triage.SecurityStep) scalar[triage.SecurityStep] {
	v := choiceValue(field, triage.HandbookScale().Security, triage.SecurityNext, triage.SecurityPlus, triage.SecurityNone)
	parse := v.parse
	v.parse = func(lit literal) (triage.SecurityStep, *diagnostic) {
		if lit.text == string(triage.SecurityPlus) {
			lit.typ = isText
		}
		return parse(lit)
	}
	v.form = either(v.form, shape{"const": 1}) // as which +1 without quotes is read
	return v
}

// parseWeightLabel reads all of a weight's label before the number.
func parseWeightLabel(lit literal) (string, *diagnostic) {
	s, f := parseTextLine(lit)
	if f != nil {
		return "", f
	}
	scope := strings.Replace(s, triage.SidePart, "", 1)
	switch {
	case strings.ContainsAny(scope, "{}"):
		return "", diagnosticf("write "+quote(triage.HandbookScale().Label)+", or a label without braces", "%s has something else in braces than one %s", quote(s), triage.SidePart)
	case !strings.HasSuffix(s, "::"):
		return "", diagnosticf("write "+quote(strings.TrimRight(s, ":")+"::"), "%s does not end in ::, so that an issue could carry two weights", quote(s))
	case strings.HasPrefix(s, "~"):
		return "", diagnosticf("write it without ~", "%s is a reference, not a name", quote(s))
	case strings.Contains(s, ","):
		return "", diagnosticf("", "%s has a comma, which no label can have", quote(s))
	case strings.TrimSuffix(s, "::") == "":
		return "", diagnosticf("write for example "+quote("weight::"), "there is no scope before the ::")
	}
	return s, nil
}

// Levels are the severities or the priorities of a team.
type Levels struct {
	None   bool   // the team has no such levels; the rest says nothing then
	Scope  string // of their labels; empty where each value is a whole label
	Values []string
	Urgent []string
}

// keys are those of levels with the handbook's defaults. Urgent is what the urgent ones are, in the help.
func (l *Levels) keys(standard *triage.Levels, urgent string) []key {
	values := listValue{want: "values", example: "[high, mid, low]", least: 1, form: idShape, item: parseLevel, follows: differsInMoreThanCase}
	urgentValues := values
	values.standard, urgentValues.standard, urgentValues.example = standard.Values, standard.Urgent, "[high]"
	return []key{
		{name: "scope", help: `The scope of their labels, without ::; "" where each value is a whole label, such as P1`,
			kind: textValue(&l.Scope, standard.Scope, "a scope", parseLevelScope)},
		{name: "values", help: "From the worst or the most urgent to the least", kind: bindList(&l.Values, values)},
		{name: "urgent", help: urgent + "; if not set, the first of other values", kind: bindList(&l.Urgent, urgentValues)},
	}
}

// differsInMoreThanCase refuses a value that is another one to those who write commands, and to the rules that mend how labels are spelt.
func differsInMoreThanCase(before []string, value string) *diagnostic {
	same := func(other string) bool { return other != value && triage.SameSpelling(other, value) }
	if n := slices.IndexFunc(before, same); n >= 0 {
		return diagnosticf("keep one of the two", "%s and %s are one value", quote(before[n]), quote(value))
	}
	return nil
}

// policy is the levels as decisions use them.
func (l *Levels) policy() *triage.Levels {
	if l.None {
		return &triage.Levels{}
	}
	return &triage.Levels{Scope: l.Scope, Values: l.Values, Urgent: l.Urgent}
}

// parseLevel reads a value, which may be a number.
func parseLevel(lit literal) (string, *diagnostic) {
	if lit.typ == isNumber {
		lit.typ = isText
	}
	return parseLabel(lit)
}

// parseLevelScope reads a scope, which may be empty.
func parseLevelScope(lit literal) (string, *diagnostic) {
	if lit.typ == isText && lit.text == "" {
		return "", nil
	}
	return parseScope(lit)
}
