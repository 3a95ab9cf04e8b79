package config_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"flowkeeper/config"
)

// TestBounded loads what would keep a parser busy for minutes or end the process; each has to be one clear problem at once.
func TestBounded(t *testing.T) {
	fill := func(unit string) string { return strings.Repeat(unit, (1<<18)/len(unit)) }
	var bomb strings.Builder
	bomb.WriteString("inbox: &a0 {x0: 1}\n")
	for i := range 9 {
		fmt.Fprintf(&bomb, "k%d: &a%d {<<: [%s]}\n", i, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i), 50), ", "))
	}
	bomb.WriteString("team: {<<: *a9}\n")
	var lists strings.Builder
	lists.WriteString("k: &l0 [a]\n")
	for i := range 8 {
		fmt.Fprintf(&lists, "k%d: &l%d [%s]\n", i, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*l%d, ", i), 50), ", "))
	}
	lists.WriteString("team: {<<: *l8}\n")

	var blocks strings.Builder
	for i := range 60 {
		blocks.WriteString(strings.Repeat(" ", i) + "k:\n")
	}

	for _, test := range []struct{ name, source, want string }{
		{"blocks in blocks", blocks.String(), "nested more than 50 levels"},
		{"more than 1 MiB", strings.Repeat("#", 1<<20+1), "larger than 1 MiB"},
		{"open lists", fill("["), "nested more than 50 levels"},
		{"open mappings", fill("{"), "nested more than 50 levels"},
		{"lists in lists on a line", fill("- "), "nested more than 50 levels"},
		{"question marks", fill("? "), "nested more than 50 levels"},
		{"anchors on a line", fill("&a "), "nested more than 50 levels"},
		{"tags on a line", fill("!a "), "nested more than 50 levels"},
		{"one key many times", fill("a:\n"), "too long"},
		{"many pairs", fill("a: b\n"), "too long"},
		{"aliases", fill("- *a\n"), "too long"},
		{"merges of merges", bomb.String(), "the merges name more than 10000 keys"},
		{"merges of lists of lists", lists.String(), "only a mapping can be merged"},
		{"quotes", fill("'a' "), "too long"},
		{"one word", fill("x"), "this is a word"},
		{"NUL", "inbox: {}\n\x00", "control character (U+0000)"},
		{"not UTF-8", "team:\n  name: \xff\n", "not UTF-8"},
		{"UTF-16", "\xff\xfea\x00", "UTF-16"},
		{"terminal escape", "inbox: \x1b[31m", "control character"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := load(t, test.source)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %.300v\nwant %s", err, test.want)
			}
		})
	}
}

func TestPlacesOfBadCharacters(t *testing.T) {
	_, err := load(t, "team:\n  name: ü\xff\n")
	p := problems(t, err)[0]
	if p.Line != 2 || p.Column != 10 {
		t.Errorf("at %d:%d, want 2:10", p.Line, p.Column)
	}
}

func TestProblemFields(t *testing.T) {
	_, err := load(t, "rules:\n  weight-reserch: act\n", "FLOWKEEPER_LOG_LEVEL=loud")
	got := problems(t, err)
	if filepath.Base(got[0].File) != "flowkeeper.yaml" {
		t.Errorf("the file is %q", got[0].File)
	}
	got[0].File = "the file" // its folder differs in every run
	want := config.Problems{
		{
			File: "the file", Line: 2, Column: 3, Path: "rules.weight-reserch", Message: "there is no such rule",
			Hint: `did you mean "weight-research"?`, Excerpt: "  weight-reserch: act",
		},
		{Path: "FLOWKEEPER_LOG_LEVEL", Message: `"loud" is not allowed here`, Hint: "allowed: debug, info, warn, error"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestManyProblemsArePrintedInPart keeps a file of something else from filling the terminal.
func TestManyProblemsArePrintedInPart(t *testing.T) {
	var b strings.Builder
	for i := range 300 {
		fmt.Fprintf(&b, "key%d: x\n", i)
	}
	_, err := load(t, b.String())
	if n := len(problems(t, err)); n != 300 {
		t.Errorf("%d problems, want 300", n)
	}
	if text := err.Error(); !strings.HasSuffix(text, "and 200 more problems") {
		t.Errorf("the error ends in %q", text[len(text)-40:])
	}
}

// planted are the secrets that the scenarios hold.
var planted = []string{
	"hunter2secret", "glpat-abcdefghij0123456789", "correct-horse", "battery-staple", "first-shared-secret", "second-shared-secret",
	"good-secret", "another-secret", "YWJjZA==",
}

// TestSecretsAreNeverShown looks for the planted secrets in all that the scenarios are expected to print, and that every one is planted.
func TestSecretsAreNeverShown(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	given := ""
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range archive.Files {
			if part.Name != "problems" && part.Name != "changed" {
				given += string(part.Data)
				continue
			}
			for _, secret := range planted {
				if strings.Contains(string(part.Data), secret) {
					t.Errorf("%s shows %q", file, secret)
				}
			}
		}
	}
	for _, secret := range planted {
		if !strings.Contains(given, secret) {
			t.Errorf("%q is nowhere planted, so nothing is shown by its absence", secret)
		}
	}
}

// TestSecretsInOddPlaces puts a secret wherever a value goes and looks for it in everything that comes out.
func TestSecretsInOddPlaces(t *testing.T) {
	const token = "glpat-Zx81_swordfish"
	const word = "swordfish-of-no-shape"
	for _, test := range []struct{ name, source, env string }{
		{"a token as a key", token + ": x", ""},
		{"a token as a mode", "rules: {weight-scale: " + token + "}", ""},
		{"a token as a number", "inbox: {workers: " + token + "}", ""},
		{"a token in broken YAML", "gitlab:\n  token: " + token + "\n broken", ""},
		{"a token on the broken line", "gitlab: {token: " + token, ""},
		{"a token in quotes on the broken line", `gitlab: {"token": "` + token, ""},
		{"a folded secret, broken", "server:\n  webhook_secret: >\n    " + word + "\n    more: [\n   x\n", ""},
		{"a list of secrets, broken", "server:\n  webhook_secrets:\n  - " + word + "\n  - [\n", ""},
		{"a secret under an unknown key", "password: " + word, ""},
		{"a secret that the environment has too", "commands: {prefix: \"" + word + "!\"}", "FLOWKEEPER_WEBHOOK_SECRET=" + word},
		{"a token as a level", "", "FLOWKEEPER_LOG_LEVEL=" + token},
		{"a token as a URL", "", "FLOWKEEPER_GITLAB_URL=" + token},
		{"a token as an address", "", "FLOWKEEPER_LISTEN=" + token},
		{"a token as a file", "", "FLOWKEEPER_GITLAB_TOKEN_FILE=" + token},
		{"a token as an absolute file", "", "FLOWKEEPER_GITLAB_TOKEN_FILE=/" + token},
		{"a token as the configuration", "", "FLOWKEEPER_CONFIG=" + token},
		{"a password in a URL that does not parse", "", "FLOWKEEPER_REDIS_URL=redis://u:" + word + "%zz@h"},
		{"a password in a URL with a bad port", "", "FLOWKEEPER_REDIS_URL=redis://u:" + word + "@h:99999"},
		{"a password with a slash", "", "FLOWKEEPER_GITLAB_URL=https://u:a/" + word + "@h"},
		{"a password without a scheme", "", "FLOWKEEPER_GITLAB_URL=u:" + word + "@h"},
		{"a secret under a misspelt name", "", "FLOWKEEPER_GITLAB_TOKN=" + word},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "flowkeeper.yaml")
			if err := os.WriteFile(path, []byte(test.source), 0o600); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(test.env, "FLOWKEEPER_CONFIG") {
				path = ""
			}
			_, err := config.Load(path, []string{test.env}, catalogue())
			if err == nil {
				t.Fatal("it was accepted")
			}
			all := err.Error() + fmt.Sprintf("%+v %#v", err, problems(t, err))
			if strings.Contains(all, "swordfish") {
				t.Errorf("the secret is shown:\n%s", all)
			}
		})
	}
}

func TestSecretHidesItself(t *testing.T) {
	c, err := load(t, "", "FLOWKEEPER_GITLAB_TOKEN=swordfish", "FLOWKEEPER_WEBHOOK_SECRET=swordfish", "FLOWKEEPER_REDIS_URL=redis://:swordfish@h")
	if err != nil {
		t.Fatal(err)
	}
	s := c.GitLab.Token
	if s.Reveal() != "swordfish" || !s.IsSet() || (config.Secret{}).IsSet() {
		t.Errorf("reveals %q, set %t", s.Reveal(), s.IsSet())
	}
	if !s.Equal(config.NewSecret("swordfish")) || s.Equal(config.Secret{}) {
		t.Error("a secret does not equal itself, or equals none")
	}
	type holder struct{ S any }
	for _, verb := range []string{"%s", "%v", "%+v", "%#v", "%q", "%x", "%d", "%T %v"} {
		args := []any{s}
		if verb == "%T %v" {
			args = []any{0, s}
		}
		if got := fmt.Sprintf(verb, args...); !strings.Contains(got, "<secret>") || strings.Contains(got, "swordfish") {
			t.Errorf("%s gives %s", verb, got)
		}
		if verb == "%T %v" {
			continue
		}
		for _, v := range []any{c, &c, c.Server, c.GitLab, []config.Secret{s}, map[string]config.Secret{"k": s}, holder{s}} {
			if got := fmt.Sprintf(verb, v); strings.Contains(got, "swordfish") || strings.Contains(got, fmt.Sprintf("%x", "swordfish")) {
				t.Errorf("%s of a %T gives the secret away", verb, v)
			}
		}
	}
	if s.String() != "<secret>" || s.GoString() != "<secret>" {
		t.Errorf("in words %s, in Go %s", s.String(), s.GoString())
	}
	if text, err := s.MarshalText(); err != nil || string(text) != "<secret>" {
		t.Errorf("as text %q, %v", text, err)
	}
	var decoded string
	if b, err := json.Marshal(s); err != nil || json.Unmarshal(b, &decoded) != nil || decoded != "<secret>" {
		t.Errorf("as JSON %s, %v", b, err)
	}
	if b, err := json.Marshal(c.Server); err != nil || strings.Contains(string(b), "swordfish") {
		t.Errorf("as JSON %s, %v", b, err)
	}
	if b, err := yaml.Marshal(c.Server); err != nil || strings.Contains(string(b), "swordfish") || !strings.Contains(string(b), "<secret>") {
		t.Errorf("as YAML %s, %v", b, err)
	}
	if b, err := yaml.Marshal(c); err != nil || strings.Contains(string(b), "swordfish") || !strings.Contains(string(b), "https://gitlab.com") {
		t.Errorf("as YAML %s, %v", b, err)
	}
}

// FuzzLoad holds Load to its promises for any file: it does not panic, every problem has a message and lies within the file, and
// what is accepted prints as a file that gives the same.
func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range archive.Files {
			if part.Name == "flowkeeper.yaml" {
				f.Add(string(part.Data), "x")
			}
			if part.Name == "env" {
				f.Add("", string(part.Data))
			}
		}
	}
	reference, err := os.ReadFile("reference.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(reference), "FLOWKEEPER_LISTEN=:1")
	path := filepath.Join(f.TempDir(), "fuzz.yaml")
	f.Fuzz(func(t *testing.T, source, environ string) {
		path := path + fmt.Sprint(os.Getpid())
		if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(path, strings.Split(environ, "\n"), catalogue())
		if err == nil {
			printed := c.String()
			if err := os.WriteFile(path, []byte(printed), 0o600); err != nil {
				t.Fatal(err)
			}
			again, err := config.Load(path, nil, catalogue())
			if err != nil {
				t.Fatalf("what was printed does not load: %v\n%s", err, printed)
			}
			before, _, _ := strings.Cut(printed, "# From the environment")
			after, _, _ := strings.Cut(again.String(), "# From the environment")
			if diff := cmp.Diff(before, after); diff != "" {
				t.Fatalf("what was printed loads as something else (-first +second):\n%s", diff)
			}
			return
		}
		var ps config.Problems
		if !errors.As(err, &ps) || len(ps) == 0 {
			t.Fatalf("not a list of problems: %v", err)
		}
		lines := strings.Count(strings.ReplaceAll(source, "\r", "\n"), "\n") + 1
		for _, p := range ps {
			if p.Message == "" || p.Line < 0 || p.Line > lines {
				t.Errorf("a problem at line %d of %d: %s", p.Line, lines, p)
			}
		}
	})
}
