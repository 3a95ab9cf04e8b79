package faults_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"flowkeeper/bot/inbox/sqlite"
)

// embeddedTrouble is what goes wrong where one replica keeps its mail itself: all that it knows is in its process and one file.
func embeddedTrouble() []kind {
	return append([]kind{
		{"bot killed with kill -9", 10, (*trouble).killBot},
		{"bot stopped and started", 4, (*trouble).restartBot},
	}, gitlabTrouble()...)
}

// restartBot stops the bot as an update does, and starts it after a while.
func (x *trouble) restartBot(ctx context.Context) bool {
	r := x.replicas[0]
	r.stop()
	x.wait(ctx, 50*time.Millisecond, time.Second)
	r.start()
	return true
}

// loseStore takes the store away from the bot in full work. What was accepted and not handled is lost with it; the sweep finds it, because
// the projects are remembered in a file of their own.
func (x *trouble) loseStore(context.Context) bool {
	r := x.replicas[0]
	r.kill(false)
	if err := os.Remove(filepath.Join(r.data, sqlite.File)); err != nil && !errors.Is(err, fs.ErrNotExist) { // killed before it made one
		x.Fatal(err)
	}
	r.start()
	return true
}
