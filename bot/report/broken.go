package report

import (
	"context"
	"errors"
	"fmt"

	"flowkeeper/rules/triage"
)

// BrokenBlock says that nothing was written, because people broke the block of a report.
type BrokenBlock struct {
	Report Entry
	Err    error // of package document
}

func (b *BrokenBlock) Error() string {
	return fmt.Sprintf("the %s report on %s is not written: %v", b.Report.Kind, b.Report.Ref, b.Err)
}

// Unwrap gives the cause.
func (b *BrokenBlock) Unwrap() error { return b.Err }

// isBroken reports whether people broke the block of a report.
func isBroken(err error) bool {
	_, is := errors.AsType[*BrokenBlock](err)
	return is
}

// noteBroken keeps for operators that a report is broken, until it is whole again.
func (p *Publisher) noteBroken(ctx context.Context, e Entry, err error) error {
	text := ""
	if isBroken(err) {
		text = err.Error()
	} else if err != nil {
		return nil
	}
	before, err := p.Broken(ctx, e.Ref)
	if err != nil || before == text {
		return err
	}
	return p.o.Coordination.SetCheckpoint(ctx, brokenName(e.Ref), []byte(text))
}

// Broken says why nothing is written to the issue of a report, "" if nothing keeps the bot from it.
func (p *Publisher) Broken(ctx context.Context, ref triage.Ref) (string, error) {
	text, err := p.o.Coordination.Checkpoint(ctx, brokenName(ref))
	return string(text), err
}

// brokenName names the checkpoint of what is wrong with a report.
func brokenName(ref triage.Ref) string { return "reports/broken/" + ref.String() }
