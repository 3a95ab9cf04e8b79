package spool

import "time"

// circuit remembers whether the inbox answers. While it is open nobody waits for the inbox but one try at a time. It has no lock of its
// own: Spool.mu guards it.
type circuit struct {
	open    bool
	since   time.Time // when it was opened
	probing bool      // a lane is out to find out
	next    time.Time // not to be tried before
}

// fail opens the circuit and reports whether it was closed.
func (c *circuit) fail(now time.Time, probe time.Duration) (opened bool) {
	if c.open {
		return false
	}
	*c = circuit{open: true, since: now, next: now.Add(probe)}
	return true
}

// answer closes the circuit and reports whether it was open.
func (c *circuit) answer() (closed bool) {
	closed = c.open
	*c = circuit{}
	return closed
}

// probed ends a try that a lane was out for.
func (c *circuit) probed(now time.Time, probe time.Duration) {
	c.probing, c.next = false, now.Add(probe)
}
