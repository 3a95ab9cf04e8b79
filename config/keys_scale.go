package config

import (
	"slices"
	"strconv"
	"strings"

	"flowkeeper/rules/engine"
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
	values := listValue{want: "values", example: "[high, mid, low]", least: 1, form: idShape, item: parseLevel}
	urgentValues := values
	values.standard, urgentValues.standard, urgentValues.example = standard.Values, standard.Urgent, "[high]"
	return []key{
		{name: "scope", help: `The scope of their labels, without ::; "" where each value is a whole label, such as P1`,
			kind: textValue(&l.Scope, standard.Scope, "a scope", parseLevelScope)},
		{name: "values", help: "From the worst or the most urgent to the least", kind: bindList(&l.Values, values)},
		{name: "urgent", help: urgent + "; if not set, the first of other values", kind: bindList(&l.Urgent, urgentValues)},
	}
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

// completeScales gives what follows from a scale or from levels the values that fit them, where the file does not say it.
func (r *reader) completeScales(c *Config) {
	set := func(path string) bool { _, ok := r.origin[path]; return ok }
	if w := &c.Weights; set("weights.scale") && !w.None {
		last := len(w.Scale) - 1
		if !set("weights.research_above") {
			w.ResearchAbove = w.Scale[max(0, last-2)]
		}
		if !set("weights.split_from") {
			w.SplitFrom = w.Scale[last]
		}
		if !set("weights.spike") {
			above := slices.IndexFunc(w.Scale, func(weight int) bool { return weight > triage.HandbookScale().Spike })
			if above < 0 {
				above = len(w.Scale)
			}
			w.Spike = w.Scale[max(0, above-1)]
		}
		if scale := w.policy(); !set("weights.security") && scale.HasGaps() {
			w.Security = triage.SecurityNext
		}
	}
	r.completeSides(c, set)
	for name, l := range map[string]*Levels{"severity": &c.Severity, "priority": &c.Priority} {
		if set(name+".values") && !set(name+".urgent") && len(l.Values) > 0 {
			l.Urgent = l.Values[:1]
		}
	}
	r.shareResearch(c)
	r.fitLarge(c, set)
}

// completeSides has a team no sides whose label has none, and its label none where the team has none.
func (r *reader) completeSides(c *Config, set func(path string) bool) {
	w := &c.Weights
	switch {
	case w.None:
	case set("weights.label") && !set("team.side") && !w.policy().HasSides():
		c.Team.Side = SideNone
	case set("team.side") && !set("weights.label") && c.Team.Side == SideNone:
		w.Label = "weight::"
	}
}

// research and researchOption name the option of a rule that says what weights.research_above says, from before there was a scale.
const research, researchOption = "weight-research", "above"

// shareResearch brings the option and weights.research_above in line: whichever is set counts for both.
func (r *reader) shareResearch(c *Config) {
	n := slices.IndexFunc(c.Rules, func(s engine.Setting) bool { return s.ID == research })
	if n < 0 || c.Weights.None {
		return
	}
	path, options, w := "rules."+research+"."+researchOption, c.Rules[n].Options, &c.Weights
	above, number := options[researchOption].(int)
	from, set := r.origin[path]
	_, both := r.origin["weights.research_above"]
	switch {
	case !number || from.bad:
	case !set:
		options[researchOption] = w.ResearchAbove
	case both && above != w.ResearchAbove:
		r.reportConflict(diagnosticf("keep one of the two", "%d differs from weights.research_above, which is %d", above, w.ResearchAbove), path, "weights.research_above")
	case !w.policy().Has(above):
		r.checkOnScale(w, path, above)
	default:
		w.ResearchAbove = above
	}
}

// fitLarge has another scale's large follow-ups begin with its highest weight that is scheduled, where the file does not say it.
func (r *reader) fitLarge(c *Config, set func(path string) bool) {
	const rule, option = "follow-up-needs", "large"
	n := slices.IndexFunc(c.Rules, func(s engine.Setting) bool { return s.ID == rule })
	if n < 0 || c.Weights.None || !set("weights.scale") || set("rules."+rule+"."+option) {
		return
	}
	if _, has := c.Rules[n].Options[option]; has {
		c.Rules[n].Options[option] = c.Weights.policy().Schedulable()
	}
}

// crossCheckScales checks what depends on the scale, on the values of levels, and on how all scopes are called.
func (r *reader) crossCheckScales(c *Config) {
	if !c.Weights.None {
		r.crossCheckWeights(c)
	}
	r.crossCheckUrgent("severity", &c.Severity)
	r.crossCheckUrgent("priority", &c.Priority)
	r.crossCheckScopes(c)
}

func (r *reader) crossCheckWeights(c *Config) {
	w := &c.Weights
	r.checkOnScale(w, "weights.research_above", w.ResearchAbove)
	r.checkOnScale(w, "weights.split_from", w.SplitFrom)
	r.checkOnScale(w, "weights.spike", w.Spike)
	scale := w.policy()
	if w.SplitFrom == w.Scale[0] {
		r.reportConflict(diagnosticf("allowed: "+joinWords(scaleTexts(w.Scale[1:])), "with split_from %d no issue could be scheduled", w.SplitFrom), "weights.split_from", "weights.scale")
	}
	if w.ResearchAbove == scale.Top() {
		r.reportConflict(diagnosticf("switch the rule off with rules: {"+research+": off}, or write a lower weight", "no weight is above %d", w.ResearchAbove), "weights.research_above", "rules."+research+"."+researchOption)
	}
	if w.Security == triage.SecurityPlus && scale.HasGaps() {
		r.reportConflict(diagnosticf("write next", "with +1 security issues would leave the scale: it has gaps"), "weights.security", "weights.scale")
	}
	switch none := c.Team.Side == SideNone; {
	case !scale.HasSides() && !none:
		r.reportConflict(diagnosticf("write "+triage.SidePart+" into the label, or team: {side: none}", "the label %s has no %s, and team.side says that there are sides", quote(w.Label), triage.SidePart),
			"weights.label", "team.side")
	case scale.HasSides() && none:
		r.reportConflict(diagnosticf("write the label without it, such as "+quote("weight::"), "the label %s has %s, and team.side says that there are no sides", quote(w.Label), triage.SidePart),
			"weights.label", "team.side")
	}
}

// checkOnScale reports a weight that is not on the scale.
func (r *reader) checkOnScale(w *Weights, path string, weight int) {
	if scale := w.policy(); !scale.Has(weight) {
		r.reportConflict(diagnosticf("near it is "+triage.OneOf(scale.Near(weight)), "%d is not on the scale [%s]", weight, strings.Join(scaleTexts(w.Scale), ", ")), path, "weights.scale")
	}
}

func scaleTexts(weights []int) []string { return weightList(&weights, nil).get() }

// crossCheckUrgent reports urgent values that are none.
func (r *reader) crossCheckUrgent(name string, l *Levels) {
	if l.None {
		return
	}
	unknown := slices.DeleteFunc(slices.Clone(l.Urgent), func(v string) bool { return slices.Contains(l.Values, v) })
	if len(unknown) == 0 {
		return
	}
	quoted := make([]string, len(unknown))
	for n, v := range unknown {
		quoted[n] = quote(v)
	}
	is := " is"
	if len(unknown) > 1 {
		is = " are"
	}
	r.reportConflict(diagnosticf(suggest(unknown[0], l.Values, ""), "%s not among the values", joinWords(quoted)+is), name+".urgent", name+".values")
}

// namedScope is a scope with the key that names it.
type namedScope struct{ path, scope string }

// crossCheckScopes reports a scope that stands for two things, and a whole label of a level that means something else, too.
func (r *reader) crossCheckScopes(c *Config) {
	var scopes []namedScope
	for _, d := range triage.LabelDefaults() {
		for _, name := range c.Labels[d.Role] {
			if d.Scope {
				scopes = append(scopes, namedScope{"labels." + d.Key, name})
			}
		}
	}
	labels := map[string]string{} // by label: the key that names it
	for _, d := range triage.LabelDefaults() {
		for _, name := range c.Labels[d.Role] {
			if !d.Scope {
				labels[name] = "labels." + d.Key
			}
		}
	}
	for _, l := range []struct {
		name string
		*Levels
	}{{"severity", &c.Severity}, {"priority", &c.Priority}} {
		if l.None {
			continue
		}
		if l.Scope != "" {
			scopes = append(scopes, namedScope{l.name + ".scope", l.Scope})
			continue
		}
		path := l.name + ".values"
		for _, v := range l.Values {
			if other, twice := labels[v]; twice {
				r.reportConflict(diagnosticf("give each its own name", "%s is a label of %s and of %s", quote(v), other, path), path, other)
			}
			labels[v] = path
		}
	}
	if w := &c.Weights; !w.None {
		scope := strings.TrimSuffix(w.Label, "::")
		for _, side := range []string{SideBackend, SideFrontend} {
			scopes = append(scopes, namedScope{"weights.label", strings.Replace(scope, triage.SidePart, side, 1)})
		}
	}
	taken := map[string]string{}
	for _, s := range scopes {
		if other, twice := taken[s.scope]; twice && other != s.path && !bothOfLabels(s.path, other) {
			r.reportConflict(diagnosticf("give each its own name", "%s is the scope of %s and of %s", quote(s.scope), other, s.path), s.path, other)
			continue
		}
		taken[s.scope] = s.path
	}
}

// bothOfLabels reports whether two keys are of the section labels, which is checked by itself.
func bothOfLabels(a, b string) bool {
	return strings.HasPrefix(a, "labels.") && strings.HasPrefix(b, "labels.")
}
