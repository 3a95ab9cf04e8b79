package triage

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Ref names a subject on the one GitLab the bot serves: the project's numeric id, what kind of thing it is, and its number within the
// project. An issue and a merge request of one project may have the same number.
type Ref struct {
	Project int64       `json:"p"`
	Kind    SubjectKind `json:"k,omitzero"`
	IID     int64       `json:"i"`
}

// Names reports whether the reference can name something: its numbers are above 0 and its kind is known.
func (r Ref) Names() bool { return r.Project > 0 && r.IID > 0 && r.Kind <= SubjectMergeRequest }

// String prints the reference as GitLab does, with the project's id for its path: "7#12" is an issue, "7!12" a merge request.
func (r Ref) String() string {
	return strconv.FormatInt(r.Project, 10) + r.Kind.Sign() + strconv.FormatInt(r.IID, 10)
}

// refForm is what String prints. Eighteen digits fit into an int64.
var refForm = regexp.MustCompile(`^([1-9][0-9]{0,17})([#!])([1-9][0-9]{0,17})$`)

// ParseRef reads what String prints.
func ParseRef(text string) (Ref, error) {
	m := refForm.FindStringSubmatch(text)
	if m == nil {
		return Ref{}, fmt.Errorf("%.80q names neither an issue, such as 7#12, nor a merge request, such as 7!12", text)
	}
	var r Ref
	r.Project, _ = strconv.ParseInt(m[1], 10, 64)
	if m[2] == SubjectMergeRequest.Sign() {
		r.Kind = SubjectMergeRequest
	}
	r.IID, _ = strconv.ParseInt(m[3], 10, 64)
	return r, nil
}

// SubjectKind is what a Ref names.
type SubjectKind uint8

// The kinds of subjects. Their numbers are kept in stores.
const (
	SubjectIssue SubjectKind = iota
	SubjectMergeRequest
)

// Words is the kind in a sentence: "issue" or "merge request".
func (k SubjectKind) Words() string { return strings.ReplaceAll(k.String(), "_", " ") }

// String is the kind's name in GitLab's API: "issue" or "merge_request".
func (k SubjectKind) String() string {
	switch k {
	case SubjectIssue:
		return "issue"
	case SubjectMergeRequest:
		return "merge_request"
	}
	return "subject kind " + strconv.Itoa(int(k))
}

// Sign is what GitLab writes between a project and the number of such a subject: "#" or "!".
func (k SubjectKind) Sign() string {
	if k == SubjectMergeRequest {
		return "!"
	}
	return "#"
}

// ParseSubjectKind reads what String prints.
func ParseSubjectKind(name string) (SubjectKind, error) {
	for _, k := range []SubjectKind{SubjectIssue, SubjectMergeRequest} {
		if name == k.String() {
			return k, nil
		}
	}
	return 0, fmt.Errorf("%.80q is no kind of subject: there are %s and %s", name, SubjectIssue, SubjectMergeRequest)
}

func (k SubjectKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

func (k *SubjectKind) UnmarshalText(text []byte) (err error) {
	*k, err = ParseSubjectKind(string(text))
	return err
}
