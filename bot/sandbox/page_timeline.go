package sandbox

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// timeline puts the notes and the events of an issue in the order in which they happened. Replies stand below the comment that began
// their thread, whatever happened in between.
func (s *Server) timeline(i *issue, me *user, url string) []entryView {
	var list []entryView
	replies := map[string][]entryView{} // by the first note's entry
	first := map[string]string{}        // the first note's entry, by discussion
	for _, n := range i.notes {
		if !n.visible(me) {
			continue
		}
		v := s.noteEntry(i, n, me, url)
		root, known := first[n.discussion]
		if !known {
			first[n.discussion] = v.ID
			list = append(list, v)
			continue
		}
		v.Reply = true
		replies[root] = append(replies[root], v)
	}
	list = append(list, labelEntries(i)...)
	var before *int
	for _, e := range i.weightEvents {
		v := newEntry("weight", e.id, e.user, e.at)
		v.Words = weightWords(before, e.weight)
		before = e.weight
		list = append(list, v)
	}
	for _, e := range i.stateEvents {
		v := newEntry("state", e.id, e.user, e.at)
		v.Words = e.state + " this issue"
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

func newEntry(kind string, id int64, by *user, at time.Time) entryView {
	return entryView{ID: kind + "-" + strconv.FormatInt(id, 10), Kind: kind, Author: by.username, Name: by.name, Bot: by.bot, At: at}
}

func (s *Server) noteEntry(i *issue, n *note, me *user, url string) entryView {
	if n.system {
		v := newEntry("system", n.id, n.author, n.created)
		v.HTML = s.markdown(i, n.text)
		return v
	}
	v := newEntry("note", n.id, n.author, n.created)
	v.NoteID, v.URL, v.Internal, v.Edited = n.id, url, n.internal, n.updatedBy != nil
	v.HTML, v.Source = s.markdown(i, n.text), n.text
	v.Mine = n.author == me || me.level >= Maintainer
	v.Awards = awardViews(n.awards, me, n.id, url)
	return v
}

// labelEntries says what one person did to the labels at one time in one line.
func labelEntries(i *issue) []entryView {
	var list []entryView
	var last labelEvent
	for _, e := range i.labelEvents {
		if len(list) == 0 || last.user != e.user || !last.at.Equal(e.at) {
			list = append(list, newEntry("label", e.id, e.user, e.at))
		}
		v := &list[len(list)-1]
		if e.added {
			v.Added = append(v.Added, chip(e.label))
		} else {
			v.Removed = append(v.Removed, chip(e.label))
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
func awardViews(awards []*award, me *user, noteID int64, url string) []awardView {
	names := slices.Clone(offered)
	for _, a := range awards {
		if !slices.Contains(names, a.name) {
			names = append(names, a.name)
		}
	}
	list := make([]awardView, len(names))
	for n, name := range names {
		v := awardView{Name: name, Note: noteID, URL: url}
		var by []string
		for _, a := range awards {
			if a.name == name {
				v.Count++
				by = append(by, a.user.username)
				v.Mine = v.Mine || a.user == me
			}
		}
		v.By = strings.Join(by, ", ")
		list[n] = v
	}
	return list
}
