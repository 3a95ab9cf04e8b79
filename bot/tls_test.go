package bot_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/webhook"
)

// certify writes a new certificate for this machine and its key, and returns the certificate.
func certify(t *testing.T, certFile, keyFile string, serial int64) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// trusting is a client that trusts one certificate wherever on this machine it is shown, makes a new connection for each request and speaks TLS up to a version.
func trusting(c *x509.Certificate, most uint16) *http.Client {
	roots := x509.NewCertPool()
	roots.AddCert(c)
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS10, MaxVersion: most},
	}}
}

func TestWebhooksByHTTPS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	first := certify(t, cert, key, 1)
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.Server.TLSCert, o.Server.TLSKey = cert, key })
	if !strings.HasPrefix(r.app.URL(), "https://127.") {
		t.Fatalf("the URL is %s", r.app.URL())
	}
	taken := func(when string, c *http.Client) {
		t.Helper()
		if status, err := knock(t.Context(), c, r.app.URL(), secret); err != nil || status != http.StatusAccepted {
			t.Errorf("%s: answered %d, %v", when, status, err)
		}
	}
	taken("at first", trusting(first, tls.VersionTLS13))
	taken("with TLS 1.2", trusting(first, tls.VersionTLS12))
	if status, err := knock(t.Context(), trusting(first, tls.VersionTLS11), r.app.URL(), secret); err == nil {
		t.Errorf("with TLS 1.1: answered %d", status)
	}

	second := certify(t, cert, key, 2)
	taken("before the files are read again", trusting(first, tls.VersionTLS13))
	r.must(nil, r.app.Reload(t.Context(), r.options))
	taken("after that", trusting(second, tls.VersionTLS13))
	if _, err := knock(t.Context(), trusting(first, tls.VersionTLS13), r.app.URL(), secret); err == nil {
		t.Error("the old certificate is still shown")
	}

	certify(t, filepath.Join(dir, "other.crt"), key, 3) // the key does not belong to the certificate
	if err := r.app.Reload(t.Context(), r.options); err == nil || !strings.Contains(err.Error(), "private key does not match") {
		t.Errorf("with a key that does not match: %v", err)
	}
	taken("after that failed", trusting(second, tls.VersionTLS13))
}

func TestCertificateThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key, junk := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key"), filepath.Join(dir, "junk")
	certify(t, cert, key, 1)
	if err := os.WriteFile(junk, []byte("not PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, cert, key, want string }{
		{"no key", cert, "", "go together"},
		{"no certificate", "", key, "go together"},
		{"not there", cert + "x", key, "reading the TLS certificate: "},
		{"a key that is not there", cert, key + "x", "reading the private key of the TLS certificate: "},
		{"a directory", dir, key, "is not a file"},
		{"something else", junk, key, "using the TLS certificate " + junk},
		{"the other way round", key, cert, "using the TLS certificate " + key},
	} {
		o := bot.Options{
			Version: "test", Drain: time.Second,
			Server:  bot.Server{Listen: "127.0.0.1:0", TLSCert: test.cert, TLSKey: test.key},
			Admin:   bot.Admin{Listen: "127.0.0.1:0"},
			Webhook: webhook.Options{Secrets: []string{secret}},
			Inbox:   bot.Inbox{DataDir: t.TempDir(), Lease: time.Minute},
			GitLab:  gitlab.Options{URL: "http://127.0.0.1:1", Token: botToken},
			Log:     newHandled().logger(),
		}
		app, err := bot.New(context.WithoutCancel(t.Context()), o)
		if err == nil {
			_ = app.Stop()
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
}
