package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// job is work that GitLab leaves to its background workers: it happens some time after the request that asked for it, in an order of its own.
type job struct {
	name string // "prepare merge request 1!3", "close issue 1#2"
	due  time.Time
	run  func() // under the server's lock
}

// HoldJobs keeps background jobs back until RunJobs or ReleaseJobs: the time between a request and what GitLab does later on.
func (s *Server) HoldJobs() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.jobsHeld = true
}

// WaitingJobs names the background jobs that were not run yet, the oldest first: "prepare merge request 1!3".
func (s *Server) WaitingJobs() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := make([]string, len(s.jobs))
	for n, j := range s.jobs {
		names[n] = j.name
	}
	return names
}

// RunJobs runs waiting jobs now, also such as are held or not due yet: for each name the oldest one that contains it, in this order.
func (s *Server) RunJobs(names ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range names {
		at := slices.IndexFunc(s.jobs, func(j *job) bool { return strings.Contains(j.name, name) })
		if at < 0 {
			return fmt.Errorf("running job %q: there is none; %d wait", name, len(s.jobs))
		}
		s.runJob(at)
	}
	return nil
}

// ReleaseJobs lets background jobs run again as they come. It is also to be called when a clock that was given as Options.Now has moved: what
// became due by that runs then.
func (s *Server) ReleaseJobs() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.jobsHeld = false
	s.startWorker()
}

// later leaves something to a background job. With the clock of the machine a delayed one runs by itself, with another one when ReleaseJobs is
// called. The caller holds the lock.
func (s *Server) later(name string, delay time.Duration, run func()) {
	if s.closed {
		return
	}
	s.jobs = append(s.jobs, &job{name: name, due: s.now().Add(delay), run: run})
	if delay > 0 && s.ownClock {
		s.timers = append(s.timers, time.AfterFunc(delay, s.wakeWorker))
	}
	s.startWorker()
}

func (s *Server) wakeWorker() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.startWorker()
}

// startWorker starts the worker if there is something for it to do. The caller holds the lock.
func (s *Server) startWorker() {
	if s.working || s.closed || s.nextJob() < 0 {
		return
	}
	s.working = true
	s.senders.Go(s.work)
}

// work runs jobs until none is due.
func (s *Server) work() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.closed {
		at := s.nextJob()
		if at < 0 {
			break
		}
		s.runJob(at)
		s.mu.Unlock() // whoever waits comes in between
		s.mu.Lock()
	}
	s.working = false
	s.notify()
}

// nextJob is the place of the job that is to run now, -1 if there is none.
func (s *Server) nextJob() int {
	if s.jobsHeld {
		return -1
	}
	now := s.now()
	return slices.IndexFunc(s.jobs, func(j *job) bool { return !j.due.After(now) })
}

func (s *Server) runJob(at int) {
	j := s.jobs[at]
	s.jobs = slices.Delete(s.jobs, at, at+1)
	j.run()
	s.notify()
}
