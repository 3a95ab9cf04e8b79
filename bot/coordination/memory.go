package coordination

import (
	"context"
	"maps"
	"sync"
	"time"
)

// Memory is a Store in this process: for what need not outlive it. Its methods do not fail.
type Memory struct {
	now    func() time.Time
	mu     sync.Mutex
	values map[string]expiring
}

type expiring struct {
	value string
	until time.Time
}

// NewMemory is an empty store with this clock.
func NewMemory(now func() time.Time) *Memory {
	return &Memory{now: now, values: map[string]expiring{}}
}

func (m *Memory) Get(_ context.Context, name string) ([]byte, time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	if v, ok := m.values[name]; ok && v.until.After(now) {
		return []byte(v.value), now, nil
	}
	return nil, now, nil
}

// CompareAndSwap forgets what has expired, too: the program itself names the values, so there are few.
func (m *Memory) CompareAndSwap(_ context.Context, name string, old, value []byte, ttl time.Duration) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	maps.DeleteFunc(m.values, func(_ string, v expiring) bool { return !v.until.After(now) })
	if m.values[name].value != string(old) {
		return false, nil
	}
	if len(value) == 0 {
		delete(m.values, name)
		return true, nil
	}
	m.values[name] = expiring{string(value), now.Add(ttl)}
	return true, nil
}
