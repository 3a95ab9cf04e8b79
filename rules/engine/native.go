package engine

import "strings"

// quickActions are GitLab's own quick actions that people write after the prefix by mistake, each as GitLab accepts it. own is the bot's command
// that may be meant.
var quickActions = map[string]struct{ native, own string }{
	"assign": {native: "/assign @name"}, "unassign": {native: "/unassign @name"}, "reassign": {native: "/reassign @name"},
	"label": {native: `/label ~"name"`}, "unlabel": {native: `/unlabel ~"name"`}, "relabel": {native: `/relabel ~"name"`},
	"estimate": {"/estimate 2h", "weight <n> [why]"}, "spend": {native: "/spend 2h"},
	"block": {"/blocked_by #12", "blocked by #n"}, "blocks": {native: "/blocks #12"}, "blocked_by": {"/blocked_by #12", "blocked by #n"},
	"close": {native: "/close"}, "reopen": {native: "/reopen"}, "relate": {native: "/relate #12"}, "title": {native: "/title New title"},
	"milestone": {native: `/milestone %"title"`}, "iteration": {native: "/iteration --current"}, "due": {native: "/due friday"},
	"status": {native: `/status "In progress"`}, "move": {native: "/move group/project"}, "confidential": {native: "/confidential"},
	"clear_weight": {native: "/clear_weight"}, "promote": {native: "/promote"}, "epic": {native: "/epic &12"}, "todo": {native: "/todo"},
}

// quickAction is GitLab's own quick action of that name, "" for none.
func quickAction(word string) (native, own string) {
	q := quickActions[strings.ToLower(strings.Trim(word, "/,:"))]
	return q.native, q.own
}
