package engine_test

import (
	"testing"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

// The digest of policies tells modes and orders apart, and leaves out what is off and what is about something else.
func TestPolicySets(t *testing.T) {
	t.Parallel()
	setting := func(name string, subject triage.SubjectKind, mode triage.Mode, when ...policy.Condition) engine.Setting {
		return engine.Setting{Rule: policy.Rule{ID: policy.Prefix + name, Subject: subject, When: when}.Rule(), Mode: mode}
	}
	digest := func(settings ...engine.Setting) string {
		return engine.Policy{Settings: settings}.PoliciesDigest(triage.SubjectIssue)
	}
	a, b := setting("a", triage.SubjectIssue, triage.Act), setting("b", triage.SubjectIssue, triage.Act)
	off, other := setting("off", triage.SubjectIssue, triage.Off), setting("other", triage.SubjectMergeRequest, triage.Act)
	if digest(a, b) != digest(a, off, b, other) {
		t.Error("what is off, or about merge requests, counts")
	}
	if digest() != "" || digest(off) != "" || digest(other) != "" {
		t.Error("no policies have a digest")
	}
	if digest(a, b) == digest(b, a) || digest(a) == digest(setting("a", triage.SubjectIssue, triage.Shadow)) {
		t.Error("neither the order nor the mode counts")
	}
	open := setting("open", triage.SubjectIssue, triage.Act, policy.InState{State: policy.Opened})
	if sets := (engine.Policy{Settings: []engine.Setting{open, other}}).PolicySets(); len(sets) != 2 || sets[0].Closed || !sets[1].Closed {
		t.Errorf("%+v: want open issues, and merge requests in any state", sets)
	}
}
