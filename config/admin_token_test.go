package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"flowkeeper/config"
)

// TestAdminToken: who only asks a running bot finds the token as serve does, in the variable or in a file.
func TestAdminToken(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("correct-horse-battery\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for environment, want := range map[string]string{
		"FLOWKEEPER_ADMIN_TOKEN=correct-horse": "correct-horse", "FLOWKEEPER_ADMIN_TOKEN_FILE=" + file: "correct-horse-battery", "FLOWKEEPER_ADMIN_TOKEN=": "", "X=y": "",
	} {
		if got, err := config.AdminToken([]string{environment}); err != nil || got.Reveal() != want {
			t.Errorf("%s: %q, %v", environment, got.Reveal(), err)
		}
	}
	_, err := config.AdminToken([]string{"FLOWKEEPER_ADMIN_TOKEN_FILE=correct-horse-battery"})
	if err == nil || !strings.Contains(err.Error(), "FLOWKEEPER_ADMIN_TOKEN_FILE") || strings.Contains(err.Error(), "correct-horse") {
		t.Errorf("the token in the place of its file: %v", err)
	}
}
