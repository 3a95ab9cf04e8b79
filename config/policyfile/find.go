package policyfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"flowkeeper/config/document"
)

// mostFiles bounds how many files a pattern may match.
const mostFiles = 200

// Find lists the files that a path or a pattern such as team/*.yml names, seen from a directory. The names are relative to it, unless the pattern is
// absolute, and in their order. A pattern that matches nothing is an error; whether a path leads to a file is seen when it is read.
func Find(directory, pattern string) ([]string, error) {
	clean := path.Clean(filepath.ToSlash(pattern))
	fixed, rest := splitPattern(clean)
	if rest == "" {
		return []string{clean}, nil
	}
	if strings.Contains(rest, "**") {
		return nil, errors.New("** is not understood, write a pattern for each directory")
	}
	from := inDirectory(directory, fixed)
	found, err := fs.Glob(os.DirFS(from), rest)
	if err != nil {
		return nil, errors.New("the pattern is not understood")
	}
	var names []string
	for _, name := range found {
		info, err := os.Stat(filepath.Join(from, name))
		if err == nil && info.IsDir() {
			continue
		}
		names = append(names, path.Join(fixed, name))
	}
	switch {
	case len(names) == 0:
		return nil, errors.New("no file matches")
	case len(names) > mostFiles:
		return nil, fmt.Errorf("%d files match, which is too many", len(names))
	}
	slices.Sort(names)
	return names, nil
}

// splitPattern splits off the directories of a path before the first one that is a pattern.
func splitPattern(clean string) (fixed, rest string) {
	parts := strings.Split(clean, "/")
	for i, part := range parts {
		if strings.ContainsAny(part, `*?[`) {
			fixed = strings.Join(parts[:i], "/")
			if i == 1 && parts[0] == "" {
				fixed = "/"
			}
			return fixed, strings.Join(parts[i:], "/")
		}
	}
	return clean, ""
}

// Open reads the file of a name that Find gave. Its errors do not name the file.
func Open(directory, name string) (Source, error) {
	content, err := document.ReadFile(inDirectory(directory, name), document.MaxSize)
	return Source{Name: name, Content: content}, err
}

// inDirectory is a path seen from a directory.
func inDirectory(directory, name string) string {
	name = filepath.FromSlash(name)
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(directory, name)
}
