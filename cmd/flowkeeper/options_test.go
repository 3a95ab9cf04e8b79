package main

import (
	"reflect"
	"slices"
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
	for _, name := range []string{"GitLab", "Server", "Inbox", "Team", "Schedule", "Calendar", "Reports", "Capacity", "SLO", "SMTP", "Commands"} {
		section, _ := reflect.TypeFor[config.Config]().FieldByName(name)
		for _, field := range settings(section.Type, name, section.Index) {
			c := config.Default(rules.Catalogue())
			other(t, reflect.ValueOf(&c).Elem().FieldByIndex(field.index))
			if cmp.Equal(before, reached(c), all, functions) {
				t.Errorf("%s makes no difference", field.name)
			}
		}
	}
}

// setting is a field of the configuration, or of a section in it.
type setting struct {
	name  string
	index []int // for reflect.Value.FieldByIndex
}

// settings are those of a section. A section in it is a struct of the package that is no value itself.
func settings(section reflect.Type, name string, index []int) []setting {
	values := []reflect.Type{reflect.TypeFor[config.Secret](), reflect.TypeFor[config.Template]()}
	var all []setting
	for n := range section.NumField() {
		f := section.Field(n)
		here := setting{name + "." + f.Name, append(slices.Clone(index), n)}
		if f.Type.Kind() == reflect.Struct && f.Type.PkgPath() == "flowkeeper/config" && !slices.Contains(values, f.Type) {
			all = append(all, settings(f.Type, here.name, here.index)...)
			continue
		}
		all = append(all, here)
	}
	return all
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
	case *bool:
		*v = !*v
	case *triage.Mode:
		*v = triage.Act
	case *time.Weekday:
		*v++
	case *config.Template:
		v.Text = "other"
	case *planning.Rounding:
		*v = planning.RoundNot
	case *[4]time.Duration:
		v[3]++
	case *[4]int:
		v[3]++
	case *map[string]int:
		*v = map[string]int{"other": 50}
	case *map[string]string:
		*v = map[string]string{"other": "other@example.com"}
	case *map[string][]planning.DateRange:
		*v = map[string][]planning.DateRange{"other": {{From: planning.Date{Year: 2026, Month: time.December, Day: 25}}}}
	case *[]planning.Date:
		*v = []planning.Date{{Year: 2026, Month: time.December, Day: 25}}
	case **time.Location:
		*v = time.FixedZone("an hour to the east", 3600)
	default:
		t.Fatalf("no other value of %T is known", v)
	}
}
