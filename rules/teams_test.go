package rules_test

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"flowkeeper/config"
	"flowkeeper/rules"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// teamPolicies are the policies of testdata/teams, by the folder's name: teams with other weights, severities and priorities than the handbook's.
func teamPolicies(t testing.TB) map[string]engine.Policy {
	files, err := filepath.Glob("testdata/teams/*/team.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no teams", err)
	}
	policies := map[string]engine.Policy{}
	for _, file := range files {
		c, err := config.Load(file, []string{"FLOWKEEPER_MODE=act"}, rules.Catalogue())
		if err != nil {
			t.Fatal(err)
		}
		policies[filepath.Base(filepath.Dir(file))] = c.Policy()
	}
	return policies
}

// TestTeamScenarios plays testdata/teams/<team>/*.txtar with the whole catalogue under team.yaml beside them.
func TestTeamScenarios(t *testing.T) {
	for name, policy := range teamPolicies(t) {
		files, err := filepath.Glob("testdata/teams/" + name + "/*.txtar")
		if err != nil || len(files) == 0 {
			t.Fatal("no scenarios of", name, err)
		}
		for _, file := range files {
			t.Run(name+"/"+filepath.Base(file), func(t *testing.T) { play(t, file, policy) })
		}
	}
}

// foreign matches what only a team of the handbook's numbers is told, by the group that holds the number or the word.
var foreign = []struct {
	form  *regexp.Regexp
	knows func(t *triage.Team, word string) bool
}{
	{regexp.MustCompile(`(?i)\bweight(?: of| is|:|::|=)? ([0-9]+)`), isWeight},
	{regexp.MustCompile(`\b([0-9]+) or (?:more|less)\b`), isWeight},
	{regexp.MustCompile(`\b(?:above|from) ([0-9]+)\b`), isWeight},
	{regexp.MustCompile(`-weight::([0-9]+)`), isWeight},
	{regexp.MustCompile(`(?i)\bseverity(?:::| )([0-9][^ ,.;` + "`" + `"]*)`), func(t *triage.Team, word string) bool { return t.Severity.Rank(word) >= 0 }},
	{regexp.MustCompile(`(?i)\bpriority(?:::| )([0-9][^ ,.;` + "`" + `"]*)`), func(t *triage.Team, word string) bool { return t.Priority.Rank(word) >= 0 }},
	{regexp.MustCompile(`\bseverity(::)`), func(t *triage.Team, _ string) bool { return t.Severity.Scope == "severity" }},
	{regexp.MustCompile(`\bpriority(::)`), func(t *triage.Team, _ string) bool { return t.Priority.Scope == "priority" }},
	{regexp.MustCompile(`\b(backend|frontend)\b`), func(t *triage.Team, _ string) bool { return t.Scale.HasSides() }},
}

func isWeight(t *triage.Team, word string) bool {
	return slices.ContainsFunc(append(t.Scale.Values, offScale...), func(w int) bool { return triage.OneOf([]int{w}) == word })
}

// offScale are weights that the issues of the test have although no scale has them.
var offScale = []int{6, 40}

// speechless matches the words for what a team does not have, in any sentence.
var speechless = []struct {
	word    *regexp.Regexp
	premise triage.Premise
}{
	{regexp.MustCompile(`(?i)\bweigh(t|ts|s|ed)?\b`), triage.UsesWeights},
	{regexp.MustCompile(`(?i)\bseverit(y|ies)\b`), triage.UsesSeverities},
	{regexp.MustCompile(`(?i)\bpriorit(y|ies)\b`), triage.UsesPriorities},
}

// TestSentencesInTheTeamsNumbers reads every sentence that rules and commands say to teams with numbers of their own, on many issues: it looks for a
// number, a level or a word that is not theirs.
func TestSentencesInTheTeamsNumbers(t *testing.T) {
	for name, policy := range teamPolicies(t) {
		t.Run(name, func(t *testing.T) {
			sentences := sentencesOf(t, policy)
			for _, sentence := range sentences {
				if why := foreignIn(policy.Team, sentence); why != "" {
					t.Errorf("%s: %s", why, sentence)
				}
			}
			if len(sentences) < 150 {
				t.Errorf("only %d sentences were read", len(sentences))
			}
		})
	}
}

// ruleNames are ids in code spans and at the beginning of items, which are the same for all teams.
var ruleNames = regexp.MustCompile("`[a-z]+(-[a-z]+)+`|`/[a-z]+ (help|why|resume|ignore|snooze) [^`]*`")

// foreignIn says what in a sentence is not the team's, "" if all is.
func foreignIn(team *triage.Team, sentence string) string {
	for _, f := range foreign {
		for _, m := range f.form.FindAllStringSubmatch(sentence, -1) {
			if !f.knows(team, m[1]) {
				return "“" + m[0] + "” is not the team's"
			}
		}
	}
	text := ruleNames.ReplaceAllString(sentence, "")
	for _, s := range speechless {
		if why := team.Lacks(s.premise); why != "" && !strings.Contains(strings.ToLower(text), why) && !strings.Contains(text, "works without") && s.word.MatchString(text) {
			return "speaks of “" + s.word.FindString(text) + "”"
		}
	}
	return ""
}

// sentencesOf is what rules and commands say on many issues.
func sentencesOf(t *testing.T, p engine.Policy) []string {
	all := map[string]bool{}
	say := func(sentences ...string) {
		for _, s := range sentences {
			all[s] = true
		}
	}
	team := p.Team
	weights := []*int{nil}
	if !team.Scale.Off() {
		for _, w := range append(slices.Clone(team.Scale.Values), offScale...) {
			weights = append(weights, triage.Int(w))
		}
	}
	labels := []string{"type::bug", "security", "spike", "Deliverable", "follow-up", "quick win", "infradev", "backend"}
	labels = append(append(labels, team.Severity.Labels()...), team.Priority.Labels()...)
	if !team.Scale.HasSides() {
		labels = slices.DeleteFunc(labels, func(l string) bool { return l == "backend" })
	}
	for _, state := range append([]string{""}, "refinement", "needs issue review", "ready for development", "in dev", "complete") {
		for n, first := range labels {
			for _, second := range slices.Concat(labels, labels)[n : n+4] {
				for _, w := range weights {
					issue := triage.Issue{Ref: triage.Ref{Project: 1, IID: 1}, Weight: w, CreatedAt: noon.AddDate(-1, 0, 0), UpdatedAt: noon, Labels: []string{first}}
					if second != first {
						issue.Labels = append(issue.Labels, second)
					}
					if state != "" {
						issue.Labels = append(issue.Labels, team.State(state))
					}
					say(decided(t, p, engine.Case{Issue: issue, Events: []triage.Event{{Kind: triage.Opened, At: noon, ReceivedAt: noon}}, Now: noon.Add(time.Hour)})...)
				}
			}
		}
	}
	for _, line := range []string{
		"help", "help all", "help weight", "help triage urgent", "why", "weight", "weight 6", "weight ten", "weight large", "weight 40", "spike", "spike is it fast?", "spike done", "next",
		"spike done weight=6", "follow-up", "follow-up the rest weight=6", "triage minor", "triage workaround", "triage urgent", "to ready for development", "unclear what?",
	} {
		for _, label := range labels {
			issue := triage.Issue{Ref: triage.Ref{Project: 1, IID: 1}, CreatedAt: noon, UpdatedAt: noon, Labels: []string{label, team.State("refinement")}}
			note := &triage.Note{ID: 1}
			comment := engine.Comment{
				Event: triage.Event{Kind: triage.Noted, Actor: triage.Person{ID: 1, Username: "ann"}, At: noon, ReceivedAt: noon, Note: note},
				Lines: []engine.Line{{Text: line}}, Level: 40,
			}
			say(decided(t, p, engine.Case{Issue: issue, Comments: []engine.Comment{comment}, Events: []triage.Event{comment.Event}, Now: noon})...)
		}
	}
	for _, s := range p.Settings {
		if team.Lacks(s.Uses) == "" {
			say(s.SummaryFor(team))
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// decided is what a decision says, with everything known that it may ask for.
func decided(t *testing.T, p engine.Policy, c engine.Case) []string {
	c.Memory.Context.Known, c.Memory.Context.LoadedAt = ^triage.Need(0), noon
	c.Memory.SeverityAt = noon.AddDate(-1, 0, 0)
	d, _, err := engine.Decide(p, c)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range d.Findings {
		all = append(append(all, f.Reason), f.Wants...)
	}
	for _, i := range d.Note.Items {
		all = append(all, i.Title+". "+i.Text)
	}
	all = append(all, d.Note.Lines...)
	for _, a := range d.Pending.Intent.Answers {
		if a.Reply == nil {
			continue
		}
		for _, p := range slices.Concat(a.Reply.Text, a.Reply.Rows, a.Reply.DetailsRows) {
			var own strings.Builder
			for _, piece := range p {
				own.WriteString(piece.Trusted)
			}
			all = append(all, own.String())
		}
	}
	for _, r := range d.Pending.Results {
		if !r.Refused && !strings.HasPrefix(r.Reason, "tells about ") { // the reply says it, with what people wrote apart
			all = append(all, r.Reason)
		}
	}
	return all
}

// TestSecurityOnAnyScale: on whatever scale, the extra level for security issues leads to the next higher weight of the scale and never off it, is
// given once, gives way to what a person sets, and is found again in GitLab's weight events when the memory is lost.
func TestSecurityOnAnyScale(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfNDistinct(rapid.IntRange(0, 40), 2, 8, rapid.ID).Draw(t, "scale")
		slices.Sort(values)
		last := len(values) - 1
		team := handbook()
		team.Scale = &triage.Scale{
			Values: values, ResearchAbove: values[max(0, last-1)], SplitFrom: values[last], Spike: values[0], Security: triage.SecurityNext, Label: "{side}-weight::",
		}
		if rapid.Bool().Draw(t, "labels") {
			team.Scale.Label = "points::"
		}
		policy := engine.Policy{Team: triage.NewTeam(team), Settings: engine.Defaults(rules.Catalogue()), Grace: time.Minute}
		estimate := rapid.SampledFrom(values).Draw(t, "estimate")
		issue := triage.Issue{Labels: []string{"security"}, Weight: &estimate, CreatedAt: noon, UpdatedAt: noon}
		weighed := func(issue triage.Issue, m triage.Memory, at time.Time) engine.Decision {
			d, _, err := engine.Decide(policy, engine.Case{Issue: issue, Memory: m, Now: at, Events: []triage.Event{{
				Kind: triage.Updated | triage.WeightChanged, At: at, ReceivedAt: at, Changes: triage.Changes{Weight: &triage.WeightChange{To: issue.Weight}},
			}}})
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		d := weighed(issue, triage.Memory{}, noon)
		want := estimate
		if n := slices.Index(values, estimate); n < last {
			want = values[n+1]
		}
		if got := *d.Result.Weight; got != want {
			t.Fatalf("an estimate of %d on %v becomes %d, want %d", estimate, values, got, want)
		}
		if want != estimate {
			history := []triage.ResourceEvent{
				{At: noon, Actor: triage.Person{ID: 5}, Label: "security", Added: true}, {At: noon, Actor: triage.Person{ID: 5}, Weight: &estimate},
				{At: noon.Add(time.Second), Actor: triage.Person{ID: 9}, Weight: &want},
			}
			restored := engine.RestoreMemory(triage.Memory{}, policy.Team, history, 9)
			if restored.Bump == nil || restored.Bump.From != estimate || restored.Bump.To != want {
				t.Fatalf("of %d → %d on %v the weight events give %+v", estimate, want, values, restored.Bump)
			}
			again := d.Result
			again.Weight = &estimate
			if d2 := weighed(again, d.Memory, noon.Add(time.Hour)); *d2.Result.Weight != estimate {
				t.Fatalf("what a person sets becomes %d", *d2.Result.Weight)
			}
		}
	})
}

// TestSummariesOfTheHandbook: what rules and commands say of themselves to a team with the handbook's numbers is what their definitions say.
func TestSummariesOfTheHandbook(t *testing.T) {
	team := triage.NewTeam(handbook())
	for _, r := range rules.Catalogue() {
		if got := r.SummaryFor(team); got != r.Summary {
			t.Errorf("%s: %q, want %q", r.ID, got, r.Summary)
		}
	}
	for _, c := range rules.Commands() {
		if got, want := [...]string{c.SummaryFor(team), c.UsageFor(team), c.ExampleFor(team)}, [...]string{c.Summary, c.Usage(), c.Example}; got != want {
			t.Errorf("%s: %q, want %q", c.Name, got, want)
		}
	}
}
