// Package redistest starts real redis-servers for tests: on a free port, in a directory of the test, gone when the test ends.
package redistest

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"flowkeeper/bot/testkit"
)

// Options say how the server is to run.
type Options struct {
	AppendFsync string   // "always" or "everysec" keep an append-only file; "" keeps nothing
	Password    string   // "" asks for none
	Args        []string // further command line arguments
}

// Server is a running redis-server.
type Server struct {
	t       testing.TB
	args    []string
	addr    string
	options Options
	process *process
}

// process is one life of the server.
type process struct {
	cmd   *exec.Cmd
	out   *bytes.Buffer // may be read after ended is closed
	ended chan struct{}
}

// Start starts a server and waits until it answers. The test is skipped under -short.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a redis-server")
	}
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Fatal("redis-server is not installed: apt-get install redis-server (or brew install redis), or run the tests with -short")
	}
	s := &Server{t: t, options: o}
	t.Cleanup(s.Kill)
	dir := t.TempDir()
	host := testkit.Loopback()
	var err error
	for range 5 { // where there is one loopback address, somebody else may take the port before the server does
		port := freePort(t, host)
		s.addr = host + ":" + port
		s.args = append(arguments(o), "--bind", host, "--cluster-announce-ip", host, "--port", port, "--dir", dir)
		s.args = append(s.args, o.Args...)
		if err = s.start(); err == nil {
			return s
		}
	}
	t.Fatalf("starting redis-server: %v", err)
	return nil
}

func arguments(o Options) []string {
	args := []string{"--save", "", "--daemonize", "no"}
	if o.AppendFsync != "" {
		args = append(args, "--appendonly", "yes", "--appendfsync", o.AppendFsync)
	}
	if o.Password != "" {
		args = append(args, "--requirepass", o.Password)
	}
	return args
}

func freePort(t testing.TB, host string) string {
	t.Helper()
	l, err := net.Listen("tcp", host+":0")
	if err != nil {
		t.Fatalf("looking for a free port: %v", err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatalf("looking for a free port: %v", err)
	}
	return port
}

// Addr is the server's host and port.
func (s *Server) Addr() string { return s.addr }

// URL is how a client reaches the server.
func (s *Server) URL() string {
	if s.options.Password != "" {
		return "redis://:" + s.options.Password + "@" + s.addr + "/0"
	}
	return "redis://" + s.addr + "/0"
}

// Kill ends the server with SIGKILL and waits for its end. It does nothing if the server does not run.
func (s *Server) Kill() {
	if s.process == nil {
		return
	}
	_ = s.process.cmd.Process.Kill() // it may have ended by itself
	<-s.process.ended
	s.process = nil
}

// Stop freezes the server: connections stay open and nothing is answered. Continue ends that.
func (s *Server) Stop() { s.signal(syscall.SIGSTOP) }

// Continue lets a frozen server go on.
func (s *Server) Continue() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.process.cmd.Process.Signal(sig); err != nil {
		s.t.Fatalf("sending %s to redis-server: %v", sig, err)
	}
}

// Restart starts a killed server again, on the same port with the same directory.
func (s *Server) Restart() {
	s.t.Helper()
	s.Kill()
	if err := s.start(); err != nil {
		s.t.Fatalf("starting redis-server again: %v", err)
	}
}

func (s *Server) start() error {
	p := &process{cmd: exec.Command("redis-server", s.args...), out: &bytes.Buffer{}, ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	if err := testkit.Start(p.cmd); err != nil {
		return err
	}
	s.process = p
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // it is killed in the end
	}()
	return s.ready()
}

// ready tries to connect until the server answers or ends, or 15 seconds are over.
func (s *Server) ready() error {
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	late := time.NewTimer(15 * time.Second)
	defer late.Stop()
	for {
		err := ping(s.addr)
		if err == nil {
			return nil
		}
		select {
		case <-again.C:
		case <-s.process.ended:
			return fmt.Errorf("it ended: %s", s.process.out)
		case <-late.C:
			s.Kill()
			return fmt.Errorf("it does not answer: %w", err)
		}
	}
}

// ping asks for the server's attention. A server that wants a password first has answered, too.
func ping(addr string) error {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	if strings.HasPrefix(line, "+PONG") || strings.HasPrefix(line, "-NOAUTH") {
		return nil
	}
	return fmt.Errorf("it answers %q", strings.TrimSpace(line))
}
