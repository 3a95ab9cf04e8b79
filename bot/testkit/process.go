package testkit

import (
	"bytes"
	"os/exec"
	"runtime"
	"sync"
)

// Start starts a process as cmd.Start does. On Linux the kernel kills it when this process ends, however that comes about: a test that
// timed out or was killed runs no cleanup.
func Start(cmd *exec.Cmd) error {
	bind(cmd)
	err := make(chan error)
	keeper() <- func() { err <- cmd.Start() }
	return <-err
}

// CombinedOutput is cmd.CombinedOutput for a process that does not outlive this one.
func CombinedOutput(cmd *exec.Cmd) ([]byte, error) {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := Start(cmd); err != nil {
		return nil, err
	}
	err := cmd.Wait()
	return out.Bytes(), err
}

// keeper takes what is to be done on a thread that lasts as long as this process: to the kernel, the parent is the thread that started the
// child.
var keeper = sync.OnceValue(func() chan<- func() {
	jobs := make(chan func())
	go func() {
		runtime.LockOSThread()
		for job := range jobs {
			job()
		}
	}()
	return jobs
})
