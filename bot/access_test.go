package bot_test

import (
	"net/http"
	"strings"
	"testing"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// TestMissingAccess: what the token may not do is said at the start, for the projects of the configuration and for those that are known.
func TestMissingAccess(t *testing.T) {
	t.Parallel()
	const lowRole = "@flowkeeper-bot is only a Guest in project 1, too little to set labels and weights (for "
	tests := map[string]struct {
		adjust func(*bot.Options)
		deny   func(*rig)
		want   []string // "" is nothing
	}{
		"all is well":               {},
		"the role":                  {deny: func(r *rig) { r.must(r.gitlab.AddUser(botName, "Flowkeeper", sandbox.Guest)) }, want: []string{lowRole + "team-labels, ", "make it a Planner or Reporter"}},
		"no member":                 {deny: func(r *rig) { r.must(r.gitlab.AddUser(botName, "Flowkeeper", 0)) }, want: []string{"@flowkeeper-bot is no member of project 1, "}},
		"the scope":                 {deny: func(r *rig) { r.gitlab.LimitScopes(botToken, "read_api") }, want: []string{"the token has the scope read_api and lacks api: "}},
		"the role, rules in shadow": {adjust: inShadow, deny: func(r *rig) { r.must(r.gitlab.AddUser(botName, "Flowkeeper", sandbox.Guest)) }, want: []string{lowRole + "commands)"}},
		"a configured project":      {adjust: func(o *bot.Options) { o.Schedule.Projects = []string{"team/nowhere", "team/project"} }, want: []string{"@flowkeeper-bot does not see project team/nowhere"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sandbox.Premium, tt.adjust)
			r.open(sandbox.IssueOptions{Title: "t", Labels: typed}) // the project is known
			if tt.deny != nil {
				tt.deny(r)
			}
			r.restart()
			_, ready := r.get("/readyz")
			for _, want := range tt.want {
				if !strings.Contains(ready, want) || !strings.Contains(r.app.MissingAccess(), want) || !strings.Contains(r.handled.text(), want) {
					t.Errorf("not everybody is told %q: %s\n%s", want, ready, r.app.MissingAccess())
				}
			}
			if status, _ := r.get("/readyz"); status != http.StatusOK || tt.want == nil && (r.app.MissingAccess() != "" || strings.Contains(r.handled.text(), "may not do")) {
				t.Errorf("/readyz is %d, told %q", status, r.app.MissingAccess())
			}
		})
	}
}

func inShadow(o *bot.Options) {
	settings := make([]engine.Setting, len(o.Policy.Settings))
	for n, s := range o.Policy.Settings {
		s.Mode = min(s.Mode, triage.Shadow)
		settings[n] = s
	}
	o.Policy.Settings = settings
}

// TestAnotherTokenIsLookedAt: so it is when the bot gets another token while it runs.
func TestAnotherTokenIsLookedAt(t *testing.T) {
	t.Parallel()
	const weak = "glpat-that-only-reads"
	r := newRig(t, sandbox.Premium, nil)
	r.must(nil, r.gitlab.AddToken(botName, weak))
	r.gitlab.LimitScopes(weak, "read_api")
	r.options.GitLab.Token = weak
	r.must(nil, r.app.Reload(t.Context(), r.options))
	r.must(nil, r.heard("the token may not do what the bot does", "lacks api"))

	// Nothing is lost by it.
	ref, err := r.gitlab.Open("ann", r.project, sandbox.IssueOptions{Title: "t", Labels: typed})
	r.must(nil, err)
	r.must(nil, r.heard("GitLab refuses the bot", `"denied":"token"`))
	if status, text := r.get("/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(text, "lacks the scope api") {
		t.Errorf("/readyz is %d: %s", status, text)
	}
	r.options.GitLab.Token = botToken
	r.must(nil, r.app.Reload(t.Context(), r.options))
	r.settle()
	if !r.gitlab.Issue(ref).Has("workflow::start") {
		t.Errorf("labels %v with the right token", r.gitlab.Issue(ref).Labels)
	}
}
