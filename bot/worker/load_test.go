package worker_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/worker"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// anything is all that a rule can look at.
const anything = triage.Opened | triage.Closed | triage.Noted | triage.Awarded | triage.Revoked | triage.AllChanges

// rule is a rule in mode act.
func rule(id string, decide func(triage.Input) triage.Verdict) engine.Setting {
	meta := triage.Meta{ID: id, On: anything, Closed: true}
	return engine.Setting{
		Rule: triage.Rule{Meta: meta, Decide: func(in triage.Input, _ triage.Options) triage.Verdict { return decide(in) }},
		Mode: triage.Act,
	}
}

// curious wants to know things and says what it knows.
func curious(needs triage.Need) engine.Setting {
	return rule("curious", func(in triage.Input) triage.Verdict {
		if !in.Knows(needs) {
			return triage.Load("more has to be known", needs)
		}
		return triage.Nothing(known(in))
	})
}

// known puts what is around an issue into words.
func known(in triage.Input) string {
	var parts []string
	for _, l := range in.Memory.Context.Links {
		parts = append(parts, l.Kind)
	}
	for _, name := range slices.Sorted(maps.Keys(in.Memory.Context.Agreements)) {
		a := in.Memory.Context.Agreements[name]
		parts = append(parts, fmt.Sprintf("%s{thumb:%t comment:%t level:%d}", name, a.Thumb, a.Comment, in.Memory.Context.AccessLevels[name]))
	}
	if in.Memory.Context.LastComment.After(in.Memory.StateEntry.At) {
		parts = append(parts, "commented")
	}
	return strings.Join(parts, " ")
}

const inReview = "workflow::needs issue review"

func TestLoad(t *testing.T) {
	t.Parallel()
	const everything = triage.NeedLinks | triage.NeedAgreements | triage.NeedAccessLevels | triage.NeedComments
	tests := map[string]struct {
		needs triage.Need
		prior func(*bench, triage.Ref)
		reads []string
		says  string
	}{
		"nothing is needed": {},
		"no links":          {needs: triage.NeedLinks, reads: []string{"links 1#1"}},
		"a link": {
			needs: triage.NeedLinks,
			prior: func(b *bench, ref triage.Ref) { b.link(ref, "is_blocked_by") },
			reads: []string{"links 1#1"}, says: "is_blocked_by",
		},
		"no comment": {needs: triage.NeedComments, reads: []string{"notes 1#1"}},
		"a comment": {
			needs: triage.NeedComments,
			prior: func(b *bench, ref triage.Ref) { b.comment("omar", ref, "It waits.") },
			reads: []string{"notes 1#1"}, says: "commented",
		},
		"what the bot says does not count": {
			needs: triage.NeedComments | triage.NeedAgreements,
			prior: func(b *bench, ref triage.Ref) { b.comment(botName, ref, "LGTM"); b.react(botName, ref, 0, "thumbsup") },
			reads: []string{"notes 1#1", "awards 1#1"},
		},
		"agreements": {
			needs: triage.NeedAgreements,
			prior: func(b *bench, ref triage.Ref) {
				b.react("omar", ref, 0, "thumbsup")
				b.react("mia", ref, 0, "rocket")
				b.comment("eve", ref, "I agree.")
				b.comment("omar", ref, ":+1:")
				b.comment("mia", ref, "I agree, but not with the second part")
			},
			reads: []string{"notes 1#1", "awards 1#1"},
			says:  "eve{thumb:false comment:true level:0} omar{thumb:true comment:true level:0} commented",
		},
		"everything": {
			needs: everything,
			prior: func(b *bench, ref triage.Ref) {
				b.react("omar", ref, 0, "thumbsup")
				b.comment("eve", ref, "LGTM")
				b.link(ref, "relates_to")
			},
			reads: []string{"links 1#1", "notes 1#1", "awards 1#1", "member 1/eve", "member 1/omar"},
			says:  "relates_to eve{thumb:false comment:true level:10} omar{thumb:true comment:false level:30} commented",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil, curious(tt.needs))
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

			b.tell(ref, b.event("ann", triage.Updated|triage.LabelsChanged))
			if got := b.reads(); len(got) > 0 {
				t.Errorf("what is known was read again: %v", got)
			}
			if got := b.said(ref); got != tt.says {
				t.Errorf("later, the rule knows %q, want %q", got, tt.says)
			}
		})
	}
}

// Events keep the tally up to date; only who is new has to be asked about. A withdrawal has it counted anew, for there may be another
// reaction.
func TestLoadedIsKeptUpToDate(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil, curious(triage.NeedAgreements|triage.NeedAccessLevels))
	ref := b.open(inReview)
	b.react("omar", ref, 0, "thumbsup")
	b.tell(ref, b.opened(ref), b.thumb("omar", triage.Awarded))
	b.reads()
	steps := []struct {
		name  string
		do    func(user string, ref triage.Ref, note int64, name string) error
		who   string
		event triage.Event
		reads []string
		says  string
	}{
		{"mia agrees", b.lab.React, "mia", b.thumb("mia", triage.Awarded), []string{"member 1/mia"}, "mia{thumb:true comment:false level:40} omar{thumb:true comment:false level:30}"},
		{"omar does not any more", b.lab.Unreact, "omar", b.thumb("omar", triage.Revoked), []string{"notes 1#1", "awards 1#1"}, "mia{thumb:true comment:false level:40}"},
		{"omar does again", b.lab.React, "omar", b.thumb("omar", triage.Awarded), nil, "mia{thumb:true comment:false level:40} omar{thumb:true comment:false level:30}"},
	}
	for _, step := range steps {
		if err := step.do(step.who, ref, 0, "thumbsup"); err != nil {
			t.Fatal(err)
		}
		step.event.ReceivedAt = time.Now()
		b.tell(ref, step.event)
		if diff := cmp.Diff(step.reads, b.reads()); diff != "" {
			t.Errorf("%s: reads (-want +got):\n%s", step.name, diff)
		}
		if got := b.said(ref); got != step.says {
			t.Errorf("%s: the rule knows %q, want %q", step.name, got, step.says)
		}
	}
}

// Closing makes the links worth another look, one also if the receiver's clock is ahead of the worker's.
func TestLinksAreLoadedAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil, curious(triage.NeedLinks))
	ref := b.open(inReview)
	b.tell(ref, b.opened(ref))
	b.link(ref, "relates_to")
	b.reads()
	closed := b.event("ann", triage.Closed)
	closed.ReceivedAt = time.Now().Add(time.Minute)
	b.tell(ref, closed)
	if reads := b.reads(); !slices.Equal(reads, []string{"links 1#1"}) || b.said(ref) != "relates_to" {
		t.Errorf("reads %v, the rule knows %q", reads, b.said(ref))
	}
}

// Rules that want different things of the comments share one look at them.
func TestCommentsAreReadOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil, rule("one by one", func(in triage.Input) triage.Verdict {
		for _, need := range []triage.Need{triage.NeedAgreements, triage.NeedComments} {
			if !in.Knows(need) {
				return triage.Load("more has to be known", need)
			}
		}
		return triage.Nothing(known(in))
	}))
	ref := b.open(inReview)
	b.comment("omar", ref, "Fine.")
	b.tell(ref, b.opened(ref))
	if reads := b.reads(); !slices.Equal(reads, []string{"notes 1#1", "awards 1#1"}) || b.said(ref) != "commented" {
		t.Errorf("reads %v, the rule knows %q", reads, b.said(ref))
	}
}

// A rule that has not spoken yet must not lose its item, whatever the event and however often it is handled.
func TestItemOutlivesAFailedLoad(t *testing.T) {
	t.Parallel()
	const needs = triage.NeedAgreements | triage.NeedAccessLevels
	asks := rule("asks", func(in triage.Input) triage.Verdict {
		if !in.Knows(needs) {
			return triage.Load("who agrees has to be known", needs)
		}
		return triage.Ask(known(in), triage.Item{Slot: "x", Title: "Something", Text: "to do."})
	})
	asks.On = triage.LabelsChanged // not the reaction, which it is asked about only for its item
	b := newBench(t, nil, asks)
	ref := b.open()
	b.tell(ref, b.opened(ref))
	b.react("omar", ref, 0, "thumbsup")
	b.lab.FailNext(sandbox.Fault{Match: "GET member", Status: http.StatusInternalServerError})
	b.tell(ref, b.thumb("omar", triage.Awarded))
	notes := b.lab.Issue(ref).CommentsBy(botName)
	if len(notes) != 1 || !strings.Contains(notes[0].Text, "**Something** to do.") {
		t.Errorf("the bot's comments are %+v", notes)
	}
	if got, want := b.said(ref), "omar{thumb:true comment:false level:30}"; got != want || b.decision(ref).Attempt != 2 {
		t.Errorf("in attempt %d, the rule knows %q, want %q", b.decision(ref).Attempt, got, want)
	}
}

// A memory that may have been lost is rebuilt before anything else is loaded: it holds since when comments count, and the note.
func TestRecoverComesFirst(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil, curious(triage.NeedAgreements))
	ref := b.open("workflow::refinement")
	b.comment("mia", ref, "LGTM")
	b.ahead.Add(int64(time.Minute))
	b.must(b.lab.Edit("ann", ref, sandbox.Change{AddLabels: []string{inReview}}))
	b.ahead.Add(int64(time.Minute))
	b.comment("omar", ref, "LGTM")
	note := b.comment(botName, ref, "All set.\n\n<!-- flowkeeper:v1 {} -->")
	b.react("eve", ref, note, "thumbsup")
	b.tell(ref, b.event("omar", triage.Noted))
	want := []string{"notes 1#1", "label events 1#1", "weight events 1#1", "issue 1#1", "notes 1#1", "awards 1#1", fmt.Sprintf("awards 1#1/%d", note)}
	if diff := cmp.Diff(want, b.reads()); diff != "" {
		t.Errorf("reads (-want +got):\n%s", diff)
	}
	if got, want := b.said(ref), "eve{thumb:true comment:false level:0} omar{thumb:false comment:true level:0} commented"; got != want {
		t.Errorf("the rule knows %q, want %q", got, want)
	}
}

// A weight may only be set when the past is known; that is no reason to load the rest again.
func TestLoadedOutlivesRecovery(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil, rule("weighs", func(in triage.Input) triage.Verdict {
		if !in.Knows(triage.NeedLinks) {
			return triage.Load("links have to be known", triage.NeedLinks)
		}
		return triage.Want("it has a link", triage.SetWeight{Value: len(in.Memory.Context.Links)})
	}))
	ref := b.open()
	b.link(ref, "relates_to")
	b.tell(ref, b.opened(ref))
	want := []string{"links 1#1", "notes 1#1", "label events 1#1", "weight events 1#1", "issue 1#1", "notes 1#1"}
	if diff := cmp.Diff(want, b.reads()); diff != "" {
		t.Errorf("reads (-want +got):\n%s", diff)
	}
	if w := b.lab.Issue(ref).Weight; w == nil || *w != 1 {
		t.Errorf("the weight is %v, want 1", w)
	}
}

func TestNothingIsLoadedOfAnotherTeamsIssue(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil, curious(triage.NeedLinks))
	ref := b.open("group::theirs")
	b.tell(ref, b.opened(ref))
	if reads := b.reads(); len(reads) > 0 || b.decision(ref).InScope {
		t.Errorf("reads %v, record %+v", reads, b.decision(ref))
	}
}

// What fails while loading is tried again, and nothing is written before it is known.
func TestLoadFails(t *testing.T) {
	t.Parallel()
	tests := map[string]string{"links": "GET links", "comments": "GET notes", "reactions": "GET awards", "levels": "GET member"}
	for name, call := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const needs = triage.NeedLinks | triage.NeedAgreements | triage.NeedAccessLevels
			adds := rule("adds", func(triage.Input) triage.Verdict { return triage.Want("so", triage.AddLabel{Label: "a"}) })
			b := newBench(t, nil, curious(needs), adds)
			ref := b.open(inReview)
			b.react("omar", ref, 0, "thumbsup")
			b.lab.FailNext(sandbox.Fault{Match: call, Status: http.StatusInternalServerError})
			b.tell(ref, b.opened(ref))
			if got, want := b.said(ref), "omar{thumb:true comment:false level:30}"; got != want {
				t.Errorf("the rule knows %q, want %q", got, want)
			}
			if r := b.decision(ref); r.Attempt != 2 || len(b.lab.Writes()) != 1 {
				t.Errorf("attempt %d, writes %v; want one write in the second", r.Attempt, b.lab.Writes())
			}
		})
	}
}

// A note that people deleted has no reactions; that does not make the issue gone.
func TestReactionsToADeletedNote(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil, rule("notes", func(in triage.Input) triage.Verdict {
		if in.HasLabel(inReview) && !in.Knows(triage.NeedAgreements) {
			return triage.Load("who agrees has to be known", triage.NeedAgreements)
		}
		return triage.Ask(known(in), triage.Item{Slot: "x", Title: "Something", Text: "to do."})
	}))
	ref := b.open()
	b.tell(ref, b.opened(ref))
	notes := b.lab.Issue(ref).CommentsBy(botName)
	if len(notes) != 1 {
		t.Fatalf("the bot has %d comments", len(notes))
	}
	b.must(b.lab.DeleteNote("mia", ref, notes[0].ID))
	b.must(b.lab.Edit("ann", ref, sandbox.Change{AddLabels: []string{inReview}}))
	b.react("omar", ref, 0, "thumbsup")
	b.tell(ref, b.event("ann", triage.Updated|triage.LabelsChanged))
	if got, want := b.said(ref), "omar{thumb:true comment:false level:0}"; got != want {
		t.Errorf("the rule knows %q, want %q", got, want)
	}
}

// On a popular issue the access levels of everybody would cost a call each.
func TestLevelsAreBounded(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil, curious(triage.NeedAgreements|triage.NeedAccessLevels))
	ref := b.open(inReview)
	for n := range 60 {
		name := fmt.Sprintf("fan%02d", n)
		_, err := b.lab.AddUser(name, name, sandbox.Guest)
		b.must(err)
		b.react(name, ref, 0, "thumbsup")
	}
	b.comment("omar", ref, "LGTM")
	b.tell(ref, b.opened(ref))
	if reads := b.reads(); len(reads) != 2+50 {
		t.Errorf("%d reads, want the comments, the reactions and 50 members", len(reads))
	}
	if got := b.said(ref); !strings.Contains(got, "omar{thumb:false comment:true level:30}") {
		t.Errorf("who agreed in words is not among them: %s", got)
	}
}

// stubborn is a GitLab that takes an update and does not close or reopen.
type stubborn struct{ *gitlab.Client }

func (s stubborn) UpdateIssue(ctx context.Context, before, after triage.Issue) (triage.Issue, error) {
	after.Closed = before.Closed
	return s.Client.UpdateIssue(ctx, before, after)
}

// What GitLab answers with success and does not do is remembered, not tried again; the rest of the plan is done.
func TestRefusedChanges(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		action triage.Action
		wrap   func(*gitlab.Client) worker.GitLab
	}{
		"a milestone that does not exist": {action: triage.SetMilestone{Title: "Backlog"}},
		"an issue that stays open":        {action: triage.Close{}, wrap: func(c *gitlab.Client) worker.GitLab { return stubborn{c} }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, tt.wrap,
				rule("refused", func(triage.Input) triage.Verdict { return triage.Want("so", tt.action) }),
				rule("fine", func(triage.Input) triage.Verdict { return triage.Want("so", triage.AddLabel{Label: "a"}) }))
			ref := b.open()
			b.tell(ref, b.opened(ref))
			if i := b.lab.Issue(ref); !i.Has("a") || i.State != "opened" || i.Milestone != "" {
				t.Errorf("labels %v, %s, milestone %q", i.Labels, i.State, i.Milestone)
			}
			want := []string{"refused: " + tt.action.String() + ", which GitLab did not take", "fine: add ~a"}
			if diff := cmp.Diff(want, b.decision(ref).Done); diff != "" {
				t.Errorf("done (-want +got):\n%s", diff)
			}
			b.reads()
			b.tell(ref, b.event("ann", triage.Updated|triage.LabelsChanged))
			if reads, writes := b.reads(), b.lab.Writes(); len(reads) > 0 || len(writes) != 1 {
				t.Errorf("later reads %v, all writes %v: it was tried again", reads, writes)
			}
			if f := b.decision(ref).Findings; len(f) == 0 || !f[0].Overridden {
				t.Errorf("findings %+v: the rule has to rest", f)
			}
		})
	}
}
