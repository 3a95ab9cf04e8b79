package config

import (
	"slices"
	"strings"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

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
