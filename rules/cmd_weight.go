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
	Section: "Weighting issues", Who: triage.Member,
	Run: func(in triage.Input, call triage.Call) triage.Outcome {
		weight, ok := readWeight(call.Args)
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

// scale is what the weights of "Weight categories" mean, by the weight.
var scale = [...]string{"very trivial", "trivial", "small", "medium", "large", "unknown"}

// numbers are the weights in words.
var numbers = [...]string{"zero", "one", "two", "three", "four", "five"}

// readWeight reads a weight from 0 to 5 at the beginning of a text. What follows it is why, unless that is another number: "3 or 4" is no
// weight.
func readWeight(text string) (weight int, ok bool) {
	first, why, _ := strings.Cut(strings.TrimLeft(text, "=: "), " ")
	weight, err := strconv.Atoi(withoutMarks(first))
	if err != nil || weight < 0 || weight >= len(scale) {
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
	why := triage.Say("a weight is missing; write for example " + team.CommandCode(command+"3"))
	if written != "" {
		why = triage.Say("there is no weight ").Quote(written)
		if near, ok := nearWeight(written); ok {
			why = why.Say("; did you mean " + team.CommandCode(command+strconv.Itoa(near)) + "?")
		} else {
			why = why.Say("; write for example " + team.CommandCode(command+"3"))
		}
	}
	end := ". "
	if strings.HasSuffix(why[len(why)-1].Trusted, "?") {
		end = " "
	}
	means := make([]string, len(scale))
	for n, word := range scale {
		means[n] = strconv.Itoa(n) + " " + word
	}
	return triage.Refuse(why.Say(end + "The weights are: " + strings.Join(means, ", ") + ", not scheduled"))
}

// nearWeight is the weight that somebody probably meant who wrote something else: a number word, the next whole number, the nearest end of the
// scale. A minus is read as a dash.
func nearWeight(written string) (weight int, ok bool) {
	first, _, _ := strings.Cut(written, " ")
	for _, text := range []string{withoutMarks(written), withoutMarks(first)} {
		text = strings.ToLower(text)
		if n := slices.Index(scale[:], text); n >= 0 {
			return n, true
		}
		if n := slices.Index(numbers[:], text); n >= 0 {
			return n, true
		}
	}
	number := strings.ReplaceAll(withoutMarks(first), ",", ".")
	if strings.Trim(number, "+-.0123456789") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return 0, false
	}
	return int(math.Min(math.Ceil(math.Abs(f)), float64(len(scale)-1))), true
}
