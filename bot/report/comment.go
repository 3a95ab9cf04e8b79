package report

import (
	"context"
	"strings"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/note"
	"flowkeeper/bot/report/document"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// comment writes the kickoff as a comment on the planning issue, or edits the one that is there.
func (p *Publisher) comment(ctx context.Context, milestone planning.Version, on triage.Ref, may check) (what string, err error) {
	key := milestone.String()
	existing, err := p.ownComments(ctx, on, document.Marker(planning.KindKickoff, key))
	if err != nil {
		return "", err
	}
	s, err := p.gatherFor(ctx, on, planning.KindKickoff, milestone)
	if err != nil {
		return "", err
	}
	if len(existing) > 0 {
		s.Previous = document.CommentState(existing[0].Body)
	}
	d, err := p.compose(planning.KindKickoff, s)
	if err != nil {
		return "", err
	}
	if d.Empty && len(existing) == 0 {
		return Nothing, nil
	}
	if p.o.Mailer != nil {
		if d.State.Mailed, err = p.o.Mailer.Prepare(ctx, key, d.Letters, s.Previous.Mailed); err != nil {
			return "", err
		}
	}
	body := document.Marker(planning.KindKickoff, key) + "\n" + p.o.Markdown(d)
	if what, err = p.writeComment(ctx, on, existing, body, may); err != nil || p.o.Mailer == nil {
		return what, err
	}
	return what, p.sendMails(ctx, key, d.Letters)
}

// writeComment makes the one comment, or edits it, or leaves it. Of several that GitLab wrote the younger go.
func (p *Publisher) writeComment(ctx context.Context, on triage.Ref, existing []gitlab.Note, body string, may check) (string, error) {
	if len(existing) == 0 {
		if err := may(ctx); err != nil {
			return "", err
		}
		_, err := p.o.GitLab.CreateNote(ctx, on, false, body)
		return Opened, err
	}
	what := Unchanged
	for _, twin := range existing[1:] {
		if err := may(ctx); err != nil {
			return "", err
		}
		if err := p.o.GitLab.DeleteNote(ctx, on, twin.ID); err != nil {
			return "", err
		}
		what = Edited
	}
	if strings.TrimSpace(existing[0].Body) == strings.TrimSpace(body) {
		return what, nil
	}
	if err := may(ctx); err != nil {
		return "", err
	}
	return Edited, p.o.GitLab.EditNote(ctx, on, existing[0].ID, body)
}

// ownComments are the bot's comments on an issue that begin with a marker, the oldest first.
func (p *Publisher) ownComments(ctx context.Context, on triage.Ref, marker string) ([]gitlab.Note, error) {
	return p.o.GitLab.OwnNotes(ctx, on, func(n gitlab.Note) bool {
		return n.Author.ID == p.o.Self.ID && strings.HasPrefix(strings.TrimSpace(n.Body), marker)
	})
}

// remind reminds, once, those whose boxes are open on a needs-weight issue.
func (p *Publisher) remind(ctx context.Context, r Request, issue gitlab.ReportIssue, result *Result) error {
	b, err := document.Parse(issue.Description, r.Report.Kind)
	if err != nil {
		return &BrokenBlock{Report: r.Report, Err: err}
	}
	var open []string
	for _, x := range b.Boxes {
		if x.Mark == planning.Unticked && x.URL() != "" {
			open = append(open, x.URL())
		}
	}
	if len(open) == 0 {
		return nil
	}
	s, err := p.o.Gatherer.Listed(ctx, r.Report.Kind, r.Report.Milestone(), p.o.Now().In(p.schedule().Location), open)
	if err != nil {
		return err
	}
	s.Previous = b.State
	reminder := planning.RemindOf(s)
	if len(reminder.People) == 0 {
		return nil
	}
	marker := document.Marker("remind", r.Report.Key)
	existing, err := p.ownComments(ctx, r.Report.Ref, marker)
	if err != nil || len(existing) > 0 {
		return err
	}
	if err := r.May(ctx); err != nil {
		return err
	}
	text := marker + "\n@" + strings.Join(reminder.People, ", @") + ": " + note.RenderProse(reminder.Text)
	if _, err := p.o.GitLab.CreateNote(ctx, r.Report.Ref, false, text); err != nil {
		return err
	}
	result.did("reminded " + strings.Join(reminder.People, ", "))
	return nil
}
