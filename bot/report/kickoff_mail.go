package report

import (
	"context"
	"encoding/json"
	"time"

	"flowkeeper/bot/legible"
	"flowkeeper/rules/planning"
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

// mailsDue is when mails of the kickoff that stands on a report's issue are to be tried again; zero is never.
func (p *Publisher) mailsDue(ctx context.Context, e Entry) (time.Time, error) {
	if p.o.Mailer == nil || e.Kind != planning.KindPlanning {
		return time.Time{}, nil
	}
	m, err := p.mailed(ctx, e.Key)
	return m.Again, err
}
