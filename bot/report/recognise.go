package report

import (
	"context"
	"slices"

	"flowkeeper/rules/triage"
)

// Recognise reads an issue and says whether it is an open report of the bot's, by its marker, its author and its project: anybody can write a
// marker, or move an issue. What the
// registry does not know is put into it. One of two that GitLab opened is none: the other one is looked at, and closes it.
func (p *Publisher) Recognise(ctx context.Context, ref triage.Ref) (Entry, bool, error) {
	i, err := p.o.GitLab.ReportIssue(ctx, ref)
	if err != nil {
		return Entry{}, false, err
	}
	e, ok := entryOf(i)
	if !ok || i.Closed || i.Author.ID != p.o.Self.ID {
		return Entry{}, false, nil
	}
	if home, err := p.o.Gatherer.Home(ctx); err != nil || home.Project != ref.Project {
		return Entry{}, false, err
	}
	list, _, err := p.entries(ctx)
	if err != nil {
		return Entry{}, false, err
	}
	n := slices.IndexFunc(list, func(o Entry) bool { return o.is(e.Kind, e.Key) })
	if n < 0 {
		return e, true, p.note(ctx, e)
	}
	first := list[n]
	if first.Ref == e.Ref {
		return first, true, nil
	}
	first.Doubt = p.o.Now()
	if err := p.note(ctx, first); err != nil {
		return Entry{}, false, err
	}
	return Entry{}, false, p.enqueue(ctx, first.Ref, Update, 0, "")
}
