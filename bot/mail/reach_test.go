package mail_test

import (
	"errors"
	"strings"
	"testing"

	"flowkeeper/bot/mail"
)

// Reach goes as far as the login and sends nothing.
func TestReach(t *testing.T) {
	tests := map[string]struct {
		change func(*server)
		want   string // part of the error; "" for none
	}{
		"all is well": {},
		"no STARTTLS": {change: func(s *server) { s.plain = true }, want: "STARTTLS"},
		"no login":    {change: func(s *server) { s.onLogin = func() error { return errors.New("no") } }, want: "smtp.username"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, tt.change)
			at, err := mail.Reach(t.Context(), r.options())
			if at != host+":587" || (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: %v", at, err)
			}
			if err != nil {
				r.said.WriteString(err.Error())
			}
			r.got()
		})
	}
}
