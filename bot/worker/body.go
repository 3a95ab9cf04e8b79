package worker

import (
	"encoding/json"
	"fmt"
	"time"

	"flowkeeper/rules/triage"
)

// Body is what the inbox keeps of a delivery: the event and the issue as the payload showed it.
type Body struct {
	Event triage.Event `json:"e"`
	Issue triage.Issue `json:"i"`
	// Came is when the bot came to the project of a swept issue, zero if that is long ago. An older issue is left in peace unless a person
	// touched it since.
	Came time.Time `json:"c,omitzero"`
	// Adopted says that the issue is taken up with its project's backlog: one that nothing is known of counts as opened, however old it is.
	Adopted bool `json:"a,omitempty"`
}

// Encode writes a body for the inbox, a few hundred bytes of JSON.
func (b Body) Encode() ([]byte, error) {
	data, err := json.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("encoding a delivery for %s: %w", b.Issue.Ref, err)
	}
	return data, nil
}

// decodeBody reads what Encode wrote. A body that another version wrote and this one cannot read counts as a reason to look at the
// issue afresh, so that it is not lost.
func decodeBody(data []byte, ref triage.Ref) (Body, bool) {
	var b Body
	if err := json.Unmarshal(data, &b); err != nil || b.Issue.Ref != ref {
		return Body{Event: triage.Event{Kind: triage.Swept}}, false
	}
	return b, true
}
