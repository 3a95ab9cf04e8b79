package redis_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/redis"
	"flowkeeper/bot/inbox/redistest"
	"flowkeeper/bot/testkit"
)

// TestLater opens the store before its server is there.
func TestLater(t *testing.T) {
	server := redistest.Start(t, redistest.Options{AppendFsync: "always"})
	server.Kill()
	core, logs := observer.New(zapcore.InfoLevel)
	s, err := redis.Open(t.Context(), redis.Options{URL: server.URL(), Later: true, Log: zap.New(core)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.Ping(t.Context()); !errors.Is(err, inbox.ErrUnavailable) {
		t.Errorf("ping without a server: %v", err)
	}
	if _, err := s.Enqueue(t.Context(), delivery(1, "a")); !errors.Is(err, inbox.ErrUnavailable) {
		t.Errorf("accepting without a server: %v", err)
	}
	server.Restart()
	testkit.Until(t, "the store finds its server", func() bool {
		b, err := s.Claim(t.Context(), 0)
		if b != nil {
			t.Errorf("claimed %v from an empty store", b)
		}
		return err == nil
	})
	accept(t, s, delivery(1, "a"))
	for _, message := range []string{"Redis does not answer; what comes in waits for it", "Redis answers now"} {
		if n := logs.FilterMessage(message).Len(); n != 1 {
			t.Errorf("%q was logged %d times", message, n)
		}
	}
}

// TestLaterIsNotNever: a server that refuses has to be put right, and a store that never had one is closed like any other.
func TestLaterIsNotNever(t *testing.T) {
	server := redistest.Start(t, redistest.Options{Password: "another"})
	if s, err := redis.Open(t.Context(), redis.Options{URL: "redis://" + server.Addr(), Later: true}); err == nil || !strings.Contains(err.Error(), "NOAUTH") {
		t.Errorf("a refusal: opened %v, %v", s, err)
	}
	server.Kill()
	s, err := redis.Open(t.Context(), redis.Options{URL: server.URL(), Later: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	server.Restart()
	if err := s.Ping(t.Context()); !errors.Is(err, inbox.ErrUnavailable) {
		t.Errorf("ping after close: %v", err)
	}
}

// TestLaterTellsEachItsOwnEnd: somebody stopped waiting for a server that was never found. That is no answer to anybody else.
func TestLaterTellsEachItsOwnEnd(t *testing.T) {
	server := redistest.Start(t, redistest.Options{})
	server.Kill()
	s := openLater(t, server.URL())
	gone, leave := context.WithCancel(t.Context())
	leave()
	testkit.Until(t, "the server is looked for again", func() bool { return errors.Is(s.Ping(gone), context.Canceled) })
	if _, err := s.Enqueue(t.Context(), delivery(1, "a")); !errors.Is(err, inbox.ErrUnavailable) {
		t.Errorf("accepting with a context that goes on: %v, want it to be unavailable", err)
	}
}

func openLater(t *testing.T, url string) *redis.Store {
	t.Helper()
	s, err := redis.Open(t.Context(), redis.Options{URL: url, Later: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// TestLaterWaitsNoLongerThanAsked: others look for the server, too, and it is a host that is gone.
func TestLaterWaitsNoLongerThanAsked(t *testing.T) {
	s := openLater(t, "redis://"+hole(t))
	ctx, cancel := context.WithCancel(t.Context())
	looks := make(chan struct{})
	go func() {
		defer close(looks)
		for ctx.Err() == nil {
			_, _ = s.Claim(ctx, 0)
		}
	}()
	gone, leave := context.WithCancel(t.Context())
	leave()
	// Whoever waited for the end of the look would be told how that ended.
	testkit.Until(t, "a caller that waits no more is told so", func() bool { return errors.Is(s.Ping(gone), context.Canceled) })
	cancel()
	testkit.Receive(t, "the other caller to end", looks)
}

// hole is an address at which nobody answers and nothing is refused.
func hole(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := errors.Join(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := "127.0.0.1:" + strconv.Itoa(name.(*syscall.SockaddrInet4).Port)
	for range 100 {
		conn, err := net.DialTimeout("tcp", address, 200*time.Millisecond)
		if err != nil {
			return address // the queue is full
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	t.Fatal("a queue of no length takes a hundred connections")
	return ""
}

// TestLaterFindsTheCluster: the server answered, and broke off before it said that it is one of several.
func TestLaterFindsTheCluster(t *testing.T) {
	nodes := []*redistest.Server{
		redistest.Start(t, redistest.Options{Args: []string{"--cluster-enabled", "yes"}}), redistest.Start(t, redistest.Options{Args: []string{"--cluster-enabled", "yes"}}),
	}
	one, two := client(t, nodes[0]), client(t, nodes[1])
	host, port, err := net.SplitHostPort(nodes[1].Addr())
	if err := errors.Join(
		err,
		one.ClusterAddSlotsRange(t.Context(), 0, 1).Err(), // not the slot of our keys
		two.ClusterAddSlotsRange(t.Context(), 2, 16383).Err(),
		one.Do(t.Context(), "CLUSTER", "MEET", host, port).Err(),
	); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*goredis.Client{one, two} {
		testkit.Until(t, "both nodes find the cluster complete", func() bool {
			return strings.Contains(c.ClusterInfo(t.Context()).Val(), "cluster_state:ok") &&
				strings.Contains(c.ClusterNodes(t.Context()).Val(), "2-16383")
		})
	}
	s := openLater(t, "redis://"+breaksOff(t, nodes[0].Addr()))
	testkit.Until(t, "the store finds the cluster", func() bool {
		_, err := s.Enqueue(t.Context(), delivery(1, "a"))
		return err == nil
	})
}

// breaksOff stands before a server and breaks off the first connection that asks what it is.
func breaksOff(t *testing.T, to string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	var asked atomic.Bool
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			go pass(in, to, &asked)
		}
	}()
	return l.Addr().String()
}

func pass(in net.Conn, to string, asked *atomic.Bool) {
	defer in.Close()
	out, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer out.Close()
	go func() { _, _ = io.Copy(in, out) }()
	buffer := make([]byte, 64<<10)
	for {
		n, err := in.Read(buffer)
		if err != nil || bytes.Contains(bytes.ToLower(buffer[:n]), []byte("$4\r\ninfo\r\n")) && asked.CompareAndSwap(false, true) {
			return
		}
		if _, err := out.Write(buffer[:n]); err != nil {
			return
		}
	}
}
