package planning_test

import (
	"strconv"
	"testing"
	"time"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/planning/planningtest"
)

const day = 24 * time.Hour

func TestLimit(t *testing.T) {
	limit := func(severity, limit int, near time.Duration) planning.SLOLimit {
		return planning.SLOLimit{Severity: strconv.Itoa(severity), Rank: severity - 1, Limit: time.Duration(limit) * day, Near: near}
	}
	for name, test := range map[string]struct {
		labels []string
		want   planning.SLOLimit // the zero value is none
	}{
		"the most severe bug":               {[]string{"type::bug", "severity::1"}, limit(1, 30, 540*time.Hour)},
		"a bug with a workaround":           {[]string{"type::bug", "severity::3"}, limit(3, 90, 1080*time.Hour)},
		"a low bug is never near":           {[]string{"type::bug", "severity::4"}, limit(4, 120, 0)},
		"a subtype alone":                   {[]string{"bug::performance", "severity::2"}, limit(2, 60, 1080*time.Hour)},
		"of two severities the more severe": {[]string{"type::bug", "severity::3", "severity::2"}, limit(2, 60, 1080*time.Hour)},
		"infradev":                          {[]string{"type::bug", "infradev", "severity::2"}, limit(2, 30, 540*time.Hour)},
		"infradev that is no bug":           {[]string{"type::maintenance", "infradev", "severity::4"}, limit(4, 90, 0)},
		"a feature":                         {[]string{"type::feature", "severity::1"}, planning.SLOLimit{}},
		"a bug without severity":            {[]string{"type::bug"}, planning.SLOLimit{}},
		"a severity that there is not":      {[]string{"type::bug", "severity::5", "severity::high"}, planning.SLOLimit{}},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := planningtest.Options().SLO.Limit(test.labels, planningtest.Team())
			if got != test.want || ok != (test.want != planning.SLOLimit{}) {
				t.Errorf("Limit(%v) = %+v, %v, want %+v", test.labels, got, ok, test.want)
			}
		})
	}
}

// TestLimitOff wants no limit for a severity that has none configured.
func TestLimitOff(t *testing.T) {
	var none planning.SLOOptions
	if l, ok := none.Limit([]string{"type::bug", "severity::1"}, planningtest.Team()); ok {
		t.Errorf("Limit without limits is %+v", l)
	}
}

func TestClockState(t *testing.T) {
	since := time.Date(2026, time.November, 1, 9, 30, 0, 0, time.UTC)
	c := planning.Clock{SLOLimit: planning.SLOLimit{Severity: "1", Limit: 30 * day, Near: 15 * day}, Since: since}
	for _, test := range []struct {
		at   time.Duration
		want planning.SLOState
	}{
		{-time.Hour, planning.InTime},
		{15*day - 1, planning.InTime},
		{15 * day, planning.NearSLO},
		{30*day - 1, planning.NearSLO},
		{30 * day, planning.PastSLO},
		{300 * day, planning.PastSLO},
	} {
		if got := c.State(since.Add(test.at)); got != test.want {
			t.Errorf("after %v the clock says %v, want %v", test.at, got, test.want)
		}
	}
	if near, ok := c.NearAt(); !ok || c.State(near) != planning.NearSLO {
		t.Errorf("NearAt is %v, %v", near, ok)
	}
	c.Near = 0
	if _, ok := c.NearAt(); ok || c.State(since.Add(29*day)) != planning.InTime {
		t.Error("a clock without a near time gets near its limit")
	}
}

func TestClockOf(t *testing.T) {
	team, slo := planningtest.Team(), planningtest.Options().SLO
	for _, test := range []struct {
		name        string
		state       planning.SLOState
		approximate bool
	}{
		{"past-1", planning.PastSLO, false},
		{"past-3-unknown", planning.PastSLO, true},
		{"past-infradev", planning.PastSLO, false},
		{"limit-today", planning.PastSLO, false},
		{"two-severities", planning.PastSLO, false},
		{"near-1", planning.NearSLO, false},
		{"near-3-unknown", planning.NearSLO, true},
		{"in-time-4", planning.InTime, false},
	} {
		i := planningtest.Case(test.name)
		c, approximate, ok := slo.ClockOf(&i, team)
		if got := c.State(planningtest.Now); !ok || got != test.state || approximate != test.approximate {
			t.Errorf("%s: state %v, approximate %v, ok %v", test.name, got, approximate, ok)
		}
		i.Closed = true
		if _, _, ok := slo.ClockOf(&i, team); ok {
			t.Errorf("%s: the clock runs on when the issue is closed", test.name)
		}
	}
	if _, _, ok := slo.ClockOf(&planning.Issue{Labels: []string{"type::feature", "severity::1"}}, team); ok {
		t.Error("a feature has a clock")
	}
}
