package testkit_test

import (
	"net"
	"runtime"
	"testing"

	"flowkeeper/bot/testkit"
)

// TestLoopback: what listens at one address does not take the port from another.
func TestLoopback(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("one loopback address")
	}
	first, err := net.Listen("tcp", testkit.Loopback()+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	_, port, err := net.SplitHostPort(first.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	second, err := net.Listen("tcp", net.JoinHostPort(testkit.Loopback(), port))
	if err != nil {
		t.Fatalf("the next address has the same port taken: %v", err)
	}
	_ = second.Close()
}
