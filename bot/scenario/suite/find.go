package suite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The names of what is looked for.
const (
	scenarioEnding = ".txtar"
	configName     = "flowkeeper.yaml"
	configEnding   = ".yaml"
)

// find lists the scenarios below a path with their configurations. Folders whose names begin with a dot are left out.
func find(path, config string) ([]Case, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no folder %s", path)
	case err != nil:
		return nil, err
	case !info.IsDir() && !strings.HasSuffix(path, scenarioEnding):
		return nil, fmt.Errorf("%s is no folder and no scenario, whose name would end with %s", path, scenarioEnding)
	}
	root := path
	if !info.IsDir() {
		root = filepath.Dir(path)
	}
	var cases []Case
	err = filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && file != path && strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(entry.Name(), scenarioEnding):
			return nil
		}
		c := Case{File: file, Config: config}
		if config == "" {
			c.Config = configOf(filepath.Dir(file), root)
		}
		cases = append(cases, c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(cases) == 0 {
		return nil, fmt.Errorf("there are no scenarios in %s: their names end with %s, and flowkeeper test --help shows one", path, scenarioEnding)
	}
	return sorted(cases), nil
}

// configOf is the configuration of the scenarios in a folder: the flowkeeper.yaml in it, or NAME.yaml beside it where NAME is the folder's name,
// or that of the folder above, up to the root. It is "" if there is none.
func configOf(folder, root string) string {
	for {
		candidates := []string{filepath.Join(folder, configName)}
		if full, err := filepath.Abs(folder); err == nil {
			candidates = append(candidates, filepath.Join(folder, "..", filepath.Base(full)+configEnding))
		}
		for _, file := range candidates {
			if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
				return file
			}
		}
		if folder == root || folder == filepath.Dir(folder) {
			return ""
		}
		folder = filepath.Dir(folder)
	}
}
