//go:build linux || darwin || freebsd

package check

import "syscall"

// freeSpace is how many bytes a user may still write to the disk of a directory.
func freeSpace(dir string) (free int64, known bool) {
	var s syscall.Statfs_t
	if syscall.Statfs(dir, &s) != nil {
		return 0, false
	}
	return int64(s.Bavail) * int64(s.Bsize), true //nolint:unconvert // the types differ between systems
}
