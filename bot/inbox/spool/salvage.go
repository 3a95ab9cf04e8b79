package spool

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"go.uber.org/zap"
)

// openFile opens the file and lists what is in it. A damaged one is moved aside and what can be read of it is copied into a new one.
func openFile(o Options) (*file, []left, error) {
	f, found, err := openAsIs(o)
	if !errors.Is(err, errDamaged) {
		return f, found, err
	}
	aside, moved := moveAside(o)
	if moved != nil {
		return nil, nil, errors.Join(err, fmt.Errorf("moving it aside: %w", moved), discard(f))
	}
	damage := err
	fresh, _, err := openAsIs(o)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("making a new file after the damaged one was moved to %s: %w", aside, err), discard(f))
	}
	saved, err := salvage(f, fresh, found)
	o.Log.Error("the spool's file was damaged; it was moved aside and what could be read was copied into a new one",
		zap.String("moved_to", aside), zap.Int("saved", len(saved)), zap.Error(errors.Join(damage, err)))
	if err := discard(f); err != nil {
		o.Log.Warn("closing the damaged file", zap.String("file", aside), zap.Error(err))
	}
	return fresh, saved, nil
}

// openAsIs also returns the file if it is damaged but can be opened.
func openAsIs(o Options) (*file, []left, error) {
	db, err := openDB(o.Path, o.LockWait)
	if err != nil {
		return nil, nil, err
	}
	f := &file{db: db}
	found, err := f.load()
	if errors.Is(err, errNew) {
		err = f.prepare()
	}
	if err != nil && !errors.Is(err, errDamaged) {
		return nil, nil, errors.Join(err, f.close())
	}
	return f, found, err
}

func discard(f *file) error {
	if f == nil {
		return nil
	}
	return f.close()
}

// moveAside renames the file to a name that no other has.
func moveAside(o Options) (string, error) {
	name := o.Path + ".damaged-" + o.Now().UTC().Format("20060102T150405Z")
	aside := name
	for n := 2; ; n++ {
		if _, err := os.Lstat(aside); errors.Is(err, os.ErrNotExist) {
			break
		} else if err != nil {
			return "", err
		}
		aside = fmt.Sprintf("%s-%d", name, n)
	}
	return aside, os.Rename(o.Path, aside)
}

// salvage copies what could be listed, under the same numbers. It returns what is in the new file.
func salvage(from, to *file, found []left) (saved []left, err error) {
	for group := range slices.Chunk(found, putTogether) {
		puts := make([]*write, 0, len(group))
		for _, e := range group {
			r, err := from.read(e.seq)
			if err != nil {
				return saved, fmt.Errorf("copying delivery %d: %w", e.seq, err)
			}
			puts = append(puts, &write{entry: e.entry, raw: r.encode()})
		}
		if err := to.commit(puts, nil); err != nil {
			return saved, fmt.Errorf("copying %d deliveries: %w", len(puts), err)
		}
		saved = append(saved, group...)
	}
	return saved, nil
}
