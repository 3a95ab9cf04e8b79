package inboxtest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"flowkeeper/bot/inbox"
)

// mark checks a mark, "" for none.
func (s *store) mark(name, want string) {
	s.t.Helper()
	got, err := s.Mark(s.t.Context(), name)
	s.must("mark", err)
	equal(s.t, "mark "+name, want, string(got))
	if want == "" && got != nil {
		s.t.Fatalf("mark %s is empty, want nil", name)
	}
}

func testMark(t *testing.T, open Open) {
	set := func(s *store, name, value string) {
		s.t.Helper()
		s.must("set mark", s.SetMark(s.t.Context(), name, []byte(value)))
	}
	cases(t, open, map[string]func(*testing.T, *store){
		"the last value stands": func(_ *testing.T, s *store) {
			s.mark("sweep", "")
			set(s, "sweep", "one")
			set(s, "other", "else")
			s.mark("sweep", "one")
			set(s, "sweep", "two")
			s.mark("sweep", "two")
			s.mark("other", "else")
		},
		"an empty value forgets it": func(_ *testing.T, s *store) {
			set(s, "sweep", "")
			set(s, "sweep", "one")
			set(s, "sweep", "")
			s.mark("sweep", "")
		},
		"it expires after its last setting": func(_ *testing.T, s *store) {
			set(s, "sweep", "one")
			s.Advance(inbox.KeepMarks - time.Minute)
			s.mark("sweep", "one")
			set(s, "sweep", "one")
			s.Advance(inbox.KeepMarks - time.Minute)
			s.mark("sweep", "one")
			s.Advance(time.Minute)
			s.mark("sweep", "")
			set(s, "sweep", "two")
			s.mark("sweep", "two")
		},
		"any bytes": func(_ *testing.T, s *store) {
			name := strings.Repeat("{}\x00é ", inbox.MaxName/6)
			value := strings.Repeat("\x00\xff\r\n", inbox.MaxMark/4)
			set(s, name, value)
			s.mark(name, value)
		},
		"what cannot be is refused": func(t *testing.T, s *store) {
			long := strings.Repeat("x", inbox.MaxName+1)
			for want, call := range map[string]func() error{
				"has 0 bytes":                  func() error { _, err := s.Mark(t.Context(), ""); return err },
				"has 201 bytes":                func() error { _, err := s.Mark(t.Context(), long); return err },
				"must have 1 to 200":           func() error { return s.SetMark(t.Context(), long, nil) },
				"4097 bytes: it may have 4096": func() error { return s.SetMark(t.Context(), "a", make([]byte, inbox.MaxMark+1)) },
			} {
				if err := call(); err == nil || errors.Is(err, inbox.ErrUnavailable) || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want it to say %q", err, want)
				}
			}
		},
	})
}

// modelMark is a mark with the minute in which it expires.
type modelMark struct {
	value string
	until int
}

func (m *model) mark(t *rapid.T) {
	name := rapid.SampledFrom([]string{"sweep", "report"}).Draw(t, "name")
	want := ""
	if old := m.marks[name]; old.until > m.now {
		want = old.value
	}
	got, err := m.in.Mark(m.ctx, name)
	if err != nil || string(got) != want || (want == "" && got != nil) {
		t.Fatalf("mark %s: got %q, %v, want %q", name, got, err, want)
	}
	set := modelMark{rapid.SampledFrom([]string{"", "one", "two"}).Draw(t, "value"), m.now + minutes(inbox.KeepMarks)}
	if err := m.in.SetMark(m.ctx, name, []byte(set.value)); err != nil {
		t.Fatal(err)
	}
	m.marks[name] = set
}
