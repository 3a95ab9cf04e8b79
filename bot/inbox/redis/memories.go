package redis

import (
	"context"

	"flowkeeper/rules/triage"
)

func (s *Store) Memories(ctx context.Context, issues []triage.Ref) ([][]byte, error) {
	if len(issues) == 0 {
		return nil, nil
	}
	keys := []string{s.keys.numbers()}
	for _, issue := range issues {
		keys = append(keys, s.keys.memory(issue.String()))
	}
	r, err := s.run(ctx, "reading what is remembered", memoriesScript, keys, s.clock())
	if err != nil {
		return nil, err
	}
	all := make([][]byte, len(issues))
	for n := range all {
		all[n] = r.bytes(n)
	}
	return all, nil
}
