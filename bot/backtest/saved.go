package backtest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2"
)

// Saved is a backtest that did not come to its end, to be gone on with.
type Saved struct {
	Since   time.Time      `json:"since"`
	Until   time.Time      `json:"until"`
	Done    map[int64]bool `json:"done"`
	Reports []Report       `json:"reports"`
}

// ErrNothingSaved says that there is no backtest to go on with.
var ErrNothingSaved = errors.New("there is no backtest of this project with these configurations and flags to go on with: leave --resume out")

// SavedFile is where a backtest is kept in a directory: that of the same project, issues and policies. One that names confidential issues is
// another one than one that does not.
func SavedFile(dir string, o Options) string {
	hash := sha256.New()
	fmt.Fprintln(hash, o.Project, o.Issues, o.Confidential, o.Digest)
	fmt.Fprintf(hash, "%q\n", o.Former)
	for _, p := range o.Policies {
		team := p.Team.TeamConfig
		team.Workflow, team.Scale, team.Severity, team.Priority = nil, nil, nil, nil // addresses
		fmt.Fprintf(hash, "%+v %+v %+v %+v %+v %v %v %v\n", team, p.Team.Workflow.WorkflowTable, *p.Team.Scale, *p.Team.Severity, *p.Team.Priority, p.Grace, p.Settle, p.TriageDays)
		for _, s := range p.Settings {
			fmt.Fprintln(hash, s.ID, s.Mode, s.Options)
		}
	}
	return filepath.Join(dir, "backtest-"+hex.EncodeToString(hash.Sum(nil)[:8])+".json")
}

// Save keeps what was played, for its owner alone: it may name confidential issues.
func (s Saved) Save(file string) error {
	data, err := json.Marshal(s)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(file), 0o700)
	}
	if err != nil {
		return err
	}
	return renameio.WriteFile(file, data, 0o600)
}

// LoadSaved reads what Save kept. The error is ErrNothingSaved if there is none.
func LoadSaved(file string) (s Saved, err error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return s, ErrNothingSaved
	}
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	if err != nil {
		return s, fmt.Errorf("%s cannot be read, delete it and begin anew: %w", file, err)
	}
	return s, nil
}
