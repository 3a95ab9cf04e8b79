package triage

// ReportEdit is what a command changes in the state of a report's document. The zero value only composes the document afresh.
type ReportEdit struct {
	Person   string `json:"p,omitempty"`  // whom it is about, a username
	AwayFrom string `json:"af,omitempty"` // first day away: "2026-12-21"
	AwayTo   string `json:"at,omitempty"` // last day away
	Back     string `json:"b,omitempty"`  // back from this day on: days away that begin on it go, those that hold it end the day before
	Takes    *Ref   `json:"t,omitempty"`  // an issue that the person would like to be assigned
	Note     int64  `json:"n,omitempty"`  // the comment that wants it; set by the engine
}

// ReportName names a report: its kind ("planning"), and its key among those of the kind, the milestone's title or a date.
type ReportName struct{ Kind, Key string }

// ReportFacts is what a command may know of the report on whose issue it is written. Without a kind, the issue is no report of the bot's.
type ReportFacts struct {
	ReportName

	Away  []Days // when the writer is away, as commands said
	Takes []Ref  // what the writer would like to be assigned
}

// Days are some days, the first and the last included, written as 2026-12-21.
type Days struct{ From, To string }
