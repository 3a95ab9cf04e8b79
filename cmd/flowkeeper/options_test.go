package main

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/config"
	"flowkeeper/rules"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// TestEveryKeyReachesTheApp changes one setting after the other. One that makes no difference to the options is not filled in.
func TestEveryKeyReachesTheApp(t *testing.T) {
	now := time.Date(2026, time.November, 30, 23, 30, 0, 0, time.UTC)
	functions := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().Type() != nil && p.Last().Type().Kind() == reflect.Func }, cmp.Ignore())
	all := cmp.Exporter(func(reflect.Type) bool { return true })
	reached := func(c config.Config) []any { return []any{options(c, false, nil), calendar(c, nil), today(c, now)} }
	before := reached(config.Default(rules.Catalogue()))
	for _, name := range []string{"GitLab", "Server", "Inbox", "Team", "Schedule", "Calendar", "Commands"} {
		section, _ := reflect.TypeFor[config.Config]().FieldByName(name)
		for n := range section.Type.NumField() {
			c := config.Default(rules.Catalogue())
			other(t, reflect.ValueOf(&c).Elem().FieldByName(name).Field(n))
			if cmp.Equal(before, reached(c), all, functions) {
				t.Errorf("%s.%s makes no difference", name, section.Type.Field(n).Name)
			}
		}
	}
}

// other gives a setting another value.
func other(t *testing.T, setting reflect.Value) {
	t.Helper()
	switch v := setting.Addr().Interface().(type) {
	case *string:
		if *v == config.ScopeAll {
			*v = config.ScopeLabelled // a scope that there is
		} else {
			*v = "other"
		}
	case *[]string:
		*v = []string{"other"}
	case *int:
		*v++
	case *int64:
		*v++
	case *time.Duration:
		*v += time.Second
	case *config.Secret:
		*v = config.NewSecret("other")
	case *[]config.Secret:
		*v = []config.Secret{config.NewSecret("other")}
	case *map[triage.Role][]string:
		*v = map[triage.Role][]string{triage.Quality: {"other"}}
	case *planning.Cadence:
		v.Nth++
	case *[]planning.Date:
		*v = []planning.Date{{Year: 2026, Month: time.December, Day: 25}}
	case **time.Location:
		*v = time.FixedZone("an hour to the east", 3600)
	default:
		t.Fatalf("no other value of %T is known", v)
	}
}
