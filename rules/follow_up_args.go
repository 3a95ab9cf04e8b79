package rules

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"flowkeeper/rules/triage"
)

// followUpArgs are what people give of a follow-up. Title and milestone may be "".
type followUpArgs struct {
	title     string
	weight    *int
	milestone string
}

// weightArg is how people give the follow-up's weight: "weight=2" anywhere, "weight 2" and "weight: 2" at the beginning. milestoneArg is how they
// give its milestone, in quotation marks if there are blanks in it; GitLab's % may stand in front.
var (
	weightArg    = regexp.MustCompile(`(?i)(?:^|\s)weight\s*=\s*(\S*)|^weight:?\s+([-+]?\d\S*)`)
	milestoneArg = regexp.MustCompile(`(?i)(?:^|\s)milestone\s*=\s*(%?"[^"]*"|%?“[^”]*”|\S*)`)
)

// readFollowUp reads the arguments of a command that opens a follow-up, or says what is wrong with them.
func readFollowUp(team *triage.Team, command, args string) (given followUpArgs, wrong *triage.Outcome) {
	refuse := func(out triage.Outcome) (followUpArgs, *triage.Outcome) { return followUpArgs{}, &out }
	milestones := milestoneArg.FindAllStringSubmatch(args, 2)
	args = milestoneArg.ReplaceAllString(args, " ")
	weights := weightArg.FindAllStringSubmatch(args, 2)
	given.title = triage.Unquote(strings.Join(strings.Fields(weightArg.ReplaceAllString(args, " ")), " "))
	switch {
	case len(weights) > 0 && team.Scale.Off():
		return refuse(triage.Refuse(triage.Say(triage.WithoutWeights + "; leave the weight out")))
	case len(weights) > 1:
		return refuse(triage.Refuse(triage.Say("there are two weights; write one, for example " + team.CommandCode(command+" weight="+strconv.Itoa(team.Scale.Low())))))
	case len(milestones) > 1:
		return refuse(triage.Refuse(triage.Say("there are two milestones; write one, for example " + team.CommandCode(command+` milestone="19.7"`))))
	}
	if len(milestones) == 1 {
		given.milestone = triage.Unquote(strings.TrimPrefix(milestones[0][1], "%"))
		if given.milestone == "" {
			return refuse(triage.Refuse(triage.Say("the milestone is missing; write its title, for example " + team.CommandCode(command+` milestone="19.7"`))))
		}
	}
	if len(weights) == 1 {
		written := weights[0][1] + weights[0][2]
		n, ok := readWeight(team.Scale, written)
		if !ok {
			return refuse(refuseWeight(team, command+" weight=", written))
		}
		given.weight = &n
	}
	if n, ok := readWeight(team.Scale, given.title); ok && strconv.Itoa(n) == given.title {
		return refuse(triage.Refuse(triage.Say("").Quote(given.title).Say(" is no title; for a weight write " + team.CommandCode(command+" weight="+given.title))))
	}
	if n := utf8.RuneCountInString(given.title); n > maxTitle {
		return refuse(triage.Refuse(triage.Say("a title has at most " + strconv.Itoa(maxTitle) + " characters, this one has " + strconv.Itoa(n))))
	}
	return given, nil
}
