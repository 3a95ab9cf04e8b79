package rules

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"flowkeeper/rules/triage"
)

// commandWeight sets the estimate of "Weighting issues". The extra level for security issues is the rule security-weight's matter.
var commandWeight = triage.Command{
	Name: "weight", Args: "<n> [why]", Summary: "Sets the team's estimate, from 0 to 5.", Example: "weight 3",
	Section: "Weighting issues", Who: triage.Member, Uses: triage.UsesWeights,
	Words:     func(t *triage.Team) string { return "Sets the team's estimate, " + estimates(t.Scale) + "." },
	ExampleIn: func(t *triage.Team) string { return "weight " + strconv.Itoa(t.Scale.Example()) },
	Run: func(in triage.Input, call triage.Call) triage.Outcome {
		weight, ok := readWeight(in.Team.Scale, call.Args)
		if !ok {
			return refuseWeight(in.Team, "weight ", call.Args)
		}
		reason := "sets weight " + strconv.Itoa(weight)
		if triage.SameWeight(in.Weight(), &weight) {
			reason = "the weight is " + strconv.Itoa(weight) + " already"
		}
		return triage.Did(reason, in.WeightAction(weight))
	},
}

// weightNames are what the weights of the handbook's "Weight categories" mean, by the weight.
var weightNames = [...]string{"very trivial", "trivial", "small", "medium", "large", "unknown"}

// numbers are numbers in words.
var numbers = [...]string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen"}

// meansWeights reports whether the weights of a scale mean what the handbook's do.
func meansWeights(s *triage.Scale) bool { return slices.Equal(s.Values, triage.HandbookScale().Values) }

// estimates names the weights of a scale behind a noun: "from 0 to 5", "one of 1, 2, 3, 5, 8 and 13".
func estimates(s *triage.Scale) string {
	if s.HasGaps() {
		return "one of " + s.String()
	}
	return s.String()
}

// readWeight reads a weight of the scale at the beginning of a text. What follows it is why, unless that is another number: "3 or 4" is no
// weight. Where the highest weight is one that is split up, "13+" is it, too.
func readWeight(scale *triage.Scale, text string) (weight int, ok bool) {
	first, why, _ := strings.Cut(strings.TrimLeft(text, "=: "), " ")
	first = withoutMarks(first)
	number, open := strings.CutSuffix(first, "+")
	weight, err := strconv.Atoi(number)
	if err != nil || !scale.Has(weight) || open && (weight != scale.Top() || weight < scale.SplitFrom) {
		return 0, false
	}
	more := strings.Fields(why)
	if len(more) == 2 && slices.Contains([]string{"or", "to", "and", "/", "-", "–"}, strings.ToLower(more[0])) {
		more = more[1:]
	}
	if len(more) == 1 {
		if _, err := strconv.ParseFloat(strings.Trim(more[0], ".,?"), 64); err == nil {
			return 0, false
		}
	}
	return weight, true
}

// withoutMarks is a word without the marks around it.
func withoutMarks(word string) string { return strings.TrimRight(triage.Unquote(word), ".,;:!") }

// refuseWeight says which weights there are. Command is what a weight is written behind: "weight ".
func refuseWeight(team *triage.Team, command, written string) triage.Outcome {
	with := func(weights []int) string {
		commands := make([]string, len(weights))
		for n, w := range weights {
			commands[n] = team.CommandCode(command + strconv.Itoa(w))
		}
		return strings.Join(commands, " or ")
	}
	example := "write for example " + with([]int{team.Scale.Example()})
	why := triage.Say("a weight is missing; " + example)
	if written != "" {
		why = triage.Say("there is no weight ").Quote(written)
		if near := nearWeights(team.Scale, written); len(near) > 0 {
			why = why.Say("; did you mean " + with(near) + "?")
		} else {
			why = why.Say("; " + example)
		}
	}
	end := ". "
	if strings.HasSuffix(why[len(why)-1].Trusted, "?") {
		end = " "
	}
	return triage.Refuse(why.Say(end + allWeights(team.Scale)))
}

// allWeights lists the weights of a scale: what they mean, where that is known, and from which on an issue is not scheduled.
func allWeights(s *triage.Scale) string {
	if meansWeights(s) && s.SplitFrom == s.Top() {
		means := make([]string, len(weightNames))
		for n, word := range weightNames {
			means[n] = strconv.Itoa(n) + " " + word
		}
		return "The weights are: " + strings.Join(means, ", ") + ", not scheduled"
	}
	unscheduled := "an issue of " + strconv.Itoa(s.SplitFrom) + " or more is not scheduled"
	if s.HasGaps() {
		return "The weights are " + s.String() + "; " + unscheduled
	}
	return "The weights go " + s.String() + "; " + unscheduled
}

// nearWeights are the weights that somebody probably meant who wrote something else: a number word, the next whole number, the nearest of the
// scale. A minus is read as a dash.
func nearWeights(scale *triage.Scale, written string) []int {
	first, _, _ := strings.Cut(written, " ")
	for _, text := range []string{withoutMarks(written), withoutMarks(first)} {
		text = strings.ToLower(text)
		if n := slices.Index(weightNames[:], text); n >= 0 && meansWeights(scale) {
			return []int{n}
		}
		if n := slices.Index(numbers[:], text); n >= 0 {
			return scale.Near(n)
		}
	}
	number := strings.ReplaceAll(withoutMarks(first), ",", ".")
	if strings.Trim(number, "+-.0123456789") != "" {
		return nil
	}
	f, err := strconv.ParseFloat(strings.TrimSuffix(number, "+"), 64)
	if err != nil {
		return nil
	}
	return scale.Near(int(math.Min(math.Ceil(math.Abs(f)), float64(scale.Top()+1))))
}
