package worker_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// mergeRequestsBeside is a rule that says which merge requests the issue knows; of those that it was not told of only if more is needed.
func mergeRequestsBeside(needs triage.Need) engine.Setting {
	s := rule("beside", func(in triage.Input) triage.Verdict {
		if needs != 0 && !in.Knows(needs) {
			return triage.Load("more has to be known", needs)
		}
		var said []string
		for _, m := range in.Memory.Context.MergeRequests {
			said = append(said, m.Ref.String())
		}
		return triage.Nothing(strings.Join(said, " "))
	})
	s.On = triage.MergeRequestChanged | triage.Updated
	return s
}

// TestMergeRequestsOfForks: a merge request from a fork closes issues of the project that it goes to, as any other. One within the fork closes none of
// the project that was forked, as GitLab has it.
func TestMergeRequestsOfForks(t *testing.T) {
	t.Parallel()
	const upstream, fork, beside = 0, 1, 2
	for name, test := range map[string]struct {
		into        int // the project that it goes to
		description string
		told        []int // the projects whose issue is told
		calls       int   // at the first time
	}{
		"from the fork":                {upstream, "Closes #1", []int{upstream}, 2},
		"from the fork, whole path":    {upstream, "Closes g/p#1", []int{upstream}, 2},
		"from the fork, its own issue": {upstream, "Closes omar/p#1", []int{fork}, 3},
		"in the fork":                  {fork, "Closes #1", []int{fork}, 2},
		"in the fork, upstream":        {fork, "Closes g/p#1", nil, 3},
		"in the fork, upstream's page": {fork, "Closes <url>/g/p/-/issues/1", nil, 3},
		"in the fork, all":             {fork, "Closes g/p#1, #1 and g/beside#1", []int{fork, beside}, 3},
	} {
		for _, older := range []bool{false, true} { // GitLab lists what a merge request refers to, or not
			if older && len(test.told) > 1 {
				continue // it looks up only one of them
			}
			t.Run(name+map[bool]string{true: ", older"}[older], func(t *testing.T) {
				t.Parallel()
				b := startBench(t, setup{rules: []engine.Setting{mergeRequestsBeside(0)}})
				if older {
					b.lab.FailNext(sandbox.Fault{Match: "related_issues", Times: -1, Status: http.StatusNotFound})
				}
				of, err := b.lab.Fork(b.project, "omar/p")
				b.must(err)
				projects := []int64{b.project, of, b.lab.AddProject("g/beside")}
				for _, p := range projects {
					b.must(b.lab.SetAutoClose(p, false))
					issue, err := b.lab.Open("ann", p, sandbox.IssueOptions{Title: "t"})
					b.must(err)
					b.tell(issue, b.opened(issue))
				}
				open := func(description string) triage.Ref {
					m, err := b.lab.OpenMergeRequest("omar", projects[test.into], sandbox.MergeRequestOptions{Title: "m", From: of, Description: description})
					b.must(err)
					b.must(b.lab.AwaitDelivered(t.Context()))
					return m
				}
				if older {
					b.deliver(open("Closes #2")) // leads nowhere: the bot finds out what GitLab has
					b.idle()
				}
				b.reads()
				m := open(strings.ReplaceAll(test.description, "<url>", strings.TrimSuffix(b.lab.Issue(triage.Ref{Project: b.project, IID: 1}).URL, "/g/p/-/issues/1")))
				b.deliver(m)
				b.idle()
				elsewhere := func(line string) bool { // asked once in a while of each project of an issue
					return strings.HasPrefix(line, "project ") && line != fmt.Sprintf("project %d", m.Project)
				}
				if reads := slices.DeleteFunc(b.reads(), elsewhere); len(reads) > 3 || len(reads) != test.calls && !older {
					t.Errorf("it costs %q, want %d calls", reads, test.calls)
				}
				for n, p := range projects {
					want := ""
					for _, told := range test.told {
						if told == n {
							want = m.String()
						}
					}
					if said := b.said(triage.Ref{Project: p, IID: 1}); said != want {
						t.Errorf("the issue of project %d knows %q, want %q", p, said, want)
					}
				}
			})
		}
	}
}

// TestListOfMergeRequestsOfForks: GitLab lists beside an issue what only names it. That a fork's merge request says it closes it counts for nothing there,
// either, while another project's does.
func TestListOfMergeRequestsOfForks(t *testing.T) {
	t.Parallel()
	b := startBench(t, setup{rules: []engine.Setting{mergeRequestsBeside(triage.NeedMergeRequests)}})
	issue := b.open()
	of, err := b.lab.Fork(b.project, "omar/p")
	b.must(err)
	for _, into := range []struct{ project, from int64 }{{of, of}, {b.project, of}, {b.lab.AddProject("g/beside"), 0}} {
		_, err := b.lab.OpenMergeRequest("omar", into.project, sandbox.MergeRequestOptions{Title: fmt.Sprint("Into ", into.project), From: into.from, Description: "Closes g/p#1"})
		b.must(err)
	}
	b.must(b.lab.AwaitDelivered(t.Context()))
	b.tell(issue, b.event("ann", triage.Updated))
	if said, want := b.said(issue), fmt.Sprintf("%d!1 %d!1", b.project, b.project+2); said != want {
		t.Errorf("the issue knows %q, want %q", said, want)
	}
}
