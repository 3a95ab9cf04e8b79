package document

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// ReadFile reads a regular file, and of a longer one a byte more than limit. Its errors do not name the file, the caller knows
// whether that may be shown. Pipes and devices are refused because reading them may wait for ever.
func ReadFile(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, withoutPath(err)
	}
	if info.IsDir() {
		return nil, errors.New("this is a directory, a file is wanted")
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("this is a pipe or a device, a file is wanted")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, withoutPath(err)
	}
	content, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, withoutPath(err)
	}
	return content, nil
}

// ErrNoFile is what a missing file is reported with.
var ErrNoFile = errors.New("there is no such file")

// withoutPath is the reason why a file cannot be read, without the file's name.
func withoutPath(err error) error {
	var at *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ErrNoFile
	case errors.Is(err, fs.ErrPermission):
		return errors.New("reading it is not permitted")
	case errors.As(err, &at):
		return fmt.Errorf("it cannot be read: %w", at.Err)
	default:
		return errors.New("it cannot be read")
	}
}
