package worker

import (
	"context"
	"regexp"
	"slices"

	"flowkeeper/rules/planning"
)

// reportMark is the line by which the issue of a report is known.
var reportMark = regexp.MustCompile(`(?m)^<!-- flowkeeper:report ([a-z-]{1,40}) (\S{1,40}) -->\r?$`)

// reportFacts is what the issue shows of a report of the bot's. Only an issue that the bot opened is one: anybody can write a mark.
func (j *job) reportFacts(ctx context.Context) (planning.Report, error) {
	if !j.snap.live {
		if err := j.readIssue(ctx); err != nil {
			return planning.Report{}, err
		}
	}
	m := reportMark.FindStringSubmatch(j.snap.issue.Description)
	if m == nil || !j.view.bot.is(j.snap.issue.Author.ID) || !slices.Contains(planning.Kinds(), planning.Kind(m[1])) {
		return planning.Report{}, nil
	}
	return planning.Report{Kind: planning.Kind(m[1]), Key: m[2]}, nil
}
