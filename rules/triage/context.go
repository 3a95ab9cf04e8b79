package triage

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Need names facts about an issue that its payload does not show. Needs combine.
type Need uint32

// The needs.
const (
	NeedLinks             Need = 1 << iota // Context.Links
	NeedAgreements                         // Context.Agreements, counted from reactions and comments
	NeedAccessLevels                       // Context.AccessLevels of everybody who agreed
	NeedComments                           // Context.LastComment
	NeedStateEntry                         // Memory.StateEntry, from GitLab's label events
	NeedAuthorLevel                        // Context.AuthorLevel
	NeedClosingReason                      // the issue after GitLab has finished closing it: the delivery comes before GitLab knows the reason
	NeedSeverityAt                         // Memory.SeverityAt, from GitLab's label events
	NeedMilestone                          // Context.Milestone, without Upcoming and Started
	NeedVotes                              // Context.Votes
	NeedDiscussions                        // Context.Discussions
	NeedIteration                          // Context.Iteration
	NeedMemberships                        // Context.Memberships, of those that Verdict.Memberships asks for; each is known or not by itself
	NeedMergeRequests                      // Context.MergeRequests and Context.AutoClose
	NeedMilestoneUpcoming                  // Context.Milestone.Upcoming
	NeedMilestoneStarted                   // Context.Milestone.Started
	NeedAuthorName                         // Issue.Author.Username, of which most deliveries tell only the id
	NeedClosedLabels                       // Context.ClosedLabels, of a merge request
	NeedDefaultStatus                      // Issue.DefaultStatus, of an issue that was opened
)

// Context is what the bot knows about the surroundings of an issue: links, agreements, access levels. Known says which parts were loaded;
// after that, events keep the agreements up to date.
type Context struct {
	LoadedAt     time.Time            `json:"at,omitzero"` // when something was loaded last; whoever loads sets it
	Known        Need                 `json:"k,omitempty"`
	Links        []Link               `json:"l,omitempty"`
	Agreements   map[string]Agreement `json:"a,omitempty"`  // by username
	AccessLevels map[string]int       `json:"lv,omitempty"` // GitLab's access levels, by username
	LastComment  time.Time            `json:"co,omitzero"`  // the last comment by a person since the issue is in its state
	AuthorLevel  int                  `json:"au,omitempty"` // the access level of the issue's author
	Milestone    MilestoneFacts       `json:"ms,omitzero"`  // of the issue, when it was looked up
	Votes        Votes                `json:"vo,omitzero"`
	Discussions  Discussions          `json:"di,omitzero"`
	Iteration    string               `json:"it,omitempty"` // the title of the issue's iteration, or its dates where it has none; "" for none
	Memberships  map[string]bool      `json:"mb,omitempty"` // answers by Membership.Key
	// HiddenSources are the projects and groups of memberships, by Membership.SourceKey, that GitLab does not show the bot: who is a member there
	// cannot be known.
	HiddenSources map[string]bool `json:"hs,omitempty"`
	// MergeRequests are those that close the issue when they are merged, those merged already included; AutoClose says that GitLab closes it then.
	MergeRequests []MergeRequest `json:"mr,omitempty"`
	AutoClose     bool           `json:"ac,omitempty"`
	// ClosedLabels are those of the first issue that a merge request closes.
	ClosedLabels []string `json:"cll,omitempty"`
	// AllTold says that events have told of all of them since the issue was opened, so that none has to be looked up.
	AllTold bool `json:"mt,omitempty"`
	// ListedAt is when GitLab was last asked for them, by the bot's clock.
	ListedAt time.Time `json:"ml,omitzero"`
}

// MilestoneFacts is what GitLab tells of an issue's milestone. Days are written as 2026-11-30, "" is none.
type MilestoneFacts struct {
	ID    int64  `json:"id"` // global; 0 is no milestone
	Title string `json:"t,omitempty"`
	Start string `json:"s,omitempty"`
	Due   string `json:"d,omitempty"`  // the last day
	Next  string `json:"nx,omitempty"` // the title of the open milestone of a release that follows it and has not ended yet; "" for none

	// Whether GitLab's own filters "upcoming" and "started" hold for it today. What they mean has changed, and a switch of GitLab's may change it
	// for one group: the open milestone that is due next was upcoming, then every open one that starts in the future. So GitLab is asked.
	Upcoming bool `json:"up,omitempty"`
	Started  bool `json:"st,omitempty"`
}

// Clone returns a copy that shares no map with c. What is appended to the copy's links does not show in c, nor in another copy.
func (c Context) Clone() Context {
	c.Agreements, c.AccessLevels, c.Memberships = maps.Clone(c.Agreements), maps.Clone(c.AccessLevels), maps.Clone(c.Memberships)
	c.HiddenSources = maps.Clone(c.HiddenSources)
	c.Links, c.MergeRequests = slices.Clip(c.Links), slices.Clip(c.MergeRequests)
	return c
}

// Link is a link to another issue, seen from this one. Kind is one of the constants below.
type Link struct {
	Kind    string    `json:"k"`
	Ref     Ref       `json:"r,omitzero"` // of the other issue; the zero value for one that is about to be opened
	Created time.Time `json:"c,omitzero"` // of the other issue
	Closed  bool      `json:"x,omitempty"`
	Labels  []string  `json:"lb,omitempty"` // of the other issue
}

// The kinds of links.
const (
	RelatesTo = "relates_to"
	Blocks    = "blocks"
	BlockedBy = "is_blocked_by"
)

// Agreement is how a person agreed. With neither, they do not.
type Agreement struct {
	ID      int64 `json:"id,omitempty"` // of the person
	Thumb   bool  `json:"t,omitempty"`  // a thumbsup on the issue or on the bot's note
	Comment bool  `json:"c,omitempty"`  // a comment that is nothing but agreement
}

// AuthorMayChange reports whether the issue's author may label it and the like; known is false if that has to be looked up.
func (in *Input) AuthorMayChange() (may, known bool) {
	author := in.Issue.Author
	for _, people := range in.Team.Roster {
		if HasUsername(people, author.Username) {
			return true, true
		}
	}
	return in.Memory.Context.AuthorLevel >= Planner, author.ID == 0 || in.Knows(NeedAuthorLevel)
}

// Developer is GitLab's access level from which on members count where no roster says who does.
const Developer = 30

// Knows reports whether all of the needs were loaded.
func (in *Input) Knows(n Need) bool { return in.Memory.Context.Known&n == n }

// LinkedAs reports whether the issue has a link of the kind.
func (in *Input) LinkedAs(kind string) bool {
	return slices.ContainsFunc(in.Memory.Context.Links, func(l Link) bool { return l.Kind == kind })
}

// skins are the colours of a hand that may follow its sign.
var skins = []string{"", "🏻", "🏼", "🏽", "🏾", "🏿"}

// IsAgreement reports whether a comment is nothing but agreement.
func IsAgreement(text string) bool {
	text = strings.ToLower(strings.Trim(strings.TrimSpace(text), ".!"))
	if name, ok := strings.CutPrefix(text, ":"); ok {
		name, ok = strings.CutSuffix(name, ":")
		return ok && IsThumbsup(name)
	}
	if skin, ok := strings.CutPrefix(text, "👍"); ok {
		return slices.Contains(skins, strings.ReplaceAll(skin, "\ufe0f", "")) // that only asks to show a sign as a picture
	}
	return slices.Contains([]string{"+1", "agree", "agreed", "i agree", "lgtm"}, text)
}

// Tally counts who agreed to the proposal, the author aside. With a roster, product and engineering count the people who fill their
// roles; without one, any member with Developer access or more counts as a Member.
type Tally struct {
	Product, Engineering, Members int
	Roster                        bool
}

// Complete reports whether product and engineering have both agreed, or two members where no roster says who is who.
func (t Tally) Complete() bool {
	if t.Roster {
		return t.Product > 0 && t.Engineering > 0
	}
	return t.Members >= 2
}

// Tally counts the agreements known. NeedAgreements must be known, and NeedAccessLevels if the roster is empty.
func (in *Input) Tally() Tally {
	product := in.Team.People(ProductManager, ProductDesigner)
	engineering := in.Team.People(EngineeringManager, Engineers)
	t := Tally{Roster: len(product)+len(engineering) > 0}
	for name, a := range in.Memory.Context.Agreements {
		if in.Issue.Author.Is(Person{ID: a.ID, Username: name}) {
			continue
		}
		if HasUsername(product, name) {
			t.Product++
		}
		if HasUsername(engineering, name) {
			t.Engineering++
		}
		if in.Memory.Context.AccessLevels[name] >= Developer {
			t.Members++
		}
	}
	return t
}
