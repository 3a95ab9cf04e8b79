package mail

import (
	"context"
	"errors"
	"net"
)

// Reach connects to the server of the options, encrypts and logs in, and sends nothing. The error says what would help, without secrets. Address
// is host:port.
func Reach(ctx context.Context, o Options) (address string, err error) {
	if o.Dial == nil {
		o.Dial = (&net.Dialer{}).DialContext
	}
	s, err := newSender(o)
	if err != nil {
		return "", err
	}
	c, failed := s.connect(ctx)
	if failed != nil {
		return s.address(), errors.New(failed.text)
	}
	c.close()
	return s.address(), nil
}
