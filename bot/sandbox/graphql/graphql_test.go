package graphql_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/sandbox/graphql"
)

const schema = `
type Query { pet(name: String = "Rex"): Pet pets: [Pet!] broken: String }
interface Pet { name: String }
type Dog implements Pet { name: String barks: Boolean }
type Cat implements Pet { name: String lives: Int }
type Mutation { feed(input: FeedInput!): Boolean }
input FeedInput { food: String! }`

func TestAnswer(t *testing.T) {
	s, err := graphql.NewSchema(schema, "extend type Dog { tail: String }")
	if err != nil {
		t.Fatal(err)
	}
	dog := graphql.Object{"__typename": "Dog", "name": "Rex", "barks": true, "tail": "long"}
	cat := graphql.Object{"__typename": "Cat", "name": "Tom", "lives": 9}
	root := graphql.Object{
		"pet": graphql.Field(func(a map[string]any) (any, error) {
			if a["name"] == "Rex" {
				return dog, nil
			}
			return nil, nil
		}),
		"pets":   []graphql.Object{dog, cat},
		"broken": graphql.Field(func(map[string]any) (any, error) { return nil, errors.New("out of order") }),
		"feed":   graphql.Field(func(a map[string]any) (any, error) { return a["input"].(map[string]any)["food"] == "fish", nil }),
	}
	type object = map[string]any
	tests := map[string]struct {
		query     string
		variables map[string]any
		want      object
		errs      []string
	}{
		"fragments of types": {`{ pets { name ... on Dog { barks tail } ...cat } } fragment cat on Cat { lives }`, nil, object{"pets": []any{
			object{"name": "Rex", "barks": true, "tail": "long"}, object{"name": "Tom", "lives": 9},
		}}, nil},
		"aliases and arguments": {`query($n: String) { a: pet { name } b: pet(name: $n) { name } }`, object{"n": "Tom"}, object{"a": object{"name": "Rex"}, "b": nil}, nil},
		"a field that fails":    {`{ broken pet { name } }`, nil, object{"broken": nil, "pet": object{"name": "Rex"}}, []string{"out of order"}},
		"a mutation":            {`mutation($i: FeedInput!) { feed(input: $i) }`, object{"i": object{"food": "fish"}}, object{"feed": true}, nil},
		"no such field":         {`{ pet { colour } }`, nil, nil, []string{"Field 'colour' doesn't exist on type 'Pet'"}},
		"no such type":          {`{ pet { ... on Cow { name } } }`, nil, nil, []string{"No such type Cow, so it can't be a fragment condition"}},
		"no such argument":      {`{ pet(age: 3) { name } }`, nil, nil, []string{"Field 'pet' doesn't accept argument 'age'"}},
		"no such input":         {`mutation { feed(input: {food: "x", drink: "y"}) }`, nil, nil, []string{"InputObject 'FeedInput' doesn't accept argument 'drink'"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r, errs := s.Read(tt.query, tt.variables)
			var got object
			if len(errs) == 0 {
				got, errs = r.Answer(root)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.errs, errs); diff != "" {
				t.Error(diff)
			}
		})
	}
	if _, errs := s.Read(`{ pet {`, nil); len(errs) == 0 {
		t.Error("half a question is read")
	}
	if _, errs := s.Read(`mutation($i: FeedInput!) { feed(input: $i) }`, object{"i": object{"drink": "x"}}); len(errs) == 0 {
		t.Error("variables that do not fit are read")
	}
}
