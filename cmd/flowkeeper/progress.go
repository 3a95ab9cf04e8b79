package main

import (
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows on a terminal how far something has come that takes longer than a second. Elsewhere it shows nothing.
type progress struct {
	out  *os.File // nil shows nothing
	noun string   // what is counted: "issues"

	mu    sync.Mutex
	began time.Time
	bar   *progressbar.ProgressBar
}

// quick is how long something may take before its progress is shown.
const quick = time.Second

// progress prepares to show how far something has come. Call done at its end.
func (p *program) progress(noun string) *progress {
	bar := &progress{noun: noun, began: time.Now()}
	if file, ok := p.err.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		bar.out = file
	}
	return bar
}

// set says how many are done, of how many; of 0 is not known. It may be called by several goroutines.
func (p *progress) set(done, of int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out == nil || p.bar == nil && time.Since(p.began) < quick {
		return
	}
	if of == 0 {
		of = -1
	}
	if p.bar == nil {
		p.bar = progressbar.NewOptions(of, progressbar.OptionSetWriter(p.out), progressbar.OptionSetDescription(p.noun), progressbar.OptionShowCount(),
			progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetWidth(30))
	}
	_ = p.bar.Set(done) // only a terminal that went away
}

// done takes the bar away.
func (p *progress) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
