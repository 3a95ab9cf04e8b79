package planning

import (
	"fmt"
	"maps"

	"flowkeeper/rules/triage"
)

// issueRow names an issue as far as everybody may know of it who reads the report, with those of its labels that are worth showing. It is false where
// the report must not name it at all: a confidential issue in a report that the public reads.
func (s Snapshot) issueRow(i *Issue, labels ...string) (IssueRow, bool) {
	switch {
	case !i.Confidential:
		return IssueRow{Ref: i.Ref, Path: i.Path, URL: i.URL, Title: i.Title, Labels: labels}, true
	case s.Home.Public:
		return IssueRow{}, false
	case s.Home.Project != i.Project:
		return IssueRow{Path: i.Path, Confidential: true}, true
	default:
		return IssueRow{Ref: i.Ref, Path: i.Path, URL: i.URL, Confidential: true}, true
	}
}

// exampleTake is how people say that they would like one of the issues listed, which they name as the report's project knows it.
func (s Snapshot) exampleTake(rows []Row) string {
	issue := "#12"
	for _, r := range rows {
		if r.Issue != nil && r.Issue.Names() {
			issue = fmt.Sprintf("#%d", r.Issue.IID)
			if r.Issue.Path != s.Home.Path {
				issue = r.Issue.Path + issue
			}
			break
		}
	}
	return s.Team.CommandCode("take " + issue)
}

// takers say who would like to do an issue, behind its row; nothing if nobody said so.
func (s Snapshot) takers(i *Issue) triage.Prose {
	text := unmentionedAll(s.Previous.Takes[i.Ref.String()])
	if len(text) == 0 {
		return nil
	}
	return text.Say(" would like to do it")
}

// carried is the state that the document goes on with. What it says of an issue that the report must not number any more is forgotten: issues become
// confidential.
func (s Snapshot) carried() State {
	state := s.Previous
	for n := range s.Issues {
		i := &s.Issues[n]
		if row, _ := s.issueRow(i); row.Names() {
			continue
		}
		if _, taken := state.Takes[i.Ref.String()]; taken {
			state.Takes = changed(state.Takes, i.Ref.String(), nil)
		}
		if _, dealt := state.Dealt[i.Ref.String()]; dealt {
			state.Dealt = maps.Clone(state.Dealt)
			delete(state.Dealt, i.Ref.String())
		}
	}
	return state
}
