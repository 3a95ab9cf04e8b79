package worker

import (
	"context"
	"maps"
	"slices"

	"flowkeeper/bot/report/document"
	"flowkeeper/rules/planning"
)

// reportFacts is what the issue shows of a report of the bot's. Only an issue that the bot opened is one: anybody can write a mark.
func (j *job) reportFacts(ctx context.Context) (planning.Report, error) {
	if !j.snap.live {
		if err := j.readIssue(ctx); err != nil {
			return planning.Report{}, err
		}
	}
	kind, key, marked := document.FindMarker(j.snap.issue.Description)
	if !marked || !j.view.bot.is(j.snap.issue.Author.ID) || !slices.Contains(planning.Kinds(), kind) {
		return planning.Report{}, nil
	}
	r := planning.Report{Kind: kind, Key: key, State: planning.State{Away: map[string][]planning.DateRange{}, Takes: map[string][]string{}}}
	for _, k := range planning.Kinds() {
		block, err := document.Parse(j.snap.issue.Description, k)
		if err != nil {
			continue // there is none, or whoever publishes the report says what is wrong with it
		}
		// A command changes the states of all blocks of an issue.
		maps.Copy(r.State.Away, block.State.Away)
		maps.Copy(r.State.Takes, block.State.Takes)
	}
	return r, nil
}
