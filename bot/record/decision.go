package record

import (
	"encoding/json"
	"fmt"

	"flowkeeper/rules/engine"
)

// Decision is what was made of the events of an issue: what had happened, what every rule said and what was done about it.
type Decision struct {
	Events       []string         `json:"events"`                 // the kinds of each, in words
	Path         string           `json:"path,omitempty"`         // of the project
	Confidential bool             `json:"confidential,omitempty"` // the issue was
	InScope      bool             `json:"ours"`
	Reason       string           `json:"reason,omitempty"` // why the issue was left alone
	Commands     []engine.Result  `json:"commands,omitempty"`
	Findings     []engine.Finding `json:"findings,omitempty"`   // of the rules that were run
	Done         []string         `json:"done,omitempty"`       // in words
	Attempt      int              `json:"attempt"`              // from 1
	Deliveries   []string         `json:"deliveries,omitempty"` // the ids of the newest of those that were handled, at most MaxDeliveries
	Error        string           `json:"error,omitempty"`      // why it was given up, or not carried out to its end
}

// MaxDeliveries is how many deliveries a decision names.
const MaxDeliveries = 10

// Encode writes a decision for the inbox, some kilobytes.
func (d Decision) Encode() ([]byte, error) {
	data, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("encoding a decision: %w", err)
	}
	return data, nil
}

// DecodeDecision reads what Encode wrote. The error says why it cannot.
func DecodeDecision(data []byte) (Decision, error) {
	var kept struct {
		stored
		Decision
	}
	err := json.Unmarshal(data, &kept)
	if err = kept.check(err); err != nil {
		return Decision{}, fmt.Errorf("a kept decision cannot be read: %w", err)
	}
	return kept.Decision, nil
}
