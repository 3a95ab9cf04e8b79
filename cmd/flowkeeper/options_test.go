package main

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/config"
	"flowkeeper/rules"
	"flowkeeper/rules/triage"
)

// TestEveryKeyReachesTheApp changes one setting after the other. One that makes no difference to the options is not filled in.
func TestEveryKeyReachesTheApp(t *testing.T) {
	functions := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().Type() != nil && p.Last().Type().Kind() == reflect.Func }, cmp.Ignore())
	all := cmp.Exporter(func(reflect.Type) bool { return true })
	before := options(config.Default(rules.Catalogue()), false, nil)
	for _, name := range []string{"GitLab", "Server", "Inbox", "Team", "Schedule", "Commands"} {
		section, _ := reflect.TypeFor[config.Config]().FieldByName(name)
		for n := range section.Type.NumField() {
			c := config.Default(rules.Catalogue())
			other(t, reflect.ValueOf(&c).Elem().FieldByName(name).Field(n))
			if cmp.Equal(before, options(c, false, nil), all, functions) {
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
	default:
		t.Fatalf("no other value of %T is known", v)
	}
}
