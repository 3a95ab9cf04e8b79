package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const maxBody = 4 << 20

// params are a request's parameters, of the query and of a JSON or form body. A value is nil, string, bool, json.Number or []any.
type params map[string]any

// badParam is a parameter that cannot be read: GitLab answers 400 {"error":"weight is invalid"}.
type badParam struct{ name string }

func (e badParam) Error() string { return e.name + " is invalid" }

var errNoJSON = errors.New("the body is not a JSON object")

// readParams reads the query and the body of a request.
func readParams(r *http.Request) (params, error) {
	p := params{}
	p.addForm(r.URL.Query())
	if r.Body == nil || r.Method == http.MethodGet {
		return p, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil, fmt.Errorf("reading the body: %w", err)
	}
	if len(body) > maxBody {
		return nil, &http.MaxBytesError{Limit: maxBody}
	}
	kind, options, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case len(bytes.TrimSpace(body)) == 0:
	case kind == "multipart/form-data":
		form := http.Request{Method: http.MethodPost, Header: r.Header, Body: io.NopCloser(bytes.NewReader(body))}
		if options["boundary"] == "" || form.ParseMultipartForm(maxBody) != nil {
			return nil, errNoJSON
		}
		p.addForm(form.MultipartForm.Value)
	case kind == "application/x-www-form-urlencoded":
		values, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, errNoJSON
		}
		p.addForm(values)
	default:
		d := json.NewDecoder(bytes.NewReader(body))
		d.UseNumber()
		if err := d.Decode(&p); err != nil {
			return nil, errNoJSON
		}
	}
	return p, nil
}

// addForm takes form values in; "ids[]" is a list.
func (p params) addForm(values url.Values) {
	for name, list := range values {
		if plain, isList := strings.CutSuffix(name, "[]"); isList {
			all := make([]any, len(list))
			for n, v := range list {
				all[n] = v
			}
			p[plain] = all
		} else if len(list) > 0 {
			p[name] = list[len(list)-1]
		}
	}
}

func (p params) has(name string) bool {
	_, ok := p[name]
	return ok
}

// text reads a string; "" if it is absent or null.
func (p params) text(name string) (string, error) {
	switch v := p[name].(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case bool:
		return strconv.FormatBool(v), nil
	default:
		return "", badParam{name}
	}
}

// optional reads a string, nil if it is absent.
func (p params) optional(name string) (*string, error) {
	if !p.has(name) {
		return nil, nil
	}
	v, err := p.text(name)
	return &v, err
}

// oneOf reads one of some words, the first of them if the parameter is absent.
func (p params) oneOf(name string, words ...string) (string, error) {
	v, err := p.text(name)
	if err != nil || v == "" {
		return words[0], err
	}
	if !slices.Contains(words, v) {
		return words[0], badParam{name}
	}
	return v, nil
}

// number reads an integer, nil if it is absent, null or empty.
func (p params) number(name string) (*int64, error) {
	v, err := p.text(name)
	if err != nil || v == "" {
		return nil, err
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return nil, badParam{name}
	}
	return &n, nil
}

// flag reads a boolean, nil if it is absent or null.
func (p params) flag(name string) (*bool, error) {
	v, err := p.text(name)
	if err != nil || v == "" {
		return nil, err
	}
	b, err := strconv.ParseBool(v)
	if err != nil {
		return nil, badParam{name}
	}
	return &b, nil
}

// list reads names: a comma list or an array. nil if the parameter is absent.
func (p params) list(name string) ([]string, error) {
	if !p.has(name) {
		return nil, nil
	}
	words := []string{}
	switch v := p[name].(type) {
	case []any:
		for _, e := range v {
			word, err := params{name: e}.text(name)
			if err != nil {
				return nil, err
			}
			words = append(words, word)
		}
	default:
		all, err := p.text(name)
		if err != nil {
			return nil, err
		}
		words = strings.Split(all, ",")
	}
	for n := range words {
		words[n] = strings.TrimSpace(words[n])
	}
	return slices.DeleteFunc(words, func(w string) bool { return w == "" }), nil
}

// time reads a time, zero if it is absent.
func (p params) time(name string) (time.Time, error) {
	v, err := p.text(name)
	if err != nil || v == "" {
		return time.Time{}, err
	}
	for _, form := range []string{time.RFC3339Nano, time.DateOnly, "2006-01-02T15:04:05"} {
		if t, err := time.Parse(form, v); err == nil {
			return t, nil
		}
	}
	return time.Time{}, badParam{name}
}

// textParams are never written to the journal.
var textParams = []string{"body", "description", "token", "signing_token"}

// inShort writes the parameters in short: "add_labels=UX weight=null".
func (p params) inShort() string {
	var words []string
	for name, v := range p {
		switch v := v.(type) {
		case nil:
			words = append(words, name+"=null")
		case []any:
			parts := make([]string, len(v))
			for n, e := range v {
				parts[n] = fmt.Sprint(e)
			}
			words = append(words, name+"="+strings.Join(parts, ","))
		default:
			words = append(words, name+"="+fmt.Sprint(v))
		}
	}
	words = slices.DeleteFunc(words, func(w string) bool {
		name, _, _ := strings.Cut(w, "=")
		return slices.Contains(textParams, name)
	})
	for _, name := range textParams {
		if p.has(name) {
			words = append(words, name+"=…")
		}
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}
