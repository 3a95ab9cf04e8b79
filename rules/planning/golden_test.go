package planning_test

import (
	"testing"
	"time"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/planning/planningtest"
)

// TestGoldenCapacity and its like compare the documents of the fixed world with what was read and found good.
func TestGoldenCapacity(t *testing.T) {
	checkGolden(t, "capacity", compose(t, planning.KindCapacity, planningtest.For(planning.KindCapacity, planningtest.Coming)))
}

// on is a world on another day.
func on(s planning.Snapshot, month time.Month, day int) planning.Snapshot {
	s.Now = time.Date(2026, month, day, 6, 0, 0, 0, time.UTC)
	return s
}

func TestGoldenNeedsWeight(t *testing.T) {
	s := on(planningtest.For(planning.KindNeedsWeight, planningtest.Coming), time.December, 7)
	s.Previous.Takes = map[string][]string{planningtest.Case("unweighted").Ref.String(): {"eva", "enid"}}
	checkGolden(t, "needs-weight", compose(t, planning.KindNeedsWeight, s))
}

func TestGoldenPlanning(t *testing.T) {
	s := on(planningtest.For(planning.KindPlanning, planningtest.Coming), time.December, 7)
	s.Previous.Takes = map[string][]string{planningtest.Case("unweighted").Ref.String(): {"eva"}}
	checkGolden(t, "planning", compose(t, planning.KindPlanning, s))
}

// TestGoldenBuild is of the Friday on which 19.7 ends.
func TestGoldenBuild(t *testing.T) {
	checkGolden(t, "build", compose(t, planning.KindBuild, on(planningtest.For(planning.KindBuild, planningtest.Coming), time.December, 11)))
}

// TestGoldenKickoff is of the same Friday.
func TestGoldenKickoff(t *testing.T) {
	checkGolden(t, "kickoff", compose(t, planning.KindKickoff, on(planningtest.For(planning.KindKickoff, planningtest.Coming), time.December, 11)))
}

// TestGoldenRetrospective is of the day before the release of 19.7.
func TestGoldenRetrospective(t *testing.T) {
	s := on(planningtest.For(planning.KindRetrospective, planningtest.Running), time.December, 16)
	checkGolden(t, "retrospective", compose(t, planning.KindRetrospective, s))
}

// TestGoldenRetrospectiveOpened is of the day on which the retrospective of 19.7 was opened.
func TestGoldenRetrospectiveOpened(t *testing.T) {
	s := on(planningtest.For(planning.KindRetrospective, planningtest.Running), time.November, 25)
	checkGolden(t, "retrospective-opened", compose(t, planning.KindRetrospective, s))
}
