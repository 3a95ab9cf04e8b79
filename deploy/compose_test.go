package deploy_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/config"
	"flowkeeper/rules"
)

// composed is compose.yaml, with what is looked at here.
type composed struct{ Services map[string]service }

// service is one of its containers.
type service struct {
	Image       string
	Profiles    []string
	Command     []string
	Environment map[string]string
	Volumes     []string
	Ports       []string
	User        string
	Networks    []string
	MemLimit    string   `yaml:"mem_limit"`
	ReadOnly    bool     `yaml:"read_only"`
	CapDrop     []string `yaml:"cap_drop"`
	SecurityOpt []string `yaml:"security_opt"`
}

// mounted is where a file or volume is in the container.
func (s service) mounted(t *testing.T, what string) string {
	t.Helper()
	for _, v := range s.Volumes {
		if parts := strings.Split(v, ":"); parts[0] == what {
			return parts[1]
		}
	}
	t.Fatalf("%s is not mounted; there is %v", what, s.Volumes)
	return ""
}

// bots are the services that are Flowkeeper.
func bots(t *testing.T) map[string]service {
	t.Helper()
	all := document[composed](t, "compose.yaml").Services
	maps.DeleteFunc(all, func(_ string, s service) bool { return !strings.HasPrefix(s.Image, "flowkeeper:") })
	return all
}

// published is a port that somebody outside may reach: on the machine, in the container.
var published = regexp.MustCompile(`^127\.0\.0\.1:(\d+):(\d+)$`)

// TestCompose: the containers of compose.yaml can do as little as those of Kubernetes and are reached from this machine alone; who only wants
// the bots gets no more.
func TestCompose(t *testing.T) {
	services := document[composed](t, "compose.yaml").Services
	if diff := cmp.Diff([]string{"bot-1", "bot-2", "grafana", "prometheus", "redis"}, slices.Sorted(maps.Keys(services))); diff != "" {
		t.Fatalf("services (-want +have):\n%s", diff)
	}
	taken := map[string]string{}
	for name, s := range services {
		if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") || s.MemLimit == "" {
			t.Errorf("%s: read-only %v, dropped %v, options %v, memory %q", name, s.ReadOnly, s.CapDrop, s.SecurityOpt, s.MemLimit)
		}
		if watches := name == "prometheus" || name == "grafana"; watches != slices.Equal(s.Profiles, []string{"watch"}) {
			t.Errorf("%s has the profiles %v", name, s.Profiles)
		}
		for _, p := range s.Ports {
			m := published.FindStringSubmatch(p)
			if m == nil {
				t.Errorf("%s: %s is open to others than this machine", name, p)
			} else if taken[m[1]] != "" {
				t.Errorf("%s and %s both want the port %s", name, taken[m[1]], m[1])
			} else {
				taken[m[1]] = name
			}
		}
		for _, v := range s.Volumes {
			if file, _, _ := strings.Cut(v, ":"); strings.HasPrefix(file, "./") {
				if _, err := os.Stat(file); err != nil {
					t.Errorf("%s mounts what is not there: %v", name, err)
				}
			}
		}
	}
}

// TestComposedBots: both bots are set up alike, share the Redis and nothing else: a spool belongs to one process.
func TestComposedBots(t *testing.T) {
	all := bots(t)
	if len(all) != 2 {
		t.Fatalf("%d bots, want two", len(all))
	}
	if diff := cmp.Diff(all["bot-1"].Environment, all["bot-2"].Environment); diff != "" {
		t.Errorf("environment (-bot-1 +bot-2):\n%s", diff)
	}
	spools := map[string]string{}
	for name, bot := range all {
		if bot.Environment["FLOWKEEPER_REDIS_URL"] != "redis://redis:6379/0" || !slices.Contains(bot.Networks, "store") {
			t.Errorf("%s does not reach the Redis of both: %s by %v", name, bot.Environment["FLOWKEEPER_REDIS_URL"], bot.Networks)
		}
		for _, v := range bot.Volumes {
			if volume, ok := strings.CutSuffix(v, ":"+image(t)["VOLUME"]); ok {
				spools[volume] = name
			}
		}
		var inside []string
		for _, p := range bot.Ports {
			inside = append(inside, p[strings.LastIndex(p, ":")+1:])
		}
		if ports := strings.Join(inside, " "); ports != image(t)["EXPOSE"] {
			t.Errorf("%s publishes %s, and the image listens on %s", name, ports, image(t)["EXPOSE"])
		}
	}
	if len(spools) != 2 {
		t.Errorf("the bots write to %v, want a volume each on the one place that the image writes to", spools)
	}
}

// variable is one of the bot's, wherever it is named.
var variable = regexp.MustCompile(`\bFLOWKEEPER_[A-Z_]*[A-Z]\b`)

// TestVariablesExist: each variable that a file of this folder names, be it in a comment, is one of the bot's.
func TestVariablesExist(t *testing.T) {
	have := map[string]bool{}
	for _, name := range variable.FindAllString(read(t, "../config/reference.yaml"), -1) {
		have[name] = true
	}
	for path, content := range files(t) {
		for _, name := range variable.FindAllString(content, -1) {
			if !have[name] {
				t.Errorf("%s names %s, which is no variable of the bot", path, name)
			}
		}
	}
	for name, bot := range bots(t) {
		for v := range bot.Environment {
			if !have[v] {
				t.Errorf("compose.yaml: %s is given %s, which is no variable of the bot", name, v)
			}
		}
	}
	if _, err := config.Load("", []string{"FLOWKEEPER_ADMIN_HOSTS=" + bots(t)["bot-1"].Environment["FLOWKEEPER_ADMIN_HOSTS"]}, rules.Catalogue()); err != nil {
		t.Error(err)
	}
}

var (
	images = regexp.MustCompile(`(?m)^\s*(?:- )?image: *"?([^\s"{]+)`)
	pinned = regexp.MustCompile(`:v?\d+\.\d+(?:\.\d+)?(?:-[a-z0-9.]+)?$`)
)

// TestImagesArePinned: what is fetched from a registry has a version of two numbers at least, so that a new start brings no other program.
func TestImagesArePinned(t *testing.T) {
	found := 0
	for path, content := range files(t) {
		if strings.HasSuffix(path, ".md") {
			continue
		}
		for _, m := range images.FindAllStringSubmatch(content, -1) {
			if strings.HasPrefix(m[1], "flowkeeper") || strings.Contains(m[1], "{{") {
				continue // made here, or named by values
			}
			if found++; !pinned.MatchString(m[1]) {
				t.Errorf("%s: the image %s has no version", path, m[1])
			}
		}
	}
	if found < 4 {
		t.Errorf("only %d images were found", found)
	}
}

// confidential is what looks like a secret that is written down: a GitLab token, a password with its value, a long random string.
var confidential = regexp.MustCompile(`glpat-[0-9A-Za-z_-]{8,}|(?i:password|token|secret)(?:"?: *"?|=)[0-9A-Za-z+]{12,}|\b[0-9a-f]{32,}\b|(?m:^kind: Secret)`)

// TestNoSecretIsWrittenDown: secrets are files or objects that the operator makes; nothing here holds one, not even as an example.
func TestNoSecretIsWrittenDown(t *testing.T) {
	for path, content := range files(t) {
		if found := confidential.FindString(content); found != "" {
			t.Errorf("%s holds what looks like a secret: %s", path, found)
		}
	}
	for _, secret := range []string{"glpat-aB3dE5fG7hI9jK1lM2nO", "password: hunter2hunter2", "token=0123456789abcdef", strings.Repeat("0a", 16), "kind: Secret"} {
		if !confidential.MatchString(secret) {
			t.Errorf("%s would not be found", secret)
		}
	}
}
