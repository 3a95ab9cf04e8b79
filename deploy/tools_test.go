package deploy_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"flowkeeper/bot/testkit"
)

// tool runs a program that reads what is here, and fails with what it says. On a machine without it the test is skipped; CI installs it.
func tool(t *testing.T, input io.Reader, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not on this machine; .ci/tools deploy installs it on Debian", name)
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Stdin = input
	output, err := testkit.CombinedOutput(cmd)
	if err != nil {
		t.Errorf("%s %s: %v\n%s", name, strings.Join(args, " "), err, output)
	}
	return string(output)
}

// TestPrometheusReads: alerts and configuration are what Prometheus takes.
func TestPrometheusReads(t *testing.T) {
	tool(t, nil, "promtool", "check", "rules", "--lint-fatal", "alerts.yaml")
	tool(t, nil, "promtool", "check", "config", "--lint-fatal", "prometheus.yaml")
}

// TestQueriesAreRead makes a recording rule of each query of the dashboard, with Grafana's variables filled in.
func TestQueriesAreRead(t *testing.T) {
	type recorded struct {
		Record string `json:"record"`
		Expr   string `json:"expr"`
	}
	var all []recorded
	fill := strings.NewReplacer("$__rate_interval", "5m", "$__interval", "1m", "$__range", "1h", "$job", "flowkeeper")
	for where, expr := range queries(t) {
		if !strings.HasPrefix(where, "panel ") {
			continue
		}
		for line := range strings.Lines(expr) {
			all = append(all, recorded{"a", fill.Replace(line)})
		}
	}
	if len(all) < 20 {
		t.Errorf("only %d queries were found", len(all))
	}
	tool(t, nil, "promtool", "check", "rules", "--lint=none", written(t, map[string]any{"groups": []any{map[string]any{"name": "dashboard", "rules": all}}}))
}

// TestUnit: systemd understands every line of the unit, and finds little that the service could do beyond its work. What remains is that it
// uses the network, and the host's files, read-only.
func TestUnit(t *testing.T) {
	var version int
	said := tool(t, nil, "systemd-analyze", "--version")
	if _, err := fmt.Sscanf(said, "systemd %d", &version); err != nil {
		t.Fatalf("systemd-analyze does not say its version: %s", said)
	}
	if version < 250 {
		t.Skipf("systemd %d is older than what the unit is for", version)
	}
	unit := strings.Replace(read(t, "flowkeeper.service"), "ExecStart=/usr/local/bin/flowkeeper ", "ExecStart=/bin/true ", 1) // what is there anywhere
	path := filepath.Join(t.TempDir(), "flowkeeper.service")
	if err := os.WriteFile(path, []byte(unit), 0o600); err != nil {
		t.Fatal(err)
	}
	if said := tool(t, nil, "systemd-analyze", "verify", "--man=no", path); strings.Contains(said, path) {
		t.Errorf("systemd does not like the unit: %s", said)
	}
	// In tenths; 96 is a service without any bounds. The answer is the exit code.
	tool(t, nil, "systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=15", path)
}

// written is a file with a value as JSON, which YAML contains.
func written(t *testing.T, value any) string {
	t.Helper()
	content, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "written.yaml")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
