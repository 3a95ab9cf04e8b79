package planning

import "flowkeeper/rules/triage"

// issueRow names an issue as far as everybody may know of it who reads the report, with those of its labels that are worth showing. It is false where
// the report must not name it at all: a confidential issue in a report that the public reads.
func (s Snapshot) issueRow(i *Issue, labels ...string) (IssueRow, bool) {
	switch {
	case !i.Confidential:
		row := IssueRow{Ref: i.Ref, Path: i.Path, URL: i.URL, Title: i.Title, Labels: triage.WithoutStatus(labels)}
		if len(row.Labels) < len(labels) {
			row.Status = i.Status
		}
		return row, true
	case s.Home.Public:
		return IssueRow{}, false
	case s.Home.Project != i.Project:
		return IssueRow{Path: i.Path, Confidential: true}, true
	default:
		return IssueRow{Ref: i.Ref, Path: i.Path, URL: i.URL, Confidential: true}, true
	}
}
