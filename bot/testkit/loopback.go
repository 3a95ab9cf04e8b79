package testkit

import (
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
)

var loopbacks atomic.Uint32

// Loopback is an IP address of this machine that no other test uses, for a server that comes back at the port it had: at 127.0.0.1 somebody else
// may have that port by then, another server or the near end of a connection. Systems other than Linux have only the one address.
func Loopback() string {
	if runtime.GOOS != "linux" {
		return "127.0.0.1"
	}
	n := loopbacks.Add(1)
	return fmt.Sprintf("127.%d.%d.%d", 16+os.Getpid()%128, n>>8&0xff, n&0xff)
}
