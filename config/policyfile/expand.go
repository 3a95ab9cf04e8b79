package policyfile

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The two kinds of braces, in the order in which they are expanded.
var (
	braceList     = regexp.MustCompile(`(?s)\{.+?,.+?\}`)
	braceSequence = regexp.MustCompile(`\{\s*(\d+)\s*\.\.\s*(\d+)\s*\}`)
)

// mostExpanded bounds how many lists of labels a rule may have.
const mostExpanded = 1000

// errExpansion is what a rule has whose braces stand for too much.
type errExpansion string

func (e errExpansion) Error() string { return string(e) }

// expand gives every choice of labels that braces stand for: {a, b} and {1..4}, each with every other.
func expand(labels []string) ([][]string, error) {
	choices := make([][]string, len(labels))
	total := 1
	for i, label := range labels {
		for _, list := range braceList.FindAllString(label, -1) {
			if strings.Contains(list[1:], "{") {
				return nil, errExpansion(fmt.Sprintf("the gem takes %q for one list", list))
			}
		}
		for _, one := range expandOne(label, braceList, listItems) {
			choices[i] = append(choices[i], expandOne(one, braceSequence, sequenceItems)...)
			if len(choices[i]) > mostExpanded {
				break
			}
		}
		if total *= len(choices[i]); total > mostExpanded {
			return nil, errExpansion(fmt.Sprintf("the braces stand for more than %d rules", mostExpanded))
		}
		if total == 0 {
			return nil, errExpansion(fmt.Sprintf("the braces of %q cannot be expanded: numbers rise and have no leading zero", label))
		}
	}
	all := [][]string{nil}
	for _, items := range choices {
		var next [][]string
		for _, begun := range all {
			for _, item := range items {
				next = append(next, append(slices.Clone(begun), item))
			}
		}
		all = next
	}
	return all, nil
}

// expandOne gives every label that the braces of one pattern stand for, at most a few more than are allowed.
func expandOne(label string, pattern *regexp.Regexp, items func(match []string) []string) []string {
	all, end := []string{""}, 0
	for _, at := range pattern.FindAllStringSubmatchIndex(label, -1) {
		var match []string
		for i := 0; i < len(at); i += 2 {
			match = append(match, label[at[i]:at[i+1]])
		}
		var next []string
		for _, begun := range all {
			for _, item := range items(match) {
				if len(next) > mostExpanded {
					break
				}
				next = append(next, begun+label[end:at[0]]+item)
			}
		}
		all, end = next, at[1]
	}
	for i := range all {
		all[i] = strings.TrimSpace(all[i] + label[end:])
	}
	return all
}

// listItems are the items of {a, b}: without blanks at their ends, and without empty ones at the end of the list.
func listItems(match []string) []string {
	items := strings.Split(strings.NewReplacer("{", "", "}", "").Replace(match[0]), ",")
	for len(items) > 0 && items[len(items)-1] == "" {
		items = items[:len(items)-1]
	}
	for i := range items {
		items[i] = strings.TrimSpace(items[i])
	}
	return items
}

// sequenceItems are the numbers of {1..4}, none if it falls.
func sequenceItems(match []string) []string {
	from, errFrom := strconv.Atoi(match[1])
	to, errTo := strconv.Atoi(match[2])
	if errFrom != nil || errTo != nil || strconv.Itoa(from) != match[1] || strconv.Itoa(to) != match[2] {
		return nil // a leading zero makes an octal number in Ruby
	}
	var items []string
	for n := from; n <= to && len(items) <= mostExpanded; n++ {
		items = append(items, strconv.Itoa(n))
	}
	return items
}
