package coordination_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"flowkeeper/bot/coordination"
)

// mark checks a mark, "" for none.
func (s *store) checkpoint(name, want string) {
	s.t.Helper()
	got, err := s.Checkpoint(s.t.Context(), name)
	s.must("mark", err)
	equal(s.t, "mark "+name, want, string(got))
	if want == "" && got != nil {
		s.t.Fatalf("mark %s is empty, want nil", name)
	}
}

func TestCheckpoint(t *testing.T) {
	set := func(s *store, name, value string) {
		s.t.Helper()
		s.must("set mark", s.SetCheckpoint(s.t.Context(), name, []byte(value)))
	}
	cases(t, map[string]func(*testing.T, *store){
		"the last value stands": func(_ *testing.T, s *store) {
			s.checkpoint("sweep", "")
			set(s, "sweep", "one")
			set(s, "other", "else")
			s.checkpoint("sweep", "one")
			set(s, "sweep", "two")
			s.checkpoint("sweep", "two")
			s.checkpoint("other", "else")
		},
		"an empty value forgets it": func(_ *testing.T, s *store) {
			set(s, "sweep", "")
			set(s, "sweep", "one")
			set(s, "sweep", "")
			s.checkpoint("sweep", "")
		},
		"it expires after its last setting": func(_ *testing.T, s *store) {
			set(s, "sweep", "one")
			s.Advance(coordination.KeepCheckpoints - time.Minute)
			s.checkpoint("sweep", "one")
			set(s, "sweep", "one")
			s.Advance(coordination.KeepCheckpoints - time.Minute)
			s.checkpoint("sweep", "one")
			s.Advance(time.Minute)
			s.checkpoint("sweep", "")
			set(s, "sweep", "two")
			s.checkpoint("sweep", "two")
		},
		"it is replaced by whoever knows its value": func(t *testing.T, s *store) {
			swap := func(old, value string) bool {
				t.Helper()
				for range 3 { // the rival spoils a try now and then
					swapped, err := s.SwapCheckpoint(t.Context(), "mail", []byte(old), []byte(value))
					s.must("swap mark", err)
					if swapped {
						return true
					}
				}
				return false
			}
			for _, step := range []struct {
				old, value string
				want       bool
				then       string
			}{
				{"one", "two", false, ""}, {"", "one", true, "one"}, {"", "two", false, "one"},
				{"one", "two", true, "two"}, {"one", "three", false, "two"}, {"two", "", true, ""},
			} {
				equal(t, "swapped "+step.old+" to "+step.value, step.want, swap(step.old, step.value))
				s.checkpoint("mail", step.then)
			}
		},
		"any bytes": func(_ *testing.T, s *store) {
			name := strings.Repeat("{}\x00é ", coordination.MaxName/6)
			value := strings.Repeat("\x00\xff\r\n", coordination.MaxCheckpoint/4)
			set(s, name, value)
			s.checkpoint(name, value)
		},
		"what cannot be is refused": func(t *testing.T, s *store) {
			long := strings.Repeat("x", coordination.MaxName+1)
			for want, call := range map[string]func() error{
				"has 0 bytes":                      func() error { _, err := s.Checkpoint(t.Context(), ""); return err },
				"has 201 bytes":                    func() error { _, err := s.Checkpoint(t.Context(), long); return err },
				"must have 1 to 200":               func() error { return s.SetCheckpoint(t.Context(), long, nil) },
				"replacing a checkpoint: the name": func() error { _, err := s.SwapCheckpoint(t.Context(), "", nil, nil); return err },
				"replacing the checkpoint a: it has 4097": func() error {
					_, err := s.SwapCheckpoint(t.Context(), "a", nil, make([]byte, coordination.MaxCheckpoint+1))
					return err
				},
				"4097 bytes and may have 4096": func() error { return s.SetCheckpoint(t.Context(), "a", make([]byte, coordination.MaxCheckpoint+1)) },
			} {
				if err := call(); err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want it to say %q", err, want)
				}
			}
		},
	})
}

// modelCheckpoint is a mark with the minute in which it expires.
type modelCheckpoint struct {
	value string
	until int
}

func (m *model) checkpoint(t *rapid.T) {
	name := rapid.SampledFrom([]string{"sweep", "report"}).Draw(t, "name")
	want := ""
	if old := m.checkpoints[name]; old.until > m.now {
		want = old.value
	}
	got, err := m.in.Checkpoint(m.ctx, name)
	if err != nil || string(got) != want || (want == "" && got != nil) {
		t.Fatalf("mark %s: got %q, %v, want %q", name, got, err, want)
	}
	set := modelCheckpoint{rapid.SampledFrom([]string{"", "one", "two"}).Draw(t, "value"), m.now + minutes(coordination.KeepCheckpoints)}
	if err := m.in.SetCheckpoint(m.ctx, name, []byte(set.value)); err != nil {
		t.Fatal(err)
	}
	m.checkpoints[name] = set
}
