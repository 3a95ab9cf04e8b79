package webhook

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"

	"flowkeeper/rules/triage"
)

// maxDepth is how deep a body is looked into for its issue; GitLab nests four levels.
const maxDepth = 32

// subjectOfPart finds the issue or merge request that a broken body is about, in the part of it that can be read.
func subjectOfPart(part []byte) (triage.Ref, bool) {
	found := map[string]string{}
	walkJSON(part, func(path, value string) {
		if _, again := found[path]; !again {
			found[path] = value
		}
	})
	var iids []string
	kind := triage.SubjectIssue
	switch found["object_kind"] {
	case "issue", "work_item":
		iids = []string{found["object_attributes.iid"]}
	case "merge_request":
		kind, iids = triage.SubjectMergeRequest, []string{found["object_attributes.iid"]}
	case "note", "emoji":
		iids = []string{found["issue.iid"], found["work_item.iid"], iidOfURL(found["object_attributes.url"]), iidOfURL(found["object_attributes.awarded_on_url"])}
		if found["object_kind"] == "note" && found["object_attributes.noteable_type"] == "MergeRequest" {
			kind, iids = triage.SubjectMergeRequest, []string{found["merge_request.iid"]}
		}
	}
	ref := triage.Ref{
		Project: firstWhole(found["project.id"], found["project_id"], found["object_attributes.project_id"], found["object_attributes.target_project_id"]),
		Kind:    kind,
		IID:     firstWhole(iids...),
	}
	return ref, ref.Project > 0 && ref.IID > 0
}

func firstWhole(texts ...string) int64 {
	for _, t := range texts {
		if n, err := strconv.ParseInt(t, 10, 64); err == nil && n > 0 {
			return n
		}
	}
	return 0
}

var issuePage = regexp.MustCompile(`/-/(?:issues|work_items)/(\d+)(?:#|$)`)

// iidOfURL is the number in an issue's or its comment's address, "" if it is another address.
func iidOfURL(url string) string {
	if m := issuePage.FindStringSubmatch(url); m != nil {
		return m[1]
	}
	return ""
}

// walkJSON calls each for every text and number in a JSON object, with its keys joined by dots, until the JSON ends or is broken.
func walkJSON(part []byte, each func(path, value string)) {
	part = bytes.TrimPrefix(part, []byte("\ufeff"))
	dec := json.NewDecoder(bytes.NewReader(part))
	dec.UseNumber()
	var around []jsonLevel
	isKey := false // the next text is a key
	for {
		token, err := dec.Token()
		if err != nil {
			return
		}
		switch t := token.(type) {
		case json.Delim:
			if t == '{' || t == '[' {
				if len(around) == maxDepth {
					return
				}
				around, isKey = append(around, jsonLevel{object: t == '{'}), t == '{'
				continue
			}
			around = around[:len(around)-1]
		case string:
			if isKey {
				around[len(around)-1].key, isKey = t, false
				continue
			}
			each(joinKeys(around), t)
		case json.Number:
			if dec.InputOffset() == int64(len(part)) {
				return // its last digits may be missing
			}
			each(joinKeys(around), t.String())
		}
		isKey = len(around) > 0 && around[len(around)-1].object
	}
}

// jsonLevel is an object with its current key, or a list.
type jsonLevel struct {
	key    string
	object bool
}

func joinKeys(around []jsonLevel) string {
	keys := make([]string, len(around))
	for n, l := range around {
		keys[n] = l.key
	}
	return strings.Join(keys, ".")
}
