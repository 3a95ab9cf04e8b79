package report

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// Overview is what operators see of the reports.
type Overview struct {
	Reports []Status `json:"reports"`
	Open    []Open   `json:"open"` // those that stand on issues, the oldest first
}

// Status is a report that is due by itself.
type Status struct {
	Report  planning.Kind `json:"report"`
	Mode    triage.Mode   `json:"mode"`
	NextAt  time.Time     `json:"next_at,omitzero"` // when it is due next; zero if it is off
	NextKey string        `json:"next_key,omitempty"`
	Last    *Kept         `json:"last,omitempty"` // what became of it when it was last due, without the document; nil if that is not known
}

// Open is a report that stands on an issue.
type Open struct {
	Report   planning.Kind `json:"report"`
	Key      string        `json:"key"`
	Issue    string        `json:"issue"` // "7#12"
	OpenedAt time.Time     `json:"opened_at"`
	Due      planning.Date `json:"due,omitzero"`
	Broken   string        `json:"broken,omitempty"` // why nothing is written to it
}

// Overview reads what is known of the reports.
func (p *Publisher) Overview(ctx context.Context) (Overview, error) {
	o := Overview{Reports: []Status{}, Open: []Open{}}
	schedule := p.schedule()
	for _, k := range scheduled {
		s := Status{Report: k, Mode: schedule.mode(k)}
		if s.Mode != triage.Off {
			calendar, err := p.Calendar(ctx)
			if err != nil {
				return Overview{}, err
			}
			if next, ok := schedule.Next(k, calendar, p.o.Now()); ok {
				s.NextAt, s.NextKey = next.At, next.Key()
			}
		}
		last, ok, err := p.KeptReport(ctx, k)
		if err != nil {
			return Overview{}, err
		}
		if last.Document = ""; ok {
			s.Last = &last
		}
		o.Reports = append(o.Reports, s)
	}
	list, _, err := p.entries(ctx)
	if err != nil {
		return Overview{}, err
	}
	for _, e := range list {
		broken, err := p.Broken(ctx, e.Ref)
		if err != nil {
			return Overview{}, err
		}
		o.Open = append(o.Open, Open{Report: e.Kind, Key: e.Key, Issue: e.Ref.String(), OpenedAt: e.OpenedAt, Due: e.Due, Broken: broken})
	}
	return o, nil
}

// WriteText writes it for people.
func (o Overview) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "REPORT\tMODE\tNEXT\tLAST")
	for _, s := range o.Reports {
		next, last := "-", "-"
		if !s.NextAt.IsZero() {
			next = s.NextAt.Format("2006-01-02 15:04 MST") + " (" + s.NextKey + ")"
		}
		if s.Last != nil {
			last = s.Last.Key + ": " + s.Last.Outcome.What
			if s.Last.Error != "" {
				last = s.Last.Key + ": failed: " + s.Last.Error
			}
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", s.Report, s.Mode, next, last)
	}
	fmt.Fprintln(t, "\nOPEN\tKEY\tISSUE\tDUE\t")
	for _, e := range o.Open {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", e.Report, e.Key, e.Issue, e.Due, e.Broken)
	}
	return t.Flush()
}
