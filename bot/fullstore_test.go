//go:build unix

package bot_test

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/sqlite"
	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/testkit"
	"flowkeeper/rules/triage"
)

// refusedUntil opens issues until a delivery is answered 503.
func (r *rig) refusedUntil() {
	r.Helper()
	testkit.Until(r, "a delivery is answered 503", func() bool {
		r.must(r.gitlab.Open("ann", r.project, planned))
		r.must(nil, r.gitlab.AwaitDelivered(r.Context()))
		return slices.ContainsFunc(r.gitlab.Deliveries(), func(d sandbox.Delivery) bool { return d.Status == http.StatusServiceUnavailable })
	})
}

// TestFullDiskAnswers503: GitLab is asked to come again and /readyz says why. When there is room again, so is the bot, without a delivery.
func TestFullDiskAnswers503(t *testing.T) {
	if !testkit.InChild(t) {
		return
	}
	r := newRig(t, sandbox.Premium, nil)
	lift := testkit.LimitFiles(t, 1)
	r.refusedUntil()
	if status, body := r.get("/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "look at its space, quota and health") {
		t.Errorf("readyz: %d %s", status, body)
	}
	lift()
	testkit.Until(t, "the bot is ready again", func() bool { status, _ := r.get("/readyz"); return status == http.StatusOK })
	if ref := r.open(planned); !r.gitlab.Issue(ref).Has("backend") {
		t.Error("with room again the bot does nothing")
	}
}

// TestDamagedStoreAnswers503: a file that is damaged while it is used takes no delivery that could not be handled. The next start keeps it
// aside.
func TestDamagedStoreAnswers503(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	r.must(nil, r.app.Stop())
	store, err := sqlite.Open(sqlite.Options{Dir: r.options.Inbox.DataDir})
	r.must(nil, err)
	for n := range int64(300) { // more than what stays in memory
		ref := triage.Ref{Project: r.project, IID: 1000 + n}
		_, err := store.Enqueue(t.Context(), inbox.Delivery{Issue: ref, Delay: time.Hour, Body: make([]byte, 20_000)})
		r.must(nil, err)
	}
	r.must(nil, store.Close())
	r.start()

	path := filepath.Join(r.options.Inbox.DataDir, sqlite.File)
	info, err := os.Stat(path)
	r.must(nil, err)
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	r.must(nil, err)
	_, err = file.WriteAt(bytes.Repeat([]byte("\xa5"), int(info.Size())-4096), 4096)
	r.must(nil, errors.Join(err, file.Close()))
	r.refusedUntil()
	if status, body := r.get("/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "the file is damaged") || !strings.Contains(body, "Start the bot again") {
		t.Errorf("readyz: %d %s", status, body)
	}

	r.restart()
	if ref := r.open(planned); !r.gitlab.Issue(ref).Has("backend") {
		t.Error("after the next start the bot does nothing")
	}
	if kept, err := filepath.Glob(filepath.Join(r.options.Inbox.DataDir, "inbox-damaged-*.sqlite")); err != nil || len(kept) != 1 {
		t.Errorf("%v are kept aside, %v, want one file", kept, err)
	}
}
