package check

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// How much room the disk should have. What waits there is small; what is left should outlast a day of a GitLab that is away.
const (
	spaceWarn = 1 << 30
	spaceFail = 64 << 20
)

// Data looks at the directory in which the inbox or the spool is. That a running bot uses it is fine. What is not there yet is not made. The files
// are those in it that serve opens.
func Data(dir string, files ...string) Part {
	return func(context.Context) []Finding {
		const what = "data"
		at, missing, err := nearest(dir)
		if err == nil {
			err = writable(at, files)
		}
		if err != nil {
			return []Finding{failed(what, err.Error(), "give the user that runs the bot the right to write there, or name another place in inbox.data_dir (FLOWKEEPER_DATA_DIR)")}
		}
		text := dir + " can be written"
		if missing {
			text = dir + " is not there yet, and can be made"
		}
		free, known := freeSpace(at)
		if !known {
			return []Finding{Good(what, text)}
		}
		text += ", " + size(free) + " free"
		const do = "make room on that disk: with none left the bot can take no deliveries"
		switch {
		case free < spaceFail:
			return []Finding{failed(what, text, do)}
		case free < spaceWarn:
			return []Finding{warned(what, text, do)}
		}
		return []Finding{Good(what, text)}
	}
}

// nearest is the directory itself, or the nearest one above it that is there.
func nearest(dir string) (at string, missing bool, err error) {
	if at, err = filepath.Abs(dir); err != nil {
		return "", false, err
	}
	for {
		info, err := os.Stat(at)
		switch {
		case err == nil && !info.IsDir():
			return "", false, fmt.Errorf("%s is no directory", at)
		case err == nil:
			return at, missing, nil
		case !errors.Is(err, fs.ErrNotExist) || filepath.Dir(at) == at:
			return "", false, err
		}
		at, missing = filepath.Dir(at), true
	}
}

// writable tries to write a file, and to open those that are there. They are not touched.
func writable(dir string, files []string) error {
	f, err := os.CreateTemp(dir, ".flowkeeper-check-*")
	if err != nil {
		return err
	}
	err = errors.Join(f.Close(), os.Remove(f.Name()))
	for _, name := range files {
		f, bad := os.OpenFile(filepath.Join(dir, name), os.O_RDWR, 0)
		switch {
		case errors.Is(bad, fs.ErrNotExist):
		case bad != nil:
			err = errors.Join(err, bad)
		default:
			err = errors.Join(err, f.Close())
		}
	}
	return err
}
