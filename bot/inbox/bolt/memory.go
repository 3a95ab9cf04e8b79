package bolt

import (
	"go.etcd.io/bbolt"

	"flowkeeper/bot/inbox"
)

// keepMemory replaces the issue's memory, or keeps it if the new one is nil, and starts its time anew.
func keepMemory(tx *bbolt.Tx, issue, memory []byte, now int64) error {
	if memory == nil {
		memory = memories.get(tx, issue, now)
	}
	if memory == nil {
		return nil
	}
	return memories.put(tx, issue, memory, now+inbox.KeepMemory.Microseconds())
}
