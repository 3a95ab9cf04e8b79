package main

import (
	"fmt"
	"io"
	"strings"

	"flowkeeper/bot/legible"
	"flowkeeper/bot/setup"
	"flowkeeper/bot/webhook"
	"flowkeeper/rules/triage"
)

// setupReport is what setup has planned and done.
type setupReport struct {
	gitlab, version, user string
	url                   string // where webhooks lead
	advised               bool   // by a flag, which serve does not know
	plan                  setup.Plan
	applied               bool
	result                setup.Result
}

// setupJSON is the report for programs.
type setupJSON struct {
	Plan     []plannedJSON  `json:"plan"`
	Warnings []setup.Advice `json:"warnings"`
	Problems []setup.Advice `json:"problems"` // what is left undone: also actions that failed
	Done     bool           `json:"done"`     // everything that is to be there is there
}

// plannedJSON is an action with its place.
type plannedJSON struct {
	setup.Action
	Place string `json:"place,omitempty"` // "group g"; none of a secret
}

func (r setupReport) json() setupJSON {
	j := setupJSON{Plan: []plannedJSON{}, Warnings: append([]setup.Advice{}, r.plan.Warnings...), Problems: append([]setup.Advice{}, r.plan.Problems...)}
	for _, a := range r.plan.Actions {
		one := plannedJSON{Action: a}
		if a.Kind != setup.KindSecret {
			one.Place = a.Place.String()
		}
		j.Plan = append(j.Plan, one)
	}
	j.Problems = append(j.Problems, failedAdvice(r.result.Failed)...)
	j.Done = (r.applied || r.plan.Nothing()) && len(j.Problems) == 0
	return j
}

// failedAdvice is the actions that failed as advice. Labels that failed in the same place one after the other have failed for the same reason.
func failedAdvice(failed []setup.Failure) []setup.Advice {
	var list []setup.Advice
	for n := 0; n < len(failed); {
		first, more := failed[n], 0
		for n++; n < len(failed) && first.Action.Kind == setup.KindLabel && failed[n].Action.Kind == setup.KindLabel && failed[n].Action.Place == first.Action.Place; n++ {
			more++
		}
		one := oneFailed(first)
		if more > 0 {
			one.What += fmt.Sprintf("; and so did %s", counted(more, "more label"))
		}
		list = append(list, one)
	}
	return list
}

func oneFailed(f setup.Failure) setup.Advice {
	return setup.Advice{What: actionText(f.Action) + " failed: " + f.Err.Error(), Do: "see to that and run setup again: what was done stays done"}
}

// actionText is an action in a few words: "create label ~UX in group g".
func actionText(a setup.Action) string {
	switch a.Kind {
	case setup.KindSecret:
		return fmt.Sprintf("%s: %s", a.Name, a.Do)
	case setup.KindWebhook:
		return fmt.Sprintf("webhook of %s: %s", a.Place, a.Do)
	case setup.KindLabel:
		return fmt.Sprintf("label %s in %s: %s", triage.Quoted(a.Name), a.Place, a.Do)
	default:
		return fmt.Sprintf("%s %s in %s: %s", a.Kind, a.Name, a.Place, a.Do)
	}
}

// printPlan prints the plan for people. What GitLab's people have named may hold anything.
func (r setupReport) printPlan(w io.Writer) {
	line := printer(w)
	line("%s, version %s, as @%s", r.gitlab, r.version, r.user)
	for n := 0; n < len(r.plan.Actions); {
		a := r.plan.Actions[n]
		alike := alikeFrom(r.plan.Actions[n:])
		n += len(alike)
		switch {
		case a.Kind == setup.KindLabel:
			line("  %s in %s: %s", counted(len(alike), "label"), a.Place, a.Do)
			for _, row := range byScope(alike) {
				line("    %s", row)
			}
		case len(alike) > 1:
			noun := "project"
			if a.Place.Group {
				noun = "group"
			}
			line("  webhooks of %s: %s, because %s", counted(len(alike), noun), a.Do, a.Why)
			line("    %s", places(alike))
		default:
			line("  %s, because %s", actionText(a), a.Why)
		}
	}
	for _, a := range r.plan.Warnings {
		line("Warning: %s.\n  %s.", a.What, a.Do)
	}
	for _, a := range r.plan.Problems {
		line("Problem: %s.\n  %s.", a.What, a.Do)
	}
}

// printer prints lines without what could move a terminal's cursor.
func printer(w io.Writer) func(format string, args ...any) {
	return func(format string, args ...any) {
		for part := range strings.SplitSeq(fmt.Sprintf(format, args...), "\n") {
			text := strings.TrimLeft(part, " ")
			fmt.Fprintln(w, part[:len(part)-len(text)]+legible.Printable(text))
		}
	}
}

// alikeFrom are the first action and those behind it that are told in one line with it: labels of the same place, webhooks for the same reason.
func alikeFrom(actions []setup.Action) []setup.Action {
	first := actions[0]
	n := 1
	for ; n < len(actions) && actions[n].Kind == first.Kind; n++ {
		a := actions[n]
		switch {
		case a.Kind == setup.KindLabel && a.Place == first.Place && a.Do == first.Do:
		case a.Kind == setup.KindWebhook && a.Place.Group == first.Place.Group && a.Do == first.Do && a.Why == first.Why:
		default:
			return actions[:n]
		}
	}
	return actions[:n]
}

func places(actions []setup.Action) string {
	paths := make([]string, len(actions))
	for n, a := range actions {
		paths[n] = a.Place.Path
	}
	return strings.Join(paths, ", ")
}

// byScope writes labels in rows, those of a scope in one: "workflow:: start, design".
func byScope(labels []setup.Action) []string {
	var rows []string
	at := map[string]int{} // place of the row, by scope
	for _, l := range labels {
		scope, value := triage.Scope(l.Name), triage.Value(l.Name)
		if n, begun := at[scope]; begun {
			rows[n] += ", " + value
			continue
		}
		at[scope] = len(rows)
		if scope != "" {
			value = scope + ":: " + value
		}
		rows = append(rows, value)
	}
	return rows
}

// printResult prints what was done and what is left for a person.
func (r setupReport) printResult(w io.Writer, dry bool) {
	line := printer(w)
	switch {
	case r.plan.Nothing() && len(r.plan.Problems) == 0:
		line("Nothing to do.")
	case !r.applied && dry:
		line("Nothing was done: --dry-run.")
	case r.applied:
		line("Done: %s.", counted(len(r.result.Done), "change"))
	}
	for _, a := range failedAdvice(r.result.Failed) {
		line("Problem: %s.\n  %s.", a.What, a.Do)
	}
	if !r.applied {
		return
	}
	if secret := r.result.Secret(); secret != "" {
		fmt.Fprintf(w, "\n%s=%s\n", r.plan.SecretVariable(), secret)
		line("The bot needs this in its environment; it is shown this once, and GitLab never shows it.")
		if r.result.Reload {
			line("Write it before the one that is there, with a comma between them, and start the bot anew.")
		}
	} else if r.result.Reload {
		line("Have the bot read its secret again (SIGHUP, or a restart); until then it refuses what is delivered with the new one, and catches up later.")
	}
	if r.advised {
		line("Set server.url or FLOWKEEPER_URL to %s: then serve looks after its webhooks.", strings.TrimSuffix(r.url, webhook.Path))
	}
}
