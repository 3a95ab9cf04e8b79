package gitlab_test

import (
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// inSandbox opens an issue of ann's in a GitLab of the edition and connects to it.
func inSandbox(t *testing.T, edition sandbox.Edition, o sandbox.IssueOptions) (*sandbox.Server, *gitlab.Client, triage.Ref) {
	t.Helper()
	lab := sandbox.New(sandbox.Options{Token: token, Edition: edition, PageSize: 2})
	c, project := connected(t, lab)
	issue, err := lab.Open("ann", project, o)
	if err != nil {
		t.Fatal(err)
	}
	return lab, c, issue
}

// connected serves a GitLab that has ann and a project, and connects to it.
func connected(t *testing.T, lab *sandbox.Server) (*gitlab.Client, int64) {
	t.Helper()
	t.Cleanup(lab.Close)
	web := httptest.NewServer(lab)
	t.Cleanup(web.Close)
	lab.SetURL(web.URL)
	if _, err := lab.AddUser("ann", "Ann", sandbox.Developer); err != nil {
		t.Fatal(err)
	}
	return newClient(t, gitlab.Options{URL: web.URL}), lab.AddProject("g/p")
}

// comment has ann write a comment.
func comment(t *testing.T, lab *sandbox.Server, ref triage.Ref, text string) int64 {
	t.Helper()
	id, err := lab.Comment("ann", ref, text)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// noteOf finds a comment of an issue.
func noteOf(t *testing.T, lab *sandbox.Server, ref triage.Ref, id int64) sandbox.Note {
	t.Helper()
	for _, n := range lab.Issue(ref).Notes {
		if n.ID == id {
			return n
		}
	}
	t.Fatalf("there is no comment %d", id)
	return sandbox.Note{}
}

// In every edition an update ends in one request and an answer that shows what became of it.
func TestSandboxUpdate(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		edition sandbox.Edition
		want    state
	}{
		"premium": {sandbox.Premium, state{Labels: []string{"UX", "w::ready"}, Weight: triage.Int(3), Closed: true}},
		"free":    {sandbox.Free, state{Labels: []string{"UX", "w::ready"}, Closed: true}},
		"CE":      {sandbox.CE, state{Labels: []string{"UX", "w::ready"}, Closed: true, Unknown: true}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab, c, ref := inSandbox(t, tt.edition, sandbox.IssueOptions{Title: "Slow", Labels: []string{"w::start"}})
			before, err := c.Issue(t.Context(), ref)
			if err != nil {
				t.Fatal(err)
			}
			if before.Path != "g/p" || before.Author.Username != "ann" || before.Title != "Slow" || before.Type != "Issue" {
				t.Errorf("the issue is %+v", before)
			}
			after := triage.AddLabel{Label: "UX"}.Apply(triage.AddLabel{Label: "w::ready"}.Apply(before))
			after = triage.SetWeight{Value: 3}.Apply(after)
			after.Closed = true
			got, err := c.UpdateIssue(t.Context(), before, after)
			if err != nil {
				t.Fatal(err)
			}
			sorted := cmpopts.SortSlices(func(a, b string) bool { return a < b })
			if diff := cmp.Diff(tt.want, stateOf(got), sorted); diff != "" {
				t.Errorf("issue (-want +got):\n%s", diff)
			}
			if writes := lab.Writes(); len(writes) != 1 {
				t.Errorf("wrote %q, want one request", writes)
			}

			read, err := c.Issue(t.Context(), ref)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got, read); diff != "" {
				t.Errorf("the answer differs from what is read later (-answer +read):\n%s", diff)
			}
		})
	}
}

// A weight alone is no error where there are no weights.
func TestSandboxWeightAlone(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		edition sandbox.Edition
		want    state
	}{
		"premium": {sandbox.Premium, state{Weight: triage.Int(3)}},
		"free":    {sandbox.Free, state{}},
		"CE":      {sandbox.CE, state{Unknown: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, c, ref := inSandbox(t, tt.edition, sandbox.IssueOptions{Title: "Slow"})
			before, err := c.Issue(t.Context(), ref)
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.UpdateIssue(t.Context(), before, triage.SetWeight{Value: 3}.Apply(before))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, emptyAsNil(stateOf(got))); diff != "" {
				t.Errorf("issue (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSandboxNotes(t *testing.T) {
	t.Parallel()
	lab, c, ref := inSandbox(t, sandbox.Premium, sandbox.IssueOptions{Title: "Slow"})
	self, err := c.CurrentUser(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var ids []int64
	for range 3 {
		if _, err := lab.Comment("ann", ref, "mine"); err != nil {
			t.Fatal(err)
		}
		id, err := c.CreateNote(t.Context(), ref, false, "the bot's")
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := c.EditNote(t.Context(), ref, ids[0], "edited"); err != nil {
		t.Fatal(err)
	}
	if err := c.DeleteNote(t.Context(), ref, ids[1]); err != nil {
		t.Fatal(err)
	}
	if err := lab.DeleteNote("ann", ref, ids[2]); err == nil {
		t.Error("ann deleted the bot's comment") // a Developer may not
	}
	notes, err := c.OwnNotes(t.Context(), ref, by(self.ID))
	if err != nil {
		t.Fatal(err)
	}
	want := []gitlab.Note{{ID: ids[0], Body: "edited"}, {ID: ids[2], Body: "the bot's"}}
	if diff := cmp.Diff(want, notes, cmpopts.IgnoreFields(gitlab.Note{}, "CreatedAt", "Author")); diff != "" {
		t.Errorf("comments (-want +got):\n%s", diff)
	}
	check(t, c.EditNote(t.Context(), ref, ids[1], "x"), gitlab.NotFound)
	_, err = c.CreateNote(t.Context(), ref, false, "/close")
	check(t, err, gitlab.Permanent, "quick actions")
	_, err = c.CreateNote(t.Context(), ref, false, "/label ~nothing")
	check(t, err, gitlab.Permanent, "Could not apply label command")
}

func TestSandboxIsBot(t *testing.T) {
	t.Parallel()
	lab, c, _ := inSandbox(t, sandbox.Premium, sandbox.IssueOptions{Title: "Slow"})
	person, err := lab.AddUser("project_1_bot_x", "Ann", sandbox.Maintainer)
	if err != nil {
		t.Fatal(err)
	}
	bot, err := lab.AddBot("project_1_bot_y", sandbox.Reporter, "glpat-y")
	if err != nil {
		t.Fatal(err)
	}
	for user, want := range map[int64]bool{person: false, bot: true} {
		if is, err := c.IsBot(t.Context(), user); is != want || err != nil {
			t.Errorf("user %d: %t, %v; want %t", user, is, err, want)
		}
	}
	_, err = c.IsBot(t.Context(), 1)
	check(t, err, gitlab.NotFound)
}

func TestSandboxPast(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		edition sandbox.Edition
		weights int
	}{
		"premium": {sandbox.Premium, 1},
		"free":    {sandbox.Free, 0},
		"CE":      {sandbox.CE, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab, c, ref := inSandbox(t, tt.edition, sandbox.IssueOptions{Title: "Slow", Labels: []string{"a", "b", "c"}})
			before, err := c.Issue(t.Context(), ref)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.UpdateIssue(t.Context(), before, triage.SetWeight{Value: 3}.Apply(triage.AddLabel{Label: "UX"}.Apply(before))); err != nil {
				t.Fatal(err)
			}
			if err := lab.Edit("ann", ref, sandbox.Change{RemoveLabels: []string{"UX"}}); err != nil {
				t.Fatal(err)
			}
			past, err := c.ResourceEvents(t.Context(), ref)
			if err != nil {
				t.Fatal(err)
			}
			type change struct {
				By, Label string
				Added     bool
			}
			var labels []change
			weights := 0
			for _, p := range past {
				if p.Label == "" {
					weights++
					if !triage.SameWeight(p.Weight, triage.Int(3)) || p.Actor.Username != "flowkeeper-bot" {
						t.Errorf("the weight changed like this: %+v", p)
					}
					continue
				}
				labels = append(labels, change{p.Actor.Username, p.Label, p.Added})
			}
			want := []change{
				{"ann", "a", true}, {"ann", "b", true}, {"ann", "c", true},
				{"flowkeeper-bot", "UX", true}, {"ann", "UX", false},
			}
			if diff := cmp.Diff(want, labels); diff != "" {
				t.Errorf("labels (-want +got):\n%s", diff)
			}
			if weights != tt.weights {
				t.Errorf("%d changes of the weight, want %d", weights, tt.weights)
			}
		})
	}
}

// A sandbox that breaks after the work was done leaves the state that the same update finds.
func TestSandboxCutAnswer(t *testing.T) {
	t.Parallel()
	lab, c, ref := inSandbox(t, sandbox.Premium, sandbox.IssueOptions{Title: "Slow"})
	lab.FailNext(sandbox.Fault{Match: "POST", ApplyThenCut: true})
	_, err := c.CreateNote(t.Context(), ref, false, "hello")
	check(t, err, gitlab.Unavailable, "no answer")
	if notes := lab.Issue(ref).CommentsBy("flowkeeper-bot"); len(notes) != 1 {
		t.Errorf("the issue has %d comments of the bot, want 1", len(notes))
	}

	lab.FailNext(sandbox.Fault{Match: "GET", Status: 429})
	_, err = c.Issue(t.Context(), ref)
	check(t, err, gitlab.Unavailable, "429")
	_, err = c.Issue(t.Context(), triage.Ref{Project: ref.Project, IID: 99})
	check(t, err, gitlab.NotFound)
}
