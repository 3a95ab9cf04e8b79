package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Ignored is why an authentic request says nothing that the bot could act on.
type Ignored struct {
	Class  string // one of the Class constants
	Reason string // for people
}

func (i *Ignored) Error() string { return i.Reason }

// The classes of ignored requests, for metrics.
const (
	ClassEmpty        = "empty_body"
	ClassNotJSON      = "not_json"
	ClassBrokenJSON   = "broken_json"
	ClassDeepJSON     = "deep_json"
	ClassIncomplete   = "incomplete"
	ClassPush         = "push"
	ClassOtherEvent   = "other_event"
	ClassUnknownEvent = "unknown_event"
	ClassMergeRequest = "merge_request" // a note or emoji on a merge request
	ClassElsewhere    = "elsewhere"     // a note or emoji on something else
	ClassSystemNote   = "system_note"
	ClassEpic         = "epic"
	ClassTest         = "test" // somebody tried the webhook with an old issue, any merge request or a made-up reaction
)

// hookHint ends the reasons for events that a webhook need not send.
const hookHint = "the bot needs issue, merge request, note and emoji events, confidential ones too; the webhook can leave out the rest"

// otherKinds are GitLab's events that have nothing to do with issues or merge requests, by object_kind.
var otherKinds = map[string]string{
	"push": ClassPush, "tag_push": ClassPush,
	"build": ClassOtherEvent, "job": ClassOtherEvent, "pipeline": ClassOtherEvent, "wiki_page": ClassOtherEvent,
	"deployment": ClassOtherEvent, "feature_flag": ClassOtherEvent, "release": ClassOtherEvent, "milestone": ClassOtherEvent,
	"vulnerability": ClassOtherEvent, "access_token": ClassOtherEvent, "deploy_token": ClassOtherEvent, "member": ClassOtherEvent,
	"project": ClassOtherEvent, "subgroup": ClassOtherEvent, "repository_update": ClassOtherEvent,
}

// ignoredKind says why an event that is neither issue, merge request, note nor emoji is ignored.
func ignoredKind(h http.Header, p *payload) *Ignored {
	if class, known := otherKinds[p.Kind]; known {
		return &Ignored{class, fmt.Sprintf("%s events say nothing about issues; %s", strings.ReplaceAll(p.Kind, "_", " "), hookHint)}
	}
	event := eventName(h)
	switch {
	case event == "System Hook":
		return &Ignored{ClassOtherEvent, "system hooks carry no issue events; add a webhook to the project or group instead"}
	case p.Event != "":
		return &Ignored{ClassOtherEvent, fmt.Sprintf("%s events say nothing about issues; %s", quoteForeign(p.Event), hookHint)}
	case p.Kind == "":
		return &Ignored{ClassUnknownEvent, "the body has no object_kind; if the webhook has a custom template, remove it"}
	case event != "":
		return &Ignored{ClassUnknownEvent, fmt.Sprintf("unknown event %s (%s); %s", quoteForeign(p.Kind), quoteForeign(event), hookHint)}
	}
	return &Ignored{ClassUnknownEvent, fmt.Sprintf("unknown event %s; %s", quoteForeign(p.Kind), hookHint)}
}

// ignoredSubject says why a note or emoji on something other than an issue is ignored; what is "notes" or "emoji".
func ignoredSubject(what, subject string) *Ignored {
	switch subject {
	case "MergeRequest":
		return &Ignored{ClassMergeRequest, what + " on merge requests are not looked at, only those on issues"}
	case "Epic", "Group":
		return ignoredEpic()
	case "":
		return &Ignored{ClassIncomplete, "the body does not say what the " + what + " stand on"}
	}
	return &Ignored{ClassElsewhere, fmt.Sprintf("%s on %s are not looked at, only those on issues", what, quoteForeign(subject))}
}

func ignoredEpic() *Ignored {
	return &Ignored{ClassEpic, "it names no project: epics and other items of groups are not looked at"}
}

func ignoredIncomplete(what string) *Ignored {
	return &Ignored{ClassIncomplete, "the body has no " + what + "; if the webhook has a custom template, remove it"}
}

// ignoredJSON says why a body cannot be decoded.
func ignoredJSON(body []byte, err error) *Ignored {
	// encoding/json bounds nesting at 10,000 levels and has no error of its own for it.
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		switch {
		case strings.Contains(syntax.Error(), "max depth"):
			return &Ignored{ClassDeepJSON, "the body is nested too deeply to be from GitLab"}
		case body[0] == '{':
			return &Ignored{ClassBrokenJSON, fmt.Sprintf("the body is broken JSON near byte %d; it may have been cut short on its way", syntax.Offset)}
		}
	}
	return &Ignored{ClassNotJSON, "the body is not a JSON object; the webhook has to send application/json as GitLab does"}
}

// eventName is GitLab's own name of the event, cut for logs.
func eventName(h http.Header) string { return cleanText(h.Get("X-Gitlab-Event"), 40) }

// quoteForeign shows a few characters of foreign text without letting it break out of its line.
func quoteForeign(s string) string { return strconv.Quote(cleanText(s, 40)) }
