package sandbox_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/sandbox"
)

func TestQuickActions(t *testing.T) {
	const fence = "```"
	start := sandbox.IssueOptions{Labels: []string{"backend"}, Weight: ptr(1)}
	plain := state{[]string{"backend"}, ptr(1), "opened"}
	tests := map[string]struct {
		edition sandbox.Edition
		user    string // default omar
		text    string
		left    string // of the text; "" if no note is left
		want    state
	}{
		"labels":                       {text: `/label ~UX ~"needs research" w::a`, want: state{[]string{"backend", "UX", "needs research", "w::a"}, ptr(1), "opened"}},
		"an unknown label is not made": {text: "x\n/label ~unheard", left: "x", want: plain},
		"several lines":                {text: "done\n/label ~UX\n/unlabel ~backend\n/weight 5\n/close", left: "done", want: state{[]string{"UX"}, ptr(5), "closed"}},
		"the name's case":              {text: "/LABEL ~UX", want: state{[]string{"backend", "UX"}, ptr(1), "opened"}},
		"scoped labels":                {text: "/label ~w::a\n/label ~w::b", want: state{[]string{"backend", "w::b"}, ptr(1), "opened"}},
		"relabel":                      {text: "/relabel ~UX", want: state{[]string{"UX"}, ptr(1), "opened"}},
		"unlabel without names":        {text: "/unlabel", want: state{[]string{}, ptr(1), "opened"}},
		"clear weight":                 {text: "/clear_weight", want: state{[]string{"backend"}, nil, "opened"}},
		"in the middle of a paragraph": {text: "one\n/weight 2\ntwo", left: "one\ntwo", want: state{[]string{"backend"}, ptr(2), "opened"}},
		"code is text":                 {text: fence + "\n/weight 2\n" + fence, left: fence + "\n/weight 2\n" + fence, want: plain},
		"indented code is text":        {text: "x\n\n    /weight 2", left: "x\n\n    /weight 2", want: plain},
		"inline code is text":          {text: "see `a\n/weight 2\nb`", left: "see `a\n/weight 2\nb`", want: plain},
		"a quote is text":              {text: "> /weight 2", left: "> /weight 2", want: plain},
		"a list is text":               {text: "- a\n- b\n  /weight 2", left: "- a\n- b\n  /weight 2", want: plain},
		"HTML is text":                 {text: "<details>\n/weight 2\n</details>", left: "<details>\n/weight 2\n</details>", want: plain},
		"not at the line's beginning":  {text: "use /weight 2", left: "use /weight 2", want: plain},
		"an unknown name stays":        {text: "/flow weight 3", left: "/flow weight 3", want: plain},
		"no blank before the argument": {text: "/weight=2", left: "/weight=2", want: plain},
		"a name that cannot apply":     {text: "x\n/merge", left: "x", want: plain},
		"a weight that is none":        {text: "x\n/weight many", left: "x", want: plain},
		"a guest's is eaten, not run":  {user: "gil", text: "x\n/label ~UX\n/close", left: "x", want: plain},
		"free eats weights":            {edition: sandbox.Free, text: "x\n/weight 2", left: "x", want: state{[]string{"backend"}, nil, "opened"}},
		"CE leaves weights":            {edition: sandbox.CE, text: "x\n/weight 2", left: "x\n/weight 2", want: state{[]string{"backend"}, nil, "opened"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, sandbox.Options{Edition: tt.edition})
			for _, label := range []string{"UX", "needs research", "w::a", "w::b"} {
				if err := l.AddLabel(l.project, label, "", ""); err != nil {
					t.Fatal(err)
				}
			}
			ref := l.open(start)
			user := tt.user
			if user == "" {
				user = "omar"
			}
			id := l.comment(user, ref, tt.text)
			issue := l.Issue(ref)
			if diff := cmp.Diff(tt.want, stateOf(issue)); diff != "" {
				t.Error(diff)
			}
			left := ""
			for _, n := range issue.CommentsBy(user) {
				left += n.Text
			}
			if left != tt.left || (id == 0) != (tt.left == "") {
				t.Errorf("note %d, left is %q, want %q", id, left, tt.left)
			}
		})
	}
}

func TestMoreQuickActions(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	if _, err := l.AddMilestone(l.project, "19.2 beta"); err != nil {
		t.Fatal(err)
	}
	ref := l.open(sandbox.IssueOptions{})
	l.comment("omar", ref, "/assign @maria me\n/milestone %\"19.2 beta\"\n/title Fast\n/confidential\n/lock\n/react :+1:")
	i := l.Issue(ref)
	if diff := cmp.Diff([]string{"maria", "omar"}, i.Assignees); diff != "" {
		t.Error(diff)
	}
	if i.Milestone != "19.2 beta" || i.Title != "Fast" || !i.Confidential || !i.Locked {
		t.Errorf("milestone %q, title %q, confidential %v, locked %v", i.Milestone, i.Title, i.Confidential, i.Locked)
	}
	if len(i.Awards) != 1 || i.Awards[0].Name != "thumbsup" || i.Awards[0].User != "omar" {
		t.Errorf("reactions %v", i.Awards)
	}
	l.comment("omar", ref, "/react :eyes:") // the other reaction stays
	if i := l.Issue(ref); len(i.Awards) != 2 || i.Awards[1].Name != "eyes" {
		t.Errorf("reactions %v, want both", i.Awards)
	}
	l.comment("omar", ref, "/react :+1:") // once more takes it back
	if i := l.Issue(ref); len(i.Awards) != 1 || i.Awards[0].Name != "eyes" {
		t.Errorf("reactions %v, want the eyes only", i.Awards)
	}
	l.comment("omar", ref, "/unassign @maria\n/remove_milestone\n/unlock")
	i = l.Issue(ref)
	if diff := cmp.Diff([]string{"omar"}, i.Assignees); diff != "" || i.Milestone != "" || i.Locked {
		t.Errorf("assignees %v, milestone %q, locked %v", i.Assignees, i.Milestone, i.Locked)
	}
}

func TestQuickActionsInDescriptions(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	if err := l.AddLabel(l.project, "UX", "", ""); err != nil {
		t.Fatal(err)
	}
	ref := l.open(sandbox.IssueOptions{Description: "Why\n\n/label ~UX\n/weight 3"})
	i := l.Issue(ref)
	if i.Description != "Why" || !i.Has("UX") || i.Weight == nil || *i.Weight != 3 {
		t.Errorf("description %q, labels %v, weight %v", i.Description, i.Labels, i.Weight)
	}
	l.must("PUT", "/projects/1/issues/1", `{"description":"How\n\n/unlabel ~UX"}`)
	if i := l.Issue(ref); i.Description != "How" || i.Has("UX") {
		t.Errorf("description %q, labels %v", i.Description, i.Labels)
	}
	if diff := cmp.Diff([]string{"Issue Hook open", "Issue Hook update"}, events(l.sent(0))); diff != "" {
		t.Error(diff)
	}
}

func TestOpeningAClosedIssue(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{Description: "For the record\n\n/close"})
	if i := l.Issue(ref); i.State != "closed" || i.Description != "For the record" {
		t.Errorf("the issue is %s with the description %q", i.State, i.Description)
	}
	if diff := cmp.Diff([]string{"Issue Hook open", "Issue Hook close"}, events(l.sent(0))); diff != "" {
		t.Error(diff)
	}
}

func TestQuickActionsOfTheBot(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{Labels: []string{"UX"}})
	from := len(l.sent(0))
	r := l.api("POST", "/projects/1/issues/1/notes", `{"body":"/unlabel ~UX\n/weight 2"}`)
	if o := r.object(t); r.StatusCode != 202 || o["commands_changes"].(map[string]any)["weight"] != 2.0 || len(o["summary"].([]any)) != 2 || o["id"] != nil {
		t.Errorf("only commands: %d %s", r.StatusCode, r.Text)
	}
	if diff := cmp.Diff([]string{"Issue Hook update"}, events(l.sent(from))); diff != "" {
		t.Errorf("only commands: %s", diff)
	}
	if r := l.api("POST", "/projects/1/issues/1/notes", `{"body":"/merge"}`); r.StatusCode != 400 || !strings.Contains(r.Text, "Could not apply merge") {
		t.Errorf("a command that cannot be: %d %s", r.StatusCode, r.Text)
	}
	if n := len(l.Issue(ref).Comments()); n != 0 {
		t.Errorf("%d notes were left", n)
	}
	from = len(l.sent(0))
	r = l.must("POST", "/projects/1/issues/1/notes", `{"body":"because\n\n/weight 3"}`)
	if r.StatusCode != 201 || r.object(t)["body"] != "because" {
		t.Errorf("mixed: %d %s", r.StatusCode, r.Text)
	}
	if diff := cmp.Diff([]string{"Note Hook create", "Issue Hook update"}, events(l.sent(from))); diff != "" {
		t.Errorf("mixed: %s", diff)
	}
}

func TestEditingRunsQuickActionsAgain(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{})
	id := l.comment("omar", ref, "text")
	if err := l.EditNote("omar", ref, id, "text\n/weight 4"); err != nil {
		t.Fatal(err)
	}
	if i := l.Issue(ref); *i.Weight != 4 || i.Comments()[0].Text != "text" {
		t.Errorf("weight %v, note %q", i.Weight, i.Comments()[0].Text)
	}
	from := len(l.sent(0))
	if err := l.EditNote("omar", ref, id, "/weight 5"); err != nil {
		t.Fatal(err)
	}
	if i := l.Issue(ref); *i.Weight != 5 || len(i.Comments()) != 0 {
		t.Errorf("weight %v, notes %v", i.Weight, i.Comments())
	}
	if diff := cmp.Diff([]string{"Issue Hook update"}, events(l.sent(from))); diff != "" {
		t.Error(diff)
	}
}

func TestWhoIsNotified(t *testing.T) {
	tests := map[string]struct {
		confidential bool
		texts        []string // the first creates the note, the others edit it
		want         []string
	}{
		"everybody mentioned":              {texts: []string{"@maria and @omar, @omar!"}, want: []string{"maria", "omar"}},
		"an edit notifies only the new":    {texts: []string{"@maria", "@maria @omar"}, want: []string{"maria", "omar"}},
		"a repeated mention notifies none": {texts: []string{"@maria", "@maria please"}, want: []string{"maria"}},
		"gone and back again":              {texts: []string{"@maria", "nobody", "@maria"}, want: []string{"maria", "maria"}},
		"nobody in code":                   {texts: []string{"`@maria` and\n\n```\n@omar\n```"}},
		"not in an address":                {texts: []string{"mail x@maria"}},
		"not who does not exist":           {texts: []string{"@zoe @flow"}},
		"not oneself":                      {texts: []string{"@flowkeeper-bot"}},
		"also in a fold":                   {texts: []string{"<details><summary>x</summary>\n\n@maria\n</details>"}, want: []string{"maria"}},
		"a full stop is no name":           {texts: []string{"ask @maria."}, want: []string{"maria"}},
		"not who may not see":              {confidential: true, texts: []string{"@gil @omar"}, want: []string{"omar"}},
		"not in a comment of HTML":         {texts: []string{"x <!-- @maria -->"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, sandbox.Options{})
			ref := l.open(sandbox.IssueOptions{Confidential: tt.confidential})
			id := l.comment("flowkeeper-bot", ref, tt.texts[0])
			for _, text := range tt.texts[1:] {
				if err := l.EditNote("flowkeeper-bot", ref, id, text); err != nil {
					t.Fatal(err)
				}
			}
			var got []string
			for _, n := range l.Notifications() {
				if n.Note != id || n.By != "flowkeeper-bot" {
					t.Errorf("notice %+v", n)
				}
				got = append(got, n.User)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNotesThatCannotBe(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{})
	mine := l.comment("omar", ref, "mine")
	if _, err := l.Comment("omar", ref, " \n"); err == nil {
		t.Error("an empty comment was taken")
	}
	if _, err := l.CommentInternally("gil", ref, "x"); err == nil {
		t.Error("a guest wrote an internal note")
	}
	if _, err := l.Comment("omar", ref, strings.Repeat("x", 1_000_001)); err == nil {
		t.Error("a comment of more than a million characters was taken")
	}
	if err := l.EditNote("gil", ref, mine, "theirs"); err == nil {
		t.Error("a guest edited another's note")
	}
	if err := l.DeleteNote("flowkeeper-bot", ref, mine); err == nil {
		t.Error("a reporter deleted another's note")
	}
	if err := l.DeleteNote("omar", ref, 1); err == nil {
		t.Error("a note that does not exist was deleted")
	}
	if err := l.React("omar", ref, 0, "no such!"); err == nil {
		t.Error("a reaction with an impossible name was taken")
	}
	if err := l.Unreact("omar", ref, 0, "eyes"); err == nil {
		t.Error("a reaction that is not there was taken back")
	}
	if err := l.DeleteNote("maria", ref, mine); err != nil {
		t.Errorf("a maintainer deletes: %v", err)
	}
	if n := len(l.Issue(ref).Notes); n != 0 {
		t.Errorf("%d notes left", n)
	}
}
