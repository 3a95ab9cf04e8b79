package access

import (
	"context"
	"slices"
	"time"

	"flowkeeper/bot/budget"
)

const (
	// firstLook is how long a start waits.
	firstLook = 5 * time.Second
	// unknownFor is the time until GitLab is asked again that did not answer, missingFor until what was missing is looked at again.
	unknownFor, missingFor = time.Minute, 10 * time.Minute
)

// Watch keeps known what is missing: until GitLab has answered, until somebody has given the bot what it lacks, and when it is told to look again.
type Watch struct {
	always bool // it looks also while nothing is missing
	look   func(context.Context) (missing []string, err error)
	tell   func(missing []string)

	another chan struct{}
	known   bool
	missing []string
}

// NewWatch makes a Watch that looks with one function, and tells the other what is missing when that has changed. An error of look is not told.
func NewWatch(look func(context.Context) (missing []string, err error), tell func(missing []string)) *Watch {
	return &Watch{look: look, tell: tell, another: make(chan struct{}, 1)}
}

// Always has the Watch look every ten minutes also while nothing is missing, for what may be taken away.
func (w *Watch) Always() *Watch {
	w.always = true
	return w
}

// LookAgain has it look, as for another token. It does not wait for that.
func (w *Watch) LookAgain() {
	select {
	case w.another <- struct{}{}:
	default: // it will be looked at anyway
	}
}

// CheckOnce looks for the start, which does not wait for long. Run comes after it.
func (w *Watch) CheckOnce(ctx context.Context) {
	ctx, cancel := context.WithTimeout(budget.Urgent(ctx), firstLook)
	defer cancel()
	w.check(ctx)
}

// Run watches until ctx ends.
func (w *Watch) Run(ctx context.Context) {
	for {
		var later <-chan time.Time
		switch {
		case !w.known:
			later = time.After(unknownFor)
		case w.always || len(w.missing) > 0:
			later = time.After(missingFor)
		}
		select {
		case <-ctx.Done():
			return
		case <-w.another:
			w.check(budget.Urgent(ctx)) // whoever reloaded waits for it
		case <-later:
			w.check(ctx)
		}
	}
}

func (w *Watch) check(ctx context.Context) {
	missing, err := w.look(ctx)
	w.known = err == nil
	if w.known && !slices.Equal(missing, w.missing) {
		w.missing = missing
		w.tell(missing)
	}
}
