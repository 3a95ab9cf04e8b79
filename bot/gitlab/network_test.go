package gitlab_test

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/testkit"
)

// TestNetworkOfOnesOwn: a certificate that a private CA signed is trusted by SSL_CERT_FILE, and HTTPS_PROXY is used. Go reads both once in a
// process, so the client runs in one of its own.
func TestNetworkOfOnesOwn(t *testing.T) {
	if url := os.Getenv("TEST_GITLAB_URL"); url != "" {
		client, err := gitlab.New(gitlab.Options{URL: url, Token: "glpat-for-this-test"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.CurrentUser(t.Context()); err != nil {
			t.Fatal(err)
		}
		return
	}
	run := func(t *testing.T, environ ...string) (string, error) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestNetworkOfOnesOwn$")
		cmd.Env = append(os.Environ(), environ...)
		out, err := testkit.CombinedOutput(cmd)
		return string(out), err
	}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"id":1,"username":"bot"}`))
	}))
	defer server.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	data := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(ca, data, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("private CA", func(t *testing.T) {
		if out, err := run(t, "TEST_GITLAB_URL="+server.URL); err == nil || !strings.Contains(out, "certificate") {
			t.Errorf("without the CA: got %v, %s; want the certificate refused", err, out)
		}
		if out, err := run(t, "TEST_GITLAB_URL="+server.URL, "SSL_CERT_FILE="+ca); err != nil {
			t.Errorf("with the CA: %v, %s", err, out)
		}
	})
	t.Run("proxy", func(t *testing.T) {
		asked := make(chan string, 10)
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked <- r.Method + " " + r.Host
			http.Error(w, "no", http.StatusForbidden)
		}))
		defer proxy.Close()
		out, err := run(t, "TEST_GITLAB_URL=https://gitlab.example.invalid", "HTTPS_PROXY="+proxy.URL, "NO_PROXY=")
		if err == nil || len(asked) == 0 || <-asked != "CONNECT gitlab.example.invalid:443" {
			t.Errorf("the proxy was not asked: %v, %s", err, out)
		}
	})
}
