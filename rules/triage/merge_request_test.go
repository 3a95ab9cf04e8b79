package triage_test

import (
	"testing"

	"flowkeeper/rules/triage"
)

// Whether a merge request goes to the default branch is told by deliveries only, and holds for one target.
func TestCarryTarget(t *testing.T) {
	t.Parallel()
	of := func(branch string, toDefault, unknown bool) triage.MergeRequestDetails {
		return triage.MergeRequestDetails{TargetBranch: branch, ToDefault: toDefault, DefaultUnknown: unknown}
	}
	for name, test := range map[string]struct{ listed, known, want triage.MergeRequestDetails }{
		"the same target":        {of("main", false, true), of("main", true, false), of("main", true, false)},
		"not the default branch": {of("next", false, true), of("next", false, false), of("next", false, false)},
		"another target":         {of("next", false, true), of("main", true, false), of("next", false, true)},
		"unknown before":         {of("main", false, true), of("main", false, true), of("main", false, true)},
		"it is told":             {of("main", false, false), of("main", true, false), of("main", false, false)},
	} {
		listed, known := triage.Issue{MergeRequest: &test.listed}, triage.Issue{MergeRequest: &test.known}
		before := test.listed
		listed.CarryFrom(&known)
		if got := *listed.MergeRequest; got.TargetBranch != test.want.TargetBranch || got.ToDefault != test.want.ToDefault || got.DefaultUnknown != test.want.DefaultUnknown {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
		if test.listed.ToDefault != before.ToDefault {
			t.Errorf("%s: the details that others may hold are changed", name)
		}
		issue := triage.Issue{}
		issue.CarryFrom(&known)
		listed.CarryFrom(&triage.Issue{})
		if issue.MergeRequest != nil {
			t.Errorf("%s: an issue got details of a merge request", name)
		}
	}
}
