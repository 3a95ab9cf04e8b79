// Package shadow tells from kept decisions what rules in shadow would have done: what an operator reads before letting them act.
package shadow

import (
	"context"
	"slices"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/rules/triage"
)

// MaxIssues bounds a report, the newest come first.
const MaxIssues = 1000

// Report is what rules in shadow would have done.
type Report struct {
	Issues []Issue   `json:"issues"`
	Rules  []Tally   `json:"rules"`           // those that would have done something, most issues first; all issues count
	More   int       `json:"more,omitempty"`  // issues that are left out
	Oldest time.Time `json:"oldest,omitzero"` // set if nothing is kept of earlier times, though it was asked for
}

// Issue is what the rules would have done on one issue, each by its newest decision that would have done something.
type Issue struct {
	Project int64              `json:"project"`
	Path    string             `json:"path,omitempty"` // of the project
	Kind    triage.SubjectKind `json:"kind"`           // "issue" or "merge_request"
	IID     int64              `json:"iid"`
	At      time.Time          `json:"at"` // of the newest of these decisions
	Would   []Would            `json:"would"`
}

// Would is what one rule would have done, in words, and why.
type Would struct {
	Rule   string   `json:"rule"`
	Would  []string `json:"would"`
	Reason string   `json:"reason"`
}

// Tally says on how many issues a rule would have done something.
type Tally struct {
	Rule   string `json:"rule"`
	Issues int    `json:"issues"`
}

// Store is where decisions are kept.
type Store interface {
	RecentRecords(ctx context.Context, limit int) ([]inbox.Record, error)
}

// ReportSince is what rules in shadow would have done since a time, by the decisions that are kept.
func ReportSince(ctx context.Context, kept Store, since time.Time) (Report, error) {
	records, err := kept.RecentRecords(ctx, inbox.RecordsOverall)
	return ReportOf(records, since, len(records) >= inbox.RecordsOverall), err
}

// ReportOf reads the decisions since a time, which are given newest first. full says that the store may have forgotten earlier ones.
func ReportOf(records []inbox.Record, since time.Time, full bool) Report {
	r := Report{Issues: []Issue{}, Rules: []Tally{}}
	place := map[triage.Ref]int{}
	tally := map[string]int{}
	for _, kept := range records {
		if kept.At.Before(since) {
			full = false
			break
		}
		said, err := record.DecodeDecision(kept.Body)
		if err != nil {
			continue // of another release
		}
		for _, f := range said.Findings {
			if len(f.Would) == 0 {
				continue
			}
			n, known := place[kept.Issue]
			if !known {
				n = len(r.Issues)
				place[kept.Issue] = n
				r.Issues = append(r.Issues, Issue{Project: kept.Issue.Project, Path: said.Path, Kind: kept.Issue.Kind, IID: kept.Issue.IID, At: kept.At})
			}
			i := &r.Issues[n]
			if !slices.ContainsFunc(i.Would, func(w Would) bool { return w.Rule == f.Rule }) {
				i.Would = append(i.Would, Would{f.Rule, f.Would, f.Reason})
				tally[f.Rule]++
			}
		}
	}
	if full && len(records) > 0 {
		r.Oldest = records[len(records)-1].At
	}
	for rule, n := range tally {
		r.Rules = append(r.Rules, Tally{rule, n})
	}
	slices.SortFunc(r.Rules, byIssues)
	if r.More = max(0, len(r.Issues)-MaxIssues); r.More > 0 {
		r.Issues = r.Issues[:MaxIssues]
	}
	return r
}
