package planningtest_test

import (
	"reflect"
	"slices"
	"testing"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/planning/planningtest"
	"flowkeeper/rules/triage"
)

// TestWorld wants 300 issues that are the same every time, each with an address of its own.
func TestWorld(t *testing.T) {
	w := planningtest.World()
	if len(w.Issues) != 300 {
		t.Errorf("the world has %d issues, want 300", len(w.Issues))
	}
	if !reflect.DeepEqual(w.Issues, planningtest.World().Issues) {
		t.Error("the world is another the second time")
	}
	refs, urls, titles := map[triage.Ref]bool{}, map[string]bool{}, map[string]bool{}
	for _, i := range w.Issues {
		if !i.Names() || refs[i.Ref] || urls[i.URL] {
			t.Errorf("%s %s is there twice or names nothing", i.Ref, i.URL)
		}
		if titles[i.Title] {
			t.Errorf("%s has the title of another: %q", i.URL, i.Title)
		}
		refs[i.Ref], urls[i.URL], titles[i.Title] = true, true, true
		if i.CreatedAt.After(i.UpdatedAt) || i.UpdatedAt.After(w.Now) || i.Closed && i.ClosedAt.IsZero() {
			t.Errorf("%s (%s): its times cannot be", i.URL, i.Title)
		}
	}
	if c := planningtest.Case("hostile-end"); !refs[c.Ref] || c.URL == "" {
		t.Errorf("the case hostile-end is not in the world: %+v", c)
	}
}

// TestNames wants every name once.
func TestNames(t *testing.T) {
	names := planningtest.Names()
	if unique := slices.Compact(slices.Sorted(slices.Values(names))); len(unique) != len(names) {
		t.Errorf("%d names of %d cases", len(unique), len(names))
	}
}

// TestFor wants what is gathered for a kind: open issues, or those of two milestones.
func TestFor(t *testing.T) {
	for _, i := range planningtest.For(planning.KindTriage, planning.Version{}).Issues {
		if i.Closed {
			t.Errorf("triage has %s, which is closed", i.URL)
		}
	}
	s := planningtest.For(planning.KindBuild, planningtest.Coming)
	has := func(name string) bool {
		return slices.ContainsFunc(s.Issues, func(i planning.Issue) bool { return i.Ref == planningtest.Case(name).Ref })
	}
	for name, want := range map[string]bool{"deliverable": true, "closed-early": true, "deliverable-at-risk": true, "moved-to-backlog": true, "shipped": false, "stale": false} {
		if has(name) != want {
			t.Errorf("build of 19.8 has %s: %v, want %v", name, has(name), want)
		}
	}
}
