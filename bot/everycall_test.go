package bot_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// ending is what people see of an issue.
type ending struct {
	Labels   []string
	Weight   int
	State    string
	Links    []sandbox.Link
	Comments []string // with the reactions of the bot
	Issues   int      // in the project
	Letters  int
}

// struck is an item that was shown and is done. One that is done by the second attempt was never shown.
var struck = regexp.MustCompile(`(?m)^- \[x\] ~~.*~~\n`)

func (r *rig) ending(ref triage.Ref) ending {
	r.Helper()
	i := r.gitlab.Issue(ref)
	e := ending{Labels: i.Labels, State: i.State, Issues: len(r.gitlab.Issues(ref.Project))}
	slices.Sort(e.Labels)
	if i.Weight != nil {
		e.Weight = *i.Weight
	}
	for _, l := range i.Links {
		e.Links = append(e.Links, sandbox.Link{Issue: l.Issue, Kind: l.Kind})
	}
	for _, n := range i.Comments() {
		text, _, _ := strings.Cut(n.Text, "<!--")
		text = struck.ReplaceAllString(text, "")
		for _, a := range n.Awards {
			text += " " + a.User + ":" + a.Name
		}
		e.Comments = append(e.Comments, n.Author+": "+text)
	}
	e.Letters = len(r.dead())
	return e
}

// everyCall makes the bot ask GitLab in every way: of an issue that it knows, of one that it has forgotten, of who agrees, for a reply, a
// follow-up, a link.
func (r *rig) everyCall() triage.Ref {
	r.Helper()
	r.open(planned)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"spike", "security", "type::maintenance", "workflow::in dev", "backend"}})
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(2)})
	r.loseStore()
	r.say("omar", ref, "/flow to nowhere")
	r.say("omar", ref, "/flow blocked by #1")
	r.say("omar", ref, "/flow unblock")
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{inReview}})
	r.react("pam", ref, 0)
	r.comment("mia", ref, "LGTM")
	r.must(nil, r.gitlab.Unreact("pam", ref, 0, "thumbsup"))
	r.settle()
	r.say("omar", ref, "/flow to in dev")
	r.say("omar", ref, "/flow spike done weight=3 What we found")
	return ref
}

// TestEveryCallFailsOnce: whichever call fails, in whatever way, all ends as without it. A 404 is tried at every call.
func TestEveryCallFailsOnce(t *testing.T) {
	t.Parallel()
	r := newRosterRig(t)
	began := len(r.gitlab.Calls())
	want := r.ending(r.everyCall())
	times := map[string]int{}
	for _, c := range r.gitlab.Calls()[began:] {
		if c.User != botName || !strings.ContainsAny(c.Line, "#123") {
			continue // who the bot is
		}
		words := strings.Fields(c.Line)
		end := slices.IndexFunc(words, func(w string) bool { return strings.ContainsAny(w, "0123456789") })
		times[strings.Join(words[:end], " ")+" "]++
	}
	for _, call := range []string{
		"GET issue ", "GET notes ", "GET awards ", "GET links ", "GET label events ", "GET weight events ", "GET member ", "GET issues ",
		"PUT issue ", "POST note ", "PUT note ", "POST reply ", "POST award ", "POST link ", "POST issue ",
	} {
		if times[call] == 0 {
			t.Errorf("the story has no %s", call)
		}
	}
	faults := map[string]sandbox.Fault{
		"404":              {Status: http.StatusNotFound},
		"502":              {Status: http.StatusBadGateway},
		"429":              {Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"1"}}, Body: "Retry later\n"},
		"cut before":       {CutBefore: true},
		"done, answer cut": {ApplyThenCut: true},
	}
	for call, often := range times {
		for name, fault := range faults {
			for n := range often {
				if n > 0 && testing.Short() || name != "404" && n > 0 && n < often-1 {
					continue
				}
				t.Run(fmt.Sprintf("%scall %d/%s", call, n+1, name), func(t *testing.T) {
					t.Parallel()
					r := newRosterRig(t)
					r.failCall(call, n, fault)
					if diff := cmp.Diff(want, r.ending(r.everyCall())); diff != "" {
						t.Errorf("it ended differently (-want +got):\n%s\n%s", diff, calls(r))
					}
					if log := r.handled.text(); strings.Contains(log, botToken) || strings.Contains(log, secret) {
						t.Error("the log holds a secret")
					}
				})
			}
		}
	}
}
