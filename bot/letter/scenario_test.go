package letter_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	"pgregory.net/rapid"

	"flowkeeper/bot/letter"
	"flowkeeper/bot/record"
	"flowkeeper/bot/scenario"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

var update = flag.Bool("update", false, "rewrite testdata/*.txtar")

// TestSave compares saved letters with testdata/<name>.txtar.
func TestSave(t *testing.T) {
	roster := map[triage.Role][]string{triage.ProductManager: {"pat"}, triage.EngineeringManager: {"omar.k"}}
	changed := func(b record.Event, c triage.Changes, kind triage.Kind) record.Event {
		b.Event.Changes, b.Event.Kind = c, b.Event.Kind|kind
		return b
	}
	assigned := issue(time.Minute, "type::bug", "workflow::in dev")
	assigned.Assignees, assigned.Milestone, assigned.Weight = []triage.Person{{ID: omar.ID}, ann}, 77, triage.Int(2)
	thumb := happened(triage.Awarded, omar, time.Minute, issue(time.Minute, "type::feature", "workflow::needs issue review"))
	thumb.Event.Emoji = &triage.Emoji{Name: "thumbsup", NoteID: 5}
	closed := issue(time.Minute, "type::bug", "workflow::in review")
	closed.Closed = true

	tests := []struct {
		name   string
		letter letter.Letter
	}{
		{"opened", bury(t, nil, happened(triage.Opened, ann, 0, issue(0, "type::bug")))},
		{"delivered_in_another_order", bury(t, nil,
			changed(happened(triage.Updated, omar, time.Minute, issue(time.Minute, "type::feature", "workflow::design")),
				triage.Changes{Added: []string{"type::feature"}, Removed: []string{"type::bug"}}, triage.LabelsChanged),
			changed(happened(triage.Updated, ann, 0, issue(0, "type::bug", "workflow::design")), triage.Changes{Added: []string{"workflow::design"}}, triage.LabelsChanged))},
		{"weighed_and_assigned", bury(t, nil, changed(happened(triage.Updated, omar, time.Minute, assigned),
			triage.Changes{Weight: &triage.WeightChange{From: nil, To: triage.Int(2)}}, triage.WeightChanged|triage.AssigneesChanged|triage.MilestoneChanged))},
		{"closed", bury(t, nil, happened(triage.Closed|triage.Updated, omar, time.Minute, closed))},
		{"commands", bury(t, nil,
			noted(omar, 0, "@annabel I think Walter is right.\n\n/flow weight 3 because Walter says so\n", issue(0, "type::bug", "workflow::refinement")),
			noted(ann, time.Minute, "/flow duplicate secret/garden#34", issue(time.Minute, "type::bug", "workflow::refinement")),
			noted(ann, 2*time.Minute, "/flow snooze needs-type 2w", issue(2*time.Minute, "type::bug", "workflow::refinement")))},
		{"agreements", bury(t, nil,
			thumb, noted(triage.Person{ID: 43, Username: "pat"}, 2*time.Minute, "LGTM!", issue(2*time.Minute, "type::feature", "workflow::needs issue review")))},
		{"rule_rested", bury(t, &record.Decision{InScope: true, Events: []string{"opened"}, Findings: []engine.Finding{
			{Rule: "team-labels", Evaluated: true, Overridden: true}, {Rule: "of-another-version", Evaluated: true, Overridden: true},
		}}, happened(triage.Swept, triage.Person{}, 0, triage.Issue{
			Ref: ref, Type: "Walter's own", Labels: []string{"group::source code", "type::bug"}, NoWeights: true, UpdatedAt: noon, CreatedAt: noon,
		}))},
		{"woken", func() letter.Letter {
			l := bury(t, nil, happened(triage.Updated, ann, 0, issue(0, "type::bug", "workflow::in dev")))
			l.Woken = true
			return l
		}()},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			saved, err := letter.Save(test.letter, policy(roster))
			if err != nil {
				t.Fatal(err)
			}
			got := string(saved.File) + "-- notes --\n" + strings.Join(saved.Notes, "\n") + "\n"
			file := filepath.Join("testdata", test.name+".txtar")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error("-want +got; rewrite with -update if it is right\n", diff)
			}
		})
	}
}

// TestSaveOfAnotherTeam: a letter of a team with other weights is played on its scale, and the notes say that the file needs the configuration.
func TestSaveOfAnotherTeam(t *testing.T) {
	l := bury(t, nil, noted(omar, 0, "/flow weight 4\n/flow weight 13", issue(0, "type::bug", "workflow::refinement")))
	p := policy(nil)
	config := p.Team.TeamConfig
	config.Scale = &triage.Scale{Values: []int{1, 2, 3, 5, 8, 13}, ResearchAbove: 5, SplitFrom: 13, Spike: 2, Security: triage.SecurityNext, Label: "weight::"}
	p.Team = triage.NewTeam(config)
	saved, err := letter.Save(l, p)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"there is no weight “4”; did you mean `/flow weight 3` or `/flow weight 5`?", "weight-split-up: the weight is 13"} {
		if !strings.Contains(string(saved.File), want) {
			t.Errorf("it does not say %q:\n%s", want, saved.File)
		}
	}
	needs := func(notes []string) bool {
		return slices.ContainsFunc(notes, func(note string) bool { return strings.Contains(note, "-c CONFIGURATION") })
	}
	if !needs(saved.Notes) {
		t.Errorf("nothing tells of the configuration: %q", saved.Notes)
	}
	if saved, err = letter.Save(l, policy(nil)); err != nil || needs(saved.Notes) {
		t.Errorf("the handbook's configuration is asked for: %q, %v", saved.Notes, err)
	}
}

// TestUnreadableMail: what this version cannot read is a look at the issue, and what it can read is still saved.
func TestUnreadableMail(t *testing.T) {
	l := bury(t, nil, happened(triage.Opened, ann, 0, issue(0)))
	for _, body := range []string{"", `{"e":{"k":"of another version"}}`, `{"e":{"k":1},"i":{"p":8,"i":99}}`} {
		l.Mail = append(l.Mail, letter.Mail{Accepted: noon.Add(time.Minute), Body: json.RawMessage(body)})
	}
	saved, err := letter.Save(l, policy(nil))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(saved.File), `kind: "swept"`); n != 3 {
		t.Errorf("%d looks, want 3:\n%s", n, saved.File)
	}
	if !strings.Contains(strings.Join(saved.Notes, "\n"), "cannot read") {
		t.Errorf("nothing is said of it: %q", saved.Notes)
	}
}

// TestNoState: a letter of a wake-up alone, and one that nobody can read, show no issue.
func TestNoState(t *testing.T) {
	for name, l := range map[string]letter.Letter{
		"woken":      {Project: 7, IID: 12, Woken: true},
		"unreadable": {Project: 7, IID: 12, Mail: []letter.Mail{{Accepted: noon}}},
		"only named": bury(t, nil, happened(triage.Noted, ann, 0, triage.Issue{Ref: ref})),
	} {
		if _, err := letter.Save(l, policy(nil)); !errors.Is(err, letter.ErrNoState) {
			t.Errorf("%s: %v, want ErrNoState", name, err)
		}
	}
}

// Whatever is in a letter: no name, title, project or word of a comment is in the scenario, it can be read, and played again it gives the
// decisions that are in it.
func TestNoNameSurvives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := &drawn{T: t}
		roster := map[triage.Role][]string{triage.ProductManager: {d.name()}, triage.Engineers: {d.name(), d.name()}}
		for _, names := range roster {
			for _, name := range names {
				d.people = append(d.people, triage.Person{ID: int64(1000 + len(d.people)), Username: name})
			}
		}
		for range 3 {
			d.people = append(d.people, triage.Person{ID: int64(1000 + len(d.people)), Username: d.name()})
		}
		l := d.letter()
		p := policy(roster)
		saved, err := letter.Save(l, p)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range d.secrets {
			if strings.Contains(strings.ToLower(string(saved.File)), strings.ToLower(secret)) {
				t.Fatalf("%q is in the file:\n%s", secret, saved.File)
			}
		}
		s, err := scenario.Parse(saved.File, p.Team.TeamConfig)
		if err != nil {
			t.Fatalf("%v:\n%s", err, saved.File)
		}
		if want := l.Deliveries; len(s.Steps) != want {
			t.Fatalf("%d steps of %d deliveries:\n%s", len(s.Steps), want, saved.File)
		}
		decisions, err := s.Play(p)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(saved.File), string(scenario.InsertDecisions(saved.File, decisions))); diff != "" {
			t.Fatal("saved, and played again:\n", diff)
		}
	})
}

// drawn is a letter being drawn. Its secrets are all that may not be in the file: words that no label, rule or command has.
type drawn struct {
	*rapid.T
	people  []triage.Person
	secrets []string
}

func (d *drawn) name() string {
	name := rapid.StringMatching(`[A-Z]?[qxz]{2}[a-z0-9._]{4,10}[qxz]`).Draw(d.T, "name")
	d.secrets = append(d.secrets, name)
	return name
}

// person is somebody of the people, of whom a payload tells the id, the name or both.
func (d *drawn) person() triage.Person {
	p := rapid.SampledFrom(d.people).Draw(d.T, "person")
	switch rapid.IntRange(0, 2).Draw(d.T, "known by") {
	case 0:
		return triage.Person{ID: p.ID}
	case 1:
		return triage.Person{Username: p.Username}
	}
	return p
}

func (d *drawn) letter() letter.Letter {
	labels := []string{
		"backend", "frontend", "type::bug", "type::feature", "workflow::refinement", "workflow::needs issue review", "workflow::in dev", "security",
		"severity::1", "group::source code", "Category:Source Code Management", "devops::create", `a "quoted" label`, "ümläut\t{x}: [y] # z", "spike",
		"-- event --", "yes", "null", "3", rapid.String().Draw(d.T, "label"),
	}
	i := triage.Issue{
		Ref: ref, Path: d.name() + "/" + d.name(), Title: d.name() + " " + d.name(), Type: rapid.SampledFrom([]string{"Issue", "Task", "", d.name()}).Draw(d.T, "type"),
		Author: d.person(), CreatedAt: noon.Add(-time.Hour), UpdatedAt: noon,
	}
	i.URL = "https://" + d.name() + ".example/" + i.Path + "/-/issues/12"
	var bodies []record.Event
	for n := range rapid.IntRange(1, 6).Draw(d.T, "deliveries") {
		i.UpdatedAt = i.UpdatedAt.Add(time.Duration(rapid.IntRange(0, 90_000).Draw(d.T, "ms")) * time.Millisecond)
		i.Labels = rapid.SliceOfNDistinct(rapid.SampledFrom(labels), 0, 6, rapid.ID).Draw(d.T, "labels")
		i.Assignees = nil
		if rapid.Bool().Draw(d.T, "assigned") {
			i.Assignees = []triage.Person{d.person(), d.person()}
		}
		i.Milestone = int64(rapid.IntRange(0, 1).Draw(d.T, "milestone"))
		i.Closed = rapid.Bool().Draw(d.T, "closed")
		b := happened(triage.Updated, d.person(), 0, i)
		b.Event.At, b.Event.ReceivedAt = i.UpdatedAt, i.UpdatedAt
		d.event(&b.Event, int64(n))
		bodies = append(bodies, b)
	}
	l := bury(d.T, &record.Decision{InScope: true, Reason: d.name(), Findings: []engine.Finding{{Rule: "team-labels", Reason: d.name(), Overridden: true}}}, bodies...)
	l.Cause = d.name()
	return l
}

// event draws what happened.
func (d *drawn) event(e *triage.Event, n int64) {
	e.Kind = rapid.SampledFrom([]triage.Kind{
		triage.Opened, triage.Updated | triage.AssigneesChanged, triage.Updated | triage.MilestoneChanged, triage.Closed | triage.Updated,
		triage.Reopened | triage.Updated, triage.Noted, triage.Awarded, triage.Swept, triage.Updated | triage.LabelsChanged | triage.WeightChanged,
	}).Draw(d.T, "kind")
	switch {
	case e.Kind&triage.Noted != 0:
		e.Note = &triage.Note{ID: 800 + n, Text: d.comment(), Internal: rapid.Bool().Draw(d.T, "internal")}
	case e.Kind&triage.Awarded != 0:
		e.Emoji = &triage.Emoji{Name: rapid.SampledFrom([]string{"thumbsup", d.name()}).Draw(d.T, "emoji")}
	case e.Kind&triage.LabelsChanged != 0:
		e.Changes = triage.Changes{
			Added: []string{"workflow::in dev"}, Removed: []string{"workflow::refinement"},
			Weight: &triage.WeightChange{From: triage.Int(1), To: rapid.SampledFrom([]*int{nil, triage.Int(0), triage.Int(5)}).Draw(d.T, "weight")},
		}
	}
}

// comment draws prose and commands with words of people in them.
func (d *drawn) comment() string {
	lines := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
		form := rapid.SampledFrom([]string{
			"%s said so", "/flow weight 3 %s", "/flow unclear what does %s mean?", "/flow duplicate %s/x#34", "/flow duplicate https://x.example/%s/-/issues/34#note_1",
			"/flow spike done weight=2 %s", "/flow spike done weight=%s", "/flow %s", "/flow to %s", "/flow to in dev", "/flow ignore team-labels @%s", "/flow simplify %s: \"%[1]s\"",
			"/flow blocked by #%s", "/flow why", "/flow snooze all 3d %s", "@%s please", "/flow spike `%s`", "agreed, %s", "/flow weight 3=%s",
		}).Draw(t, "form")
		if !strings.Contains(form, "%") {
			return form
		}
		return fmt.Sprintf(form, d.name())
	}), 1, 4).Draw(d.T, "lines")
	return strings.Join(lines, "\n\n")
}

// TestUsernamesThatAreWords: somebody may be called like a rule, a state or a label. Behind a command that is still a name.
func TestUsernamesThatAreWords(t *testing.T) {
	dev, bug := triage.Person{ID: 51, Username: "dev"}, triage.Person{ID: 52, Username: "Backend"}
	l := bury(t, nil, noted(dev, 0, "/flow unclear is it dev or @dev or backend?", issue(0)), noted(bug, 1, "/flow unclear weight", issue(0)))
	saved, err := letter.Save(l, policy(nil))
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, f := range txtar.Parse(saved.File).Files {
		if m := regexp.MustCompile(`(?m)^text: (.*)$`).FindSubmatch(f.Data); m != nil {
			texts = append(texts, string(m[1]))
		}
	}
	if diff := cmp.Diff([]string{`"/flow unclear text"`, `"/flow unclear weight"`}, texts); diff != "" {
		t.Error("-want +got\n", diff)
	}
}
