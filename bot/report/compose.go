package report

import (
	"context"
	"errors"
	"fmt"
	"time"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// Compose gathers and makes the document of a report as one that is published for the first time. The milestone is zero for a kind that is of none.
func (p *Publisher) Compose(ctx context.Context, k planning.Kind, milestone planning.Version, now time.Time) (planning.Document, error) {
	s, err := p.gather(ctx, k, milestone, now)
	if err != nil {
		return planning.Document{}, err
	}
	return p.compose(k, s)
}

// Preview is Compose with the text that would stand in GitLab: the description of the report's issue, or else its block or comment. It writes nothing.
func (p *Publisher) Preview(ctx context.Context, k planning.Kind, milestone planning.Version, now time.Time) (planning.Document, string, error) {
	s, err := p.gather(ctx, k, milestone, now)
	if err != nil {
		return planning.Document{}, "", err
	}
	d, err := p.compose(k, s)
	if err != nil || k.Place() != planning.OwnIssue {
		return d, p.o.Markdown(d), err
	}
	text, err := p.description(d, s)
	return d, text, err
}

// gather makes the snapshot of a report.
func (p *Publisher) gather(ctx context.Context, k planning.Kind, milestone planning.Version, now time.Time) (planning.Snapshot, error) {
	s, err := p.o.Gatherer.Snapshot(ctx, k, milestone, now.In(p.schedule().Location))
	if err != nil {
		return planning.Snapshot{}, fmt.Errorf("gathering the issues of the %s report: %w", k, err)
	}
	return s, nil
}

// errElsewhere says that a report is not where reports are opened.
var errElsewhere = errors.New("it stands in another project than reports are opened in now, where others may read it")

// gatherFor makes the snapshot of a report that stands on an issue. What it says depends on who reads it where reports are opened.
func (p *Publisher) gatherFor(ctx context.Context, on triage.Ref, k planning.Kind, milestone planning.Version) (planning.Snapshot, error) {
	s, err := p.gather(ctx, k, milestone, p.o.Now())
	if err == nil && s.Home.Project != on.Project {
		return planning.Snapshot{}, errElsewhere
	}
	return s, err
}

// compose makes a document of a snapshot, and counts it.
func (p *Publisher) compose(k planning.Kind, s planning.Snapshot) (planning.Document, error) {
	d, err := p.o.Compose(k, s)
	if err != nil {
		return planning.Document{}, fmt.Errorf("composing the %s report: %w", k, err)
	}
	p.metrics.composed.WithLabelValues(string(k)).Inc()
	return d, nil
}
