package bolt

import "go.etcd.io/bbolt"

// tally is how many deliveries wait in all mailboxes. Only the writer uses it. The boxes in the file say the same together; here it costs
// a transaction no page.
type tally struct {
	kept  int64
	added int64 // by the transaction under way, below 0 if it took more away
}

// load counts what waits in the file.
func (t *tally) load(tx *bbolt.Tx) error {
	for _, raw := range scan(tx.Bucket(bucketBoxes), nil) {
		b, err := decodeBox(raw)
		if err != nil {
			return err
		}
		t.kept += b.waiting
	}
	return nil
}

func (t *tally) waiting() int64 { return t.kept + t.added }

func (t *tally) add(n int64) { t.added += n }

// committed and dropped say what became of the transaction.
func (t *tally) committed() { t.kept, t.added = t.waiting(), 0 }

func (t *tally) dropped() { t.added = 0 }
