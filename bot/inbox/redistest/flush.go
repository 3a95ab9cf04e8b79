package redistest

import (
	"bufio"
	"net"
	"strings"
	"time"
)

// Flush empties the server, as somebody's FLUSHALL would.
func (s *Server) Flush() {
	s.t.Helper()
	conn, err := net.DialTimeout("tcp", s.addr, time.Second)
	if err != nil {
		s.t.Fatalf("emptying redis: %v", err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("FLUSHALL\r\n")); err != nil {
		s.t.Fatalf("emptying redis: %v", err)
	}
	if answer, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.HasPrefix(answer, "+OK") {
		s.t.Fatalf("emptying redis: %q, %v", answer, err)
	}
}
