package gitlab_test

import (
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/testkit"
)

var silent = log.New(io.Discard, "", 0)

// askURL tells the test below, run as a process of its own, whom to ask.
const askURL = "FLOWKEEPER_TEST_GITLAB_URL"

// TestAskInChild is not a test by itself: Go reads SSL_CERT_FILE and HTTPS_PROXY once in a process.
func TestAskInChild(t *testing.T) {
	at := os.Getenv(askURL)
	if at == "" {
		t.Skip("only in a process of TestCertificateAndProxyOfTheEnvironment")
	}
	if err := newClient(t, gitlab.Options{URL: at}).Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// A GitLab with a certificate of a private authority, behind a proxy, is reached by the two usual variables.
func TestCertificateAndProxyOfTheEnvironment(t *testing.T) {
	t.Parallel()
	web := httptest.NewUnstartedServer(&server{})
	web.Config.ErrorLog = silent
	web.StartTLS()
	t.Cleanup(web.Close)
	authority := filepath.Join(t.TempDir(), "authority.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw})
	if err := os.WriteFile(authority, block, 0o600); err != nil {
		t.Fatal(err)
	}
	var tunnels atomic.Int64
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect || r.Host != "example.com:443" {
			http.Error(w, "this proxy leads to example.com only", http.StatusForbidden)
			return
		}
		tunnels.Add(1)
		tunnel(w, web.Listener.Addr().String())
	}))
	t.Cleanup(proxy.Close)

	// The server's certificate is for example.com.
	const at = "https://example.com"
	proxied := "HTTPS_PROXY=" + proxy.URL
	ask := func(env ...string) (string, error) {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAskInChild$", "-test.v")
		child.Env = append([]string{askURL + "=" + at, "PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, env...)
		out, err := testkit.CombinedOutput(child)
		return string(out), err
	}
	if out, err := ask(proxied, "SSL_CERT_FILE="+authority); err != nil || !strings.Contains(out, "PASS") || tunnels.Load() != 1 {
		t.Errorf("with both: %v, %d tunnels\n%s", err, tunnels.Load(), out)
	}
	if out, err := ask(proxied); err == nil || !strings.Contains(out, "SSL_CERT_FILE") {
		t.Errorf("without the authority: %v\n%s", err, out)
	}
}

// tunnel joins a CONNECT request with the address.
func tunnel(w http.ResponseWriter, address string) {
	there, err := net.Dial("tcp", address)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer there.Close()
	w.WriteHeader(http.StatusOK)
	here, rest, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer here.Close()
	go func() {
		_, _ = io.Copy(there, rest)
		_ = there.(*net.TCPConn).CloseWrite()
	}()
	_, _ = io.Copy(here, there)
}
