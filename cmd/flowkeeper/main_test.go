package main

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the expected parts of testdata/*.txtar")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"flowkeeper": main})
}

// What must never be printed. The scripts know them as $TOKEN, $OTHER_TOKEN, $SECRET, $OTHER_SECRET, $SIGNING and $REDIS_PASSWORD.
var secrets = map[string]string{
	"TOKEN":          "glpat-of-the-bot-0123456789",
	"OTHER_TOKEN":    "glpat-of-nobody-9876543210",
	"SECRET":         "the-webhooks-own-secret",
	"OTHER_SECRET":   "quite-another-secret",
	"SIGNING":        "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
	"OTHER_SIGNING":  "whsec_c3RyYW5nZXItc3RyYW5nZXItc3RyYW5nZXItc3Q=",
	"REDIS_PASSWORD": "hunter2-of-redis",
}

// TestScripts runs the program as its users do. The scripts find an environment in which "flowkeeper serve" would start if there were a
// GitLab; beside the commands of testscript they have
//
//	exits CODE ARGS...               runs flowkeeper to its end, which must have that exit code
//	start ARGS...                    starts flowkeeper in the background; one at a time
//	await stdout|stderr REGEXP       waits until it printed that; named groups become variables
//	signal TERM|INT|HUP              sends it a signal
//	ended CODE|SIGNAL                waits for its end; its output can then be looked at as of the last command
//	get URL STATUS [REGEXP]          asks over HTTP until the answer is as wanted
//	sandbox VERB                     is the GitLab, see sandbox_test.go; gitlab VERB arranges it, see setup_test.go
//	redis                            starts a redis-server with a password; sets FLOWKEEPER_REDIS_URL
//
// Nothing that flowkeeper prints in any script may hold one of the secrets.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Setup:               setupScript,
		Condition: func(name string) (bool, error) {
			return name == "root" && os.Geteuid() == 0, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "start": start, "await": await, "signal": kill, "ended": ended, "get": get,
			"sandbox": play, "gitlab": arrange, "redis": redis,
		},
	})
}

// script is what the commands of one script share.
type script struct {
	t      testing.TB
	gitlab *scriptGitLab
	bot    *process
}

type scriptKey struct{}

func of(ts *testscript.TestScript) *script { return ts.Value(scriptKey{}).(*script) }

func setupScript(env *testscript.Env) error {
	s := &script{t: env.T().(testing.TB)}
	env.Values[scriptKey{}] = s
	for name, value := range secrets {
		env.Setenv(name, value)
	}
	for name, value := range map[string]string{
		"GITLAB_TOKEN": secrets["TOKEN"], "WEBHOOK_SECRET": secrets["SECRET"], "SIGNING_TOKEN": secrets["SIGNING"],
		"GITLAB_URL": "http://127.0.0.1:1", "DATA_DIR": "data", "LISTEN": "127.0.0.1:0", "ADMIN_LISTEN": "127.0.0.1:0", "LOG_LEVEL": "debug",
	} {
		env.Setenv("FLOWKEEPER_"+name, value)
	}
	env.Setenv("GORACE", "atexit_sleep_ms=0") // or each program built with -race takes a second to end
	env.Defer(func() {
		if s.bot != nil {
			s.bot.end()
			s.harmless(s.bot.stdout.String() + s.bot.stderr.String())
		}
		if s.gitlab != nil {
			s.gitlab.close()
		}
	})
	return nil
}

// generated is what the secrets look like that setup makes.
var generated = regexp.MustCompile(`whsec_[A-Za-z0-9+/]{8}|\b[0-9a-f]{64}\b`)

// harmless fails the test if a secret was printed.
func (s *script) harmless(output string) {
	s.t.Helper()
	for name, value := range secrets {
		if strings.Contains(output, value) {
			s.t.Errorf("flowkeeper printed $%s", name)
		}
	}
	if generated.MatchString(output) {
		s.t.Error("flowkeeper printed a secret that it has made")
	}
}
