package testkit_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"testing"

	"flowkeeper/bot/testkit"
)

// TestDiesWithItsParent: a parent is killed, as a test that hangs is, and its child goes with it, but not before.
func TestDiesWithItsParent(t *testing.T) {
	const role = "TESTKIT_ROLE"
	again := func(as string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDiesWithItsParent$")
		cmd.Env = append(os.Environ(), role+"="+as)
		return cmd
	}
	switch os.Getenv(role) {
	case "child":
		fmt.Println("the child runs")
		_, _ = io.Copy(io.Discard, os.Stdin) // until its end, which the test never makes
		return
	case "parent":
		child := again("child")
		child.Stdin, child.Stdout = os.Stdin, os.Stdout // so that the test sees when the last of both is gone
		started := make(chan error)
		go func() {
			runtime.LockOSThread() // the thread ends with the goroutine; the child must not
			started <- testkit.Start(child)
		}()
		if err := <-started; err != nil {
			t.Fatal(err)
		}
		_ = child.Wait()
		return
	}

	parent := again("parent")
	in, err := parent.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := testkit.Start(parent); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string)
	go func() {
		defer close(lines)
		for all := bufio.NewScanner(out); all.Scan(); {
			lines <- all.Text()
		}
	}()
	if line := testkit.Receive(t, "the child to run", lines); line != "the child runs" {
		t.Fatalf("it said %q", line)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if line := testkit.Receive(t, "the child to end after its parent was killed", lines); line != "" {
		t.Errorf("it ended by itself and said %q", line)
	}
	_ = parent.Wait()
}
