package spool

import (
	"fmt"
	"path/filepath"
	"runtime"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/inbox"
)

// Sizes of one transaction: deliveries put into the file, and removed from it.
const (
	putTogether    = 1024
	removeTogether = 4096
)

// writes is the only one who writes the file: what waits goes into one transaction, and whoever waits for it is answered after the
// commit, so that many deliveries share the cost of one sync. It ends when the spool is closed, after everything was tried.
func (s *Spool) writes() {
	defer close(s.written)
	retry := time.NewTimer(s.o.Probe)
	defer retry.Stop()
	for {
		closing, again := false, false
		select {
		case <-s.work:
		case <-retry.C:
			again = s.unwritable()
		case <-s.closing:
			closing = true
		}
		// A sync keeps a processor waiting: whoever can run now hands in its delivery before, if it has one.
		runtime.Gosched()
		for puts, removals := s.nextWrites(); again || len(puts)+len(removals) > 0; puts, removals = s.nextWrites() {
			again = false
			if !s.settle(puts, removals, s.file.commit(puts, removals)) {
				retry.Reset(s.o.Probe)
				break
			}
		}
		if closing {
			return
		}
	}
}

// unwritable reports whether the last commit failed. Then even an empty one tells something.
func (s *Spool) unwritable() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unsaved != nil
}

// nextWrites takes what the next transaction is to do.
func (s *Spool) nextWrites() (puts []*write, removals []entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	puts, s.queue = cut(s.queue, putTogether)
	removals, s.gone = cut(s.gone, removeTogether)
	return puts, removals
}

// cut splits a slice after at most n elements.
func cut[E any](all []E, n int) (first, rest []E) {
	n = min(n, len(all))
	if n == len(all) {
		return all, nil
	}
	return all[:n:n], all[n:]
}

// settle says what became of a transaction, and reports whether there is sense in another one at once. What was not removed is removed
// later: it is delivered and takes nothing but room.
func (s *Spool) settle(puts []*write, removals []entry, err error) (goOn bool) {
	if err != nil {
		err = fmt.Errorf("the spool in %s cannot be written; free disk space, or make the directory writable: %w",
			filepath.Dir(s.o.Path), err)
	}
	s.mu.Lock()
	again := s.unsaved != nil
	s.unsaved = err
	for _, w := range puts {
		if err != nil {
			s.backlog.settle(w, fmt.Errorf("%w: %w", inbox.ErrUnavailable, err))
		} else {
			s.backlog.settle(w, nil)
		}
	}
	if err != nil {
		s.gone = append(s.gone, removals...)
	} else {
		for _, e := range removals {
			s.backlog.removed(e)
		}
	}
	queued := len(s.queue)
	s.setStraight()
	s.mu.Unlock()

	for _, w := range puts {
		close(w.done)
	}
	switch {
	case err == nil:
		s.metrics.spooled.Add(float64(len(puts)))
		signal(s.wake)
		return true
	case !again:
		s.o.Log.Error("the spool cannot be written", zap.Int("deliveries", len(puts)), zap.Error(err))
	}
	return queued > 0
}
