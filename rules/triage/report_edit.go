package triage

// ReportEdit is what a command changes in the state of a report's document. The zero value only composes the document afresh.
type ReportEdit struct {
	Person   string `json:"p,omitempty"`  // whom it is about, a username
	AwayFrom string `json:"af,omitempty"` // first day away: "2026-12-21"
	AwayTo   string `json:"at,omitempty"` // last day away
	Back     string `json:"b,omitempty"`  // back from this first day away: the entry that begins or holds it goes
	Takes    *Ref   `json:"t,omitempty"`  // an issue that the person would like to be assigned
}
