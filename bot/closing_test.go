package bot_test

import (
	"net/http"
	"slices"
	"testing"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// closing is a rig with an issue in development whose closing was not delivered yet: GitLab tells of it as such and as part of an update.
func closing(t *testing.T, c sandbox.Change) (r *rig, ref triage.Ref, told map[string]int64) {
	t.Helper()
	r = newRig(t, sandbox.Premium, nil)
	ref = r.open(sandbox.IssueOptions{Title: "t", Labels: append([]string{"workflow::in dev"}, typed...), Weight: triage.Int(1)})
	r.gitlab.FailNextHook(sandbox.HookFault{Event: "Issue Hook", Do: sandbox.Hold, Times: 2})
	c.Close = true
	r.edit("ann", ref, c)
	told = map[string]int64{}
	for _, d := range r.gitlab.HeldDeliveries() {
		told[d.Action] = d.ID
	}
	if len(told) != 2 || told["close"] == 0 || told["update"] == 0 {
		t.Fatalf("held are %v, want the closing and an update", told)
	}
	return r, ref, told
}

func (r *rig) release(ids ...int64) {
	r.Helper()
	r.must(nil, r.gitlab.ReleaseHeld(ids...))
	r.settle()
}

const complete, verification = "workflow::complete", "workflow::verification"

// TestClosingIsAnsweredOnce moves the closed issue on as a person between the two deliveries: what the second tells was answered.
func TestClosingIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	for name, order := range map[string][]string{"the closing first": {"close", "update"}, "the update first": {"update", "close"}} {
		for what, c := range map[string]sandbox.Change{"": {}, " with a label": {AddLabels: []string{"UX"}}} {
			t.Run(name+what, func(t *testing.T) {
				t.Parallel()
				r, ref, told := closing(t, c)
				r.release(told[order[0]])
				if i := r.gitlab.Issue(ref); !i.Has(complete) {
					t.Fatalf("one delivery alone is not answered: %v", i.Labels)
				}
				r.edit("omar", ref, sandbox.Change{AddLabels: []string{verification}})
				r.calls()
				r.release(told[order[1]])
				if i := r.gitlab.Issue(ref); !i.Has(verification) {
					t.Errorf("the closing is answered again: %v", i.Labels)
				}
				if reads, writes := r.calls(); len(reads)+len(writes) > 0 {
					t.Errorf("the second delivery costs %v %v", reads, writes)
				}
			})
		}
	}
}

func TestClosingInOneBatch(t *testing.T) {
	t.Parallel()
	for name, order := range map[string][]string{"the closing first": {"close", "update"}, "the update first": {"update", "close"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, ref, told := closing(t, sandbox.Change{AddLabels: []string{"UX"}})
			r.release(told[order[0]], told[order[1]])
			if i := r.gitlab.Issue(ref); !i.Has(complete) {
				t.Errorf("not answered: %v", i.Labels)
			}
		})
	}
}

// TestClosingToldBehindTheNext delivers the second half of a closing when the issue was reopened and closed again.
func TestClosingToldBehindTheNext(t *testing.T) {
	t.Parallel()
	r, ref, told := closing(t, sandbox.Change{})
	r.release(told["close"])
	r.edit("omar", ref, sandbox.Change{Reopen: true, AddLabels: []string{"workflow::in review"}})
	r.edit("omar", ref, sandbox.Change{Close: true})
	if i := r.gitlab.Issue(ref); !i.Has(complete) {
		t.Fatalf("the second closing is not answered: %v", i.Labels)
	}
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{verification}})
	r.release(told["update"])
	if i := r.gitlab.Issue(ref); !i.Has(verification) {
		t.Errorf("the first closing is answered again: %v", i.Labels)
	}
}

// TestClosingIsAnsweredByTheNextTry fails to answer at first.
func TestClosingIsAnsweredByTheNextTry(t *testing.T) {
	t.Parallel()
	r, ref, told := closing(t, sandbox.Change{})
	r.gitlab.FailNext(sandbox.Fault{Match: "PUT issue", Status: http.StatusServiceUnavailable})
	r.release(told["update"])
	_, writes := r.calls()
	tries := slices.DeleteFunc(slices.Clone(writes), func(w string) bool {
		return w != "PUT issue 1#1 add_labels="+complete+" remove_labels=workflow::in dev"
	})
	if i := r.gitlab.Issue(ref); !i.Has(complete) || len(tries) != 2 {
		t.Errorf("not answered by the second try: %v\n%q", i.Labels, writes)
	}
}
