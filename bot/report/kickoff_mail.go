package report

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"flowkeeper/bot/legible"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// mailed is what is remembered of the mails of a kickoff.
type mailed struct {
	Again   time.Time `json:"again,omitzero"` // when those that wait are tried again
	Outcome string    `json:"outcome"`        // for people
}

// maxMailed bounds what is said of mails, in characters: checkpoints are small.
const maxMailed = 900

func mailedName(key string) string { return "reports/mailed/" + key }

func (p *Publisher) mailed(ctx context.Context, key string) (m mailed, err error) {
	value, err := p.o.Coordination.Checkpoint(ctx, mailedName(key))
	if err != nil || json.Unmarshal(value, &m) != nil {
		return mailed{}, err
	}
	return m, nil
}

// sendMails sends the mails of a kickoff whose comment is there, and remembers what became of them.
func (p *Publisher) sendMails(ctx context.Context, key string, letters []planning.Letter) error {
	o, err := p.o.Mailer.Send(ctx, key, letters)
	if err != nil {
		return err
	}
	value, err := json.Marshal(mailed{Again: o.Again, Outcome: legible.Cut(o.String(), maxMailed)})
	if err != nil {
		return err
	}
	return p.o.Coordination.SetCheckpoint(ctx, mailedName(key), value)
}

// mailDue has the worker try the mails again that wait, where it is time.
func (p *Publisher) mailDue(ctx context.Context) error {
	if p.o.Mailer == nil || p.schedule().mode(planning.KindKickoff) != triage.Act {
		return nil
	}
	list, _, err := p.entries(ctx)
	if err != nil {
		return err
	}
	for _, e := range list {
		if e.Kind != planning.KindPlanning {
			continue
		}
		m, err := p.mailed(ctx, e.Key)
		if err != nil {
			return err
		}
		if m.Again.IsZero() || p.o.Now().Before(m.Again) {
			continue
		}
		key := fmt.Sprintf("report/mails/%s/%d", e.Ref, m.Again.Unix())
		if err := p.enqueue(ctx, e.Ref, Kickoff, 0, key); err != nil {
			return err
		}
	}
	return nil
}
