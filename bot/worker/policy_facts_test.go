package worker_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// asking wants facts that only policies ask for and says what it knows.
func asking(needs triage.Need, members ...triage.Membership) engine.Setting {
	return rule("asking", func(in triage.Input) triage.Verdict {
		around := &in.Memory.Context
		v := triage.Verdict{Reason: "more has to be known", Needs: needs, Memberships: members}
		if len(members) > 0 {
			v.Needs |= triage.NeedMemberships
		}
		if !in.Knows(needs) {
			return v
		}
		said := []string{
			fmt.Sprint(around.Votes), fmt.Sprint(around.Discussions), around.Iteration, in.Issue.Author.Username,
			fmt.Sprint(around.Milestone.Upcoming, around.Milestone.Started),
		}
		for _, m := range members {
			member, known, hidden := around.Answer(m)
			if !known && !hidden {
				return v
			}
			said = append(said, fmt.Sprint(member, hidden))
		}
		return triage.Nothing(strings.Join(said, "; "))
	})
}

func TestPolicyFacts(t *testing.T) {
	t.Parallel()
	const counted = triage.NeedVotes | triage.NeedIteration | triage.NeedAuthorName
	day := func(days int) string { return time.Now().UTC().AddDate(0, 0, days).Format(time.DateOnly) }
	tests := map[string]struct {
		needs   triage.Need
		members []triage.Membership
		prior   func(*bench, triage.Ref)
		reads   []string
		says    string
	}{
		"votes and the iteration are one read": {
			needs: counted,
			prior: func(b *bench, ref triage.Ref) {
				b.react("omar", ref, 0, "thumbsup")
				b.react("mia", ref, 0, "thumbsup")
				b.react("eve", ref, 0, "thumbsdown")
				b.must(b.lab.SetIteration("ann", ref, &sandbox.Iteration{Start: "2026-11-30", Due: "2026-12-13"}))
			},
			reads: []string{"issue 1#1"}, says: "{2 1}; {0 0}; 2026-11-30 to 2026-12-13; ann; false false",
		},
		"what people wrote": {
			needs: triage.NeedDiscussions,
			prior: func(b *bench, ref triage.Ref) {
				b.must(b.lab.Edit("ann", ref, sandbox.Change{Due: new("2026-12-01")})) // which GitLab notes
				b.comment(botName, ref, "the bot's own")
				to := b.comment("omar", ref, "first")
				_, err := b.lab.Reply("mia", ref, to, "second")
				b.must(err)
				b.comment("eve", ref, "third")
			},
			reads: []string{"discussions 1#1"}, says: "{0 0}; {2 3}; ; ann; false false",
		},
		"no milestone is neither": {needs: triage.NeedMilestoneUpcoming | triage.NeedMilestoneStarted, says: "{0 0}; {0 0}; ; ann; false false"},
		"a milestone that has begun": {
			needs: triage.NeedMilestoneUpcoming | triage.NeedMilestoneStarted,
			prior: func(b *bench, ref triage.Ref) {
				for title, days := range map[string][2]int{"now": {-3, 3}, "next": {4, 9}} {
					_, err := b.lab.AddMilestone(b.project, title)
					b.must(err)
					b.must(b.lab.DateMilestone(b.project, title, day(days[0]), day(days[1])))
				}
				b.must(b.lab.Edit("ann", ref, sandbox.Change{Milestone: new("next")}))
			},
			reads: []string{"issues 1", "issues 1"}, says: "{0 0}; {0 0}; ; ann; false false",
		},
		"members": {
			members: []triage.Membership{
				{Source: "g/p", Person: triage.Person{Username: "ann"}},
				{Source: "1", Person: triage.Person{Username: "eve"}},
				{Source: "g", Group: true, Person: triage.Person{Username: "omar"}},
				{Source: "g", Group: true, Person: triage.Person{Username: "nobody"}},
			},
			prior: func(b *bench, _ triage.Ref) { b.must(b.lab.SetLevel("omar", "g", 0)) },
			reads: []string{
				"project 1", "users", "member 1/ann", "project 1", "users", "member 1/eve", "group g", "users", "group member 501",
				"group member 501", "users",
			},
			says: "{0 0}; {0 0}; ; ann; false false; true false; true false; false false; false false",
		},
		"a group that is not to be seen": {
			members: []triage.Membership{{Source: "secret/society", Group: true, Person: triage.Person{Username: "ann"}}},
			reads:   []string{"group secret/society", "group secret/society"}, says: "{0 0}; {0 0}; ; ann; false false; false true",
		},
		"what names no project": {
			members: []triage.Membership{{Source: "no such thing!", Person: triage.Person{Username: "ann"}}},
			says:    "{0 0}; {0 0}; ; ann; false false; false true",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil, asking(tt.needs, tt.members...))
			ref := b.open(inReview)
			if tt.prior != nil {
				tt.prior(b, ref)
			}
			b.tell(ref, b.opened(ref))
			if diff := cmp.Diff(tt.reads, b.reads()); diff != "" {
				t.Errorf("reads (-want +got):\n%s", diff)
			}
			if got := b.said(ref); got != tt.says {
				t.Errorf("the rule knows %q, want %q", got, tt.says)
			}
			b.tell(ref, b.event("ann", triage.LabelsChanged))
			if got := b.reads(); len(got) > 0 {
				t.Errorf("what is known was read again: %v", got)
			}
			other := b.open(inReview)
			b.tell(other, b.opened(other))
			if got := b.reads(); len(tt.members) > 0 && len(got) > 0 {
				t.Errorf("for another issue members were asked for again: %v", got)
			}
		})
	}
}

// A failure is no answer: a person may be a member all the same.
func TestMembershipIsNotGuessed(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]sandbox.Fault{
		"the group, once":      {Match: "GET group g", Status: 404},
		"the member, once":     {Match: "GET group member", Status: 404},
		"the group is away":    {Match: "GET group g", Status: 502},
		"the member is cut":    {Match: "GET group member", CutBefore: true},
		"the member, a moment": {Match: "GET group member", Status: 500},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil, asking(0, triage.Membership{Source: "g", Group: true, Person: triage.Person{ID: 0, Username: "ann"}}))
			ref := b.open(inReview)
			b.lab.FailNext(fault)
			b.tell(ref, b.opened(ref))
			if got := b.said(ref); !strings.HasSuffix(got, "true false") {
				t.Errorf("the rule knows %q, want that ann is a member", got)
			}
		})
	}
}
