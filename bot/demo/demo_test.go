package demo_test

import (
	"bytes"
	"context"
	"flag"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"flowkeeper/bot/demo"
	"flowkeeper/config"
	"flowkeeper/rules"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

var update = flag.Bool("update", false, "rewrite testdata/story.golden")

// patience is how long a test waits for the bot, far longer than it takes on a busy machine.
const patience = 3 * time.Minute

// handbook is the demo as the program plays it.
func handbook(out io.Writer) demo.Options {
	c := config.Default(rules.Catalogue())
	slo := planning.SLOOptions{Bug: c.SLO.Bug, Infradev: c.SLO.Infradev, Near: c.SLO.Near}
	return demo.Options{Version: "test", Settings: c.Rules, Team: c.Policy().Team.TeamConfig, SLO: slo, Once: true, Patience: patience, Out: out, Log: zap.NewNop()}
}

// without switches a rule off.
func without(t *testing.T, o demo.Options, rule string) demo.Options {
	t.Helper()
	for i := range o.Settings {
		if o.Settings[i].ID == rule {
			o.Settings[i].Mode = triage.Off
			return o
		}
	}
	t.Fatalf("there is no rule %s", rule)
	return o
}

var (
	port = regexp.MustCompile(`127\.0\.0\.1:\d+`)
	date = regexp.MustCompile(`\d{4}-\d\d-\d\d|\d{1,2} (?:January|February|March|April|May|June|July|August|September|October|November|December) \d{4}`)
)

// TestStory compares what the demo prints, apart from the ports and the dates, with testdata/story.golden.
func TestStory(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := demo.Run(t.Context(), handbook(&out)); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	const golden = "testdata/story.golden"
	got := date.ReplaceAllString(port.ReplaceAllString(out.String(), "127.0.0.1:PORT"), "DATE")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("the story has changed; if it should, run the test with -update (-want +got):\n%s", diff)
	}
}

// TestREADMEShowsTheStory holds what the README shows of the bot's comment and of the commands to what the demo prints.
func TestREADMEShowsTheStory(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	story, err := os.ReadFile("testdata/story.golden")
	if err != nil {
		t.Fatal(err)
	}
	intro, rest, _ := strings.Cut(string(readme), "\n## ")
	_, commands, _ := strings.Cut(rest, "\n## Commands\n")
	commands, _, _ = strings.Cut(commands, "\n## ")
	shown := map[string][]string{
		"the comment":  prefixed(intro, "> ", "        | "),
		"the commands": prefixed(commands, "    ", ""),
	}
	for what, blocks := range shown {
		if len(blocks) == 0 {
			t.Errorf("%s: the README shows nothing of it", what)
		}
		for _, block := range blocks {
			if !strings.Contains(string(story), block) {
				t.Errorf("%s: the demo does not print\n%s", what, block)
			}
		}
	}
}

// prefixed are the blocks of lines that begin so, each line with another beginning instead.
func prefixed(text, begin, instead string) (blocks []string) {
	block := ""
	for line := range strings.Lines(text + "\n") {
		if rest, found := strings.CutPrefix(line, begin); found {
			block += instead + rest
		} else if block != "" {
			blocks, block = append(blocks, block), ""
		}
	}
	return blocks
}

// TestStoryWithoutItsRule breaks the policy: the demo must not tell a story that did not happen.
func TestStoryWithoutItsRule(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for something that does not come")
	}
	for _, c := range []struct{ rule, scene, next string }{
		{"weight-research", "scene 2, omar sets weight 5", "security"},
		{"weighted-next", "scene 14, omar writes /flow weight 3", "/flow why"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			o := without(t, handbook(&out), c.rule)
			o.Patience = 6 * time.Second // the scenes before the broken one take one each
			err := demo.Run(t.Context(), o)
			want := c.scene + ": the bot did not answer as expected: it did not happen within 6s"
			if err == nil || err.Error() != want {
				t.Errorf("got the error %v, want %s\n%s", err, want, &out)
			}
			if strings.Contains(out.String(), c.next) {
				t.Errorf("the story went on after the scene that failed:\n%s", &out)
			}
		})
	}
}

// TestStoryInterrupted ends the demo in the middle, as Ctrl-C does: that is no failure, and nothing stays behind.
func TestStoryInterrupted(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := &trigger{word: "needs research", do: cancel}
	if err := demo.Run(ctx, handbook(out)); err != nil {
		t.Errorf("got the error %v, want none\n%s", err, out)
	}
	if strings.Contains(out.String(), "All set") {
		t.Errorf("the story went on after its end:\n%s", out)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// trigger does something when a word is written.
type trigger struct {
	bytes.Buffer
	word string
	do   func()
}

func (w *trigger) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(w.word)) {
		w.do()
	}
	return w.Buffer.Write(p)
}
