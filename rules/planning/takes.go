package planning

import (
	"fmt"

	"flowkeeper/rules/triage"
)

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
