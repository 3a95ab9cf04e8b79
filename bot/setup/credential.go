package setup

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/renameio/v2"
)

// Credential is what the bot accepts from webhooks: signing tokens or plain secrets. It is printed without them.
type Credential struct {
	Variable string   // that gives it: "FLOWKEEPER_SIGNING_TOKEN"
	File     string   // that the variable with the suffix _FILE names, whether or not it is there; "" if it is not set
	Values   []string // what is accepted, the newest first; none if there is nothing yet

	Changed    time.Time // when the file was last written
	Unfinished bool      // a rotation was broken off: not every webhook has the newest
}

// rotating is the suffix of the file that says that a rotation is under way.
const rotating = ".rotating"

// NewCredential completes what the environment says of a secret by what the file says of itself. Values is what the variables give, if anything.
func NewCredential(variable, file string, values []string) (Credential, error) {
	c := Credential{Variable: variable, File: file, Values: values}
	if file == "" {
		return c, nil
	}
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return c, nil
	case err != nil:
		return c, fmt.Errorf("looking at the file that %s_FILE names: %w", variable, err)
	}
	c.Changed = info.ModTime()
	_, err = os.Stat(file + rotating)
	c.Unfinished = err == nil
	return c, nil
}

// String tells where the credential comes from.
func (c Credential) String() string {
	if c.File != "" {
		return c.File
	}
	return c.Variable
}

// GoString implements fmt.GoStringer without the secrets.
func (c Credential) GoString() string { return c.String() }

// MarshalJSON implements json.Marshaler without the secrets.
func (c Credential) MarshalJSON() ([]byte, error) { return json.Marshal(c.String()) }

// isNamed reports whether somebody has said where the credential is or is to be.
func (c Credential) isNamed() bool { return c.File != "" || len(c.Values) > 0 }

const secretBytes = 32

// generate makes a new secret; a signing token has the form that GitLab demands.
func generate(signing bool) string {
	var raw [secretBytes]byte
	_, _ = rand.Read(raw[:]) // it never fails
	if signing {
		return "whsec_" + base64.StdEncoding.EncodeToString(raw[:])
	}
	return hex.EncodeToString(raw[:])
}

// write replaces the file's content. Nobody else may read it.
func (c Credential) write(values []string) error {
	if err := os.MkdirAll(filepath.Dir(c.File), 0o700); err != nil {
		return fmt.Errorf("making the folder of the secret: %w", err)
	}
	err := renameio.WriteFile(c.File, []byte(strings.Join(values, ",")+"\n"), 0o600, renameio.IgnoreUmask())
	if err != nil {
		return fmt.Errorf("writing the secret: %w", err)
	}
	return nil
}

// begin notes that a rotation is under way, before anything else is done for it.
func (c Credential) begin() error {
	if err := os.WriteFile(c.File+rotating, nil, 0o600); err != nil {
		return fmt.Errorf("noting that a rotation is under way: %w", err)
	}
	return nil
}

// finish notes that every webhook has the newest secret. What is delivered from now on is signed with it.
func (c Credential) finish(now time.Time) error {
	if err := os.Chtimes(c.File, now, now); err != nil {
		return fmt.Errorf("noting that the rotation is finished: %w", err)
	}
	if err := os.Remove(c.File + rotating); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("noting that the rotation is finished: %w", err)
	}
	return nil
}
