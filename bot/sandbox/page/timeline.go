package page

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"flowkeeper/bot/sandbox"
)

// timeline puts the notes and the events of an issue in the order in which they happened. Replies stand below the comment that began
// their thread, whatever happened in between.
func timeline(i sandbox.Issue, who visitor, chips chips) []entryView {
	var list []entryView
	replies := map[string][]entryView{} // by the first note's entry
	first := map[string]string{}        // the first note's entry, by discussion
	for _, n := range i.Notes {
		v := noteEntry(i, n, who, chips)
		root, known := first[n.Discussion]
		if !known {
			first[n.Discussion] = v.ID
			list = append(list, v)
			continue
		}
		v.Reply = true
		replies[root] = append(replies[root], v)
	}
	list = append(list, labelEntries(i, who, chips)...)
	var before *int
	for _, e := range i.WeightEvents {
		v := newEntry("weight", e.ID, who.user(e.User), e.At)
		v.Words = weightWords(before, e.Weight)
		before = e.Weight
		list = append(list, v)
	}
	for _, e := range i.StateEvents {
		v := newEntry("state", e.ID, who.user(e.User), e.At)
		v.Words = e.State + " this issue"
		list = append(list, v)
	}
	for _, e := range i.MilestoneEvents {
		v := newEntry("milestone", e.ID, who.user(e.User), e.At)
		v.Words = map[bool]string{true: "set the milestone to ", false: "removed the milestone "}[e.Added] + e.Milestone
		list = append(list, v)
	}
	slices.SortStableFunc(list, func(a, b entryView) int { return a.At.Compare(b.At) })
	var all []entryView
	for _, v := range list {
		all = append(all, v)
		all = append(all, replies[v.ID]...)
	}
	return all
}

func newEntry(kind string, id int64, by sandbox.User, at time.Time) entryView {
	return entryView{ID: kind + "-" + strconv.FormatInt(id, 10), Kind: kind, Author: by.Username, Name: by.Name, Bot: by.Bot, At: at}
}

func noteEntry(i sandbox.Issue, n sandbox.Note, who visitor, chips chips) entryView {
	html := who.markdown(n.Text, chips, nil)
	if n.System {
		v := newEntry("system", n.ID, who.user(n.Author), n.CreatedAt)
		v.HTML = html
		return v
	}
	v := newEntry("note", n.ID, who.user(n.Author), n.CreatedAt)
	v.NoteID, v.URL, v.Internal, v.Edited, v.HTML, v.Source = n.ID, issuePath(i.Ref), n.Internal, n.Edited, html, n.Text
	v.Mine = n.Author == who.me.Username || who.me.Level >= sandbox.Maintainer
	v.Awards = awardViews(n.Awards, who, n.ID, v.URL)
	return v
}

// labelEntries says what one person did to the labels at one time in one line.
func labelEntries(i sandbox.Issue, who visitor, chips chips) []entryView {
	var list []entryView
	var last sandbox.Event
	for _, e := range i.LabelEvents {
		if len(list) == 0 || last.User != e.User || !last.At.Equal(e.At) {
			list = append(list, newEntry("label", e.ID, who.user(e.User), e.At))
		}
		v := &list[len(list)-1]
		if e.Added {
			v.Added = append(v.Added, chips.chip(e.Label))
		} else {
			v.Removed = append(v.Removed, chips.chip(e.Label))
		}
		last = e
	}
	return list
}

func weightWords(before, after *int) string {
	switch {
	case after == nil:
		return "removed the weight"
	case before == nil:
		return fmt.Sprintf("set the weight to %d", *after)
	default:
		return fmt.Sprintf("changed the weight from %d to %d", *before, *after)
	}
}

// offered are the reactions that a page always offers.
var offered = []string{"thumbsup", "thumbsdown", "tada", "eyes"}

// awardViews counts the reactions: the offered ones first, then what else was used.
func awardViews(awards []sandbox.Award, who visitor, noteID int64, url string) []awardView {
	names := slices.Clone(offered)
	for _, a := range awards {
		if !slices.Contains(names, a.Name) {
			names = append(names, a.Name)
		}
	}
	list := make([]awardView, len(names))
	for n, name := range names {
		v := awardView{Name: name, Note: noteID, URL: url}
		var by []string
		for _, a := range awards {
			if a.Name == name {
				v.Count++
				by = append(by, a.User)
				v.Mine = v.Mine || a.User == who.me.Username
			}
		}
		v.By = strings.Join(by, ", ")
		list[n] = v
	}
	return list
}
