package bot

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/gate"
)

// DefaultConnections is how many webhook clients may be connected at the same time if Options say nothing else.
const DefaultConnections = 512

// certificate is what the webhook receiver shows its clients. It may be replaced while it listens.
type certificate struct {
	current atomic.Pointer[tls.Certificate]
}

// getCertificate answers the TLS handshake.
func (c *certificate) getCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return c.current.Load(), nil
}

// limitConnections bounds the connections of a listener and, with a certificate, speaks TLS on them.
func (a *App) limitConnections(l net.Listener) net.Listener {
	most := a.o.Server.Connections
	if most == 0 {
		most = DefaultConnections
	}
	l = gate.New(gate.Options{Listener: l, Most: most, Log: a.o.Log})
	if a.certificate == nil {
		return l
	}
	return tls.NewListener(l, &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: a.certificate.getCertificate})
}

// openCertificate reads the certificate that the options name; nil if they name none.
func openCertificate(o Options) (*certificate, error) {
	if o.Server.TLSCert == "" && o.Server.TLSKey == "" {
		return nil, nil
	}
	pair, err := readCertificate(o)
	if err != nil {
		return nil, err
	}
	c := &certificate{}
	c.current.Store(pair)
	return c, nil
}

// readCertificate reads the certificate and its key, and warns of one that clients will not accept any more.
func readCertificate(o Options) (*tls.Certificate, error) {
	if o.Server.TLSCert == "" || o.Server.TLSKey == "" {
		return nil, errors.New("a TLS certificate and its private key go together: name the files of both or of neither")
	}
	chain, err := readPEM(o.Server.TLSCert, "the TLS certificate")
	if err != nil {
		return nil, err
	}
	key, err := readPEM(o.Server.TLSKey, "the private key of the TLS certificate")
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return nil, fmt.Errorf("using the TLS certificate %s with the key %s: %w", o.Server.TLSCert, o.Server.TLSKey, err)
	}
	if time.Now().After(pair.Leaf.NotAfter) {
		o.Log.Warn("the TLS certificate has expired; GitLab will not deliver", zap.String("file", o.Server.TLSCert), zap.Time("expired", pair.Leaf.NotAfter))
	}
	return &pair, nil
}

// largestPEM is the size in bytes up to which a file is taken for a certificate.
const largestPEM = 1 << 20

// readPEM reads a regular file: a pipe might never end.
func readPEM(path, what string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading %s: %w", what, err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("reading %s: %s is not a file", what, path)
	case info.Size() > largestPEM:
		return nil, fmt.Errorf("reading %s: %s is larger than 1 MiB; is it the right file?", what, path)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", what, err)
	}
	return content, nil
}
