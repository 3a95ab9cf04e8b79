// Package check looks at everything that a bot needs before it serves: GitLab and what the token may do there, Redis, the disk, its own
// address, mail. It changes nothing and decides nothing; what it finds are sentences, and what a person can do about each. It knows neither the
// configuration nor where findings are printed.
package check

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Status is how something is.
type Status string

// What a finding can be: a warning is about what works and could be better or may soon be worse, a failure about what does not work.
const (
	OK   Status = "ok"
	Warn Status = "warn"
	Fail Status = "fail"
)

// Finding is one thing that was looked at.
type Finding struct {
	What   string `json:"what"` // "token"
	Status Status `json:"status"`
	Detail string `json:"detail"` // how it is, without a full stop
	Do     string `json:"do"`     // what a person can do; "" if nothing
}

// Good is a finding of what is as it should be.
func Good(what, detail string) Finding { return Finding{what, OK, detail, ""} }

func warned(what, detail, do string) Finding { return Finding{what, Warn, detail, do} }

func failed(what, detail, do string) Finding { return Finding{what, Fail, detail, do} }

// Part looks at one thing. It ends soon after its context does.
type Part func(ctx context.Context) []Finding

// Limit is how long a part may take. What is asked in it has shorter times of its own.
const Limit = 5 * time.Minute

// Run lets all parts look at the same time, and gives their findings in the order of the parts.
func Run(ctx context.Context, parts ...Part) []Finding {
	ctx, cancel := context.WithTimeout(ctx, Limit)
	defer cancel()
	found := make([][]Finding, len(parts))
	var group sync.WaitGroup
	for n, look := range parts {
		group.Go(func() { found[n] = look(ctx) })
	}
	group.Wait()
	return slices.Concat(found...)
}

// Of is a part that knows its findings already.
func Of(findings ...Finding) Part {
	return func(context.Context) []Finding { return findings }
}

// Count is how many findings have a status.
func Count(findings []Finding, status Status) int {
	n := 0
	for _, f := range findings {
		if f.Status == status {
			n++
		}
	}
	return n
}
