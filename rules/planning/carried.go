package planning

import "maps"

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
