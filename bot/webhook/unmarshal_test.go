package webhook

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// agree checks that unmarshal takes what encoding/json takes, makes the same of it and says the same of what it refuses.
func agree[T any](t *testing.T, body []byte) *T {
	t.Helper()
	want := new(T)
	wantErr := json.Unmarshal(body, want)
	got, err := unmarshal[T](body)
	if !reflect.DeepEqual(wantErr, err) {
		t.Errorf("%.2000q as %T gives the error %v, encoding/json gives %v", body, *want, err, wantErr)
	}
	if !reflect.DeepEqual(want, got) {
		t.Errorf("%.2000q is read as\n%+v, by encoding/json as\n%+v", body, got, want)
	}
	return got
}

// agreeOnParts checks the body and, as another type, its changes: both readers would otherwise ask unmarshal for them.
func agreeOnParts(t *testing.T, body []byte) *payload {
	t.Helper()
	var parts struct {
		Changes json.RawMessage `json:"changes"`
	}
	if json.Unmarshal(body, &parts) == nil && parts.Changes != nil {
		agree[changedKeys](t, parts.Changes)
	}
	return agree[payload](t, body)
}

func fixtures(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatal("there is no testdata:", err)
	}
	all := map[string][]byte{}
	for _, path := range paths {
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[path] = body
	}
	return all
}

// TestUnmarshalLikeBefore: GitLab's bodies are read as encoding/json reads them, also when keys are damaged, missing, repeated or written otherwise.
func TestUnmarshalLikeBefore(t *testing.T) {
	for name, body := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			if p := agreeOnParts(t, body); p.Kind == "" || p.Object.ID.value == 0 && p.Object.IID.value == 0 {
				t.Errorf("nothing was read: %+v", p)
			}
			for _, twist := range []struct{ old, new string }{
				{`"object_kind"`, `"Object_Kind"`}, {`"object_kind"`, `"objectkind"`}, {`"user"`, `"uſer"`}, {`"id"`, `"ID"`},
				{`"labels"`, `"labels":null,"labels"`}, {`"object_attributes"`, `"object_attributes":{"iid":77,"labels":[{"title":"x"}]},"object_attributes"`},
				{`"object_kind":`, `"object_kind":"note","object_kind":null,"x":`}, {`"username"`, `"username":"first","Username"`}, {`"title"`, "\"title\":\"\xff\",\"title\""}, {`"title":`, `"title":"\ud800",":":`},
				{`"title":"`, `"title":"\ud83d\ude00\u0000`}, {`"confidential":false`, `"confidential":"no"`}, {`"id":`, `"id":[{}],"x":`}, {`"id":`, `"id":"7","x":`},
				{`"description":`, `"description":{"a":1,"a":2},"b":`}, {`}`, `},`}, {`{`, "\ufeff{"}, {`]`, ``}, {`null`, `nul`},
			} {
				agreeOnParts(t, []byte(strings.ReplaceAll(string(body), twist.old, twist.new)))
				agreeOnParts(t, []byte(strings.Replace(string(body), twist.old, twist.new, 1)))
			}
			for cut := range len(body) {
				if cut%97 == 0 {
					agree[payload](t, body[:cut])
				}
			}
		})
	}
}

// TestUnmarshalDeep: both readers give up at the same depth.
func TestUnmarshalDeep(t *testing.T) {
	for depth := 9_990; depth <= 10_010; depth++ {
		agree[payload](t, []byte(`{"x":`+strings.Repeat("[", depth)+strings.Repeat("]", depth)+`}`))
	}
}

func FuzzUnmarshal(f *testing.F) {
	for _, body := range fixtures(f) {
		f.Add(body)
	}
	for _, body := range []string{
		`{"object_kind":"issue","Object_kind":"note","changes":{"labels":{"previous":[null,{"title":"a","Title":"b"}],"current":null}}}`,
		`{"project":null,"project":{"id":"7"},"assignee":{"id":1},"assignee":{"username":"a"},"merge_request":1,"note":"x"}`,
		`{"object_attributes":{"internal":null,"status":{"category":1},"assignee_ids":[1,"2",null,{}],"created_at":"2023-05-25 17:12:06 UTC"}}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) { agreeOnParts(t, body) })
}
