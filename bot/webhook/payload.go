package webhook

// payload holds the keys of GitLab's webhook bodies that the bot reads, of all events at once, so that one pass over the body is
// enough. Everything else, the description above all, is skipped. Which keys GitLab sends depends on its version and edition; a key
// that may be absent is told from one that is null or empty only where that matters.
type payload struct {
	Kind      string `json:"object_kind"`
	EventType string `json:"event_type"` // missing before 12.0
	Event     string `json:"event_name"` // in bodies of other events
	User      person `json:"user"`

	Noted     emojiNote `json:"note"`
	Project   *project  `json:"project"` // null for an epic
	ProjectID number    `json:"project_id"`

	Object object `json:"object_attributes"`

	// Of an issue event. The key "assignees" is absent when nobody is assigned; very old versions have "assignee".
	Labels    []label  `json:"labels"`
	Assignees []person `json:"assignees"`
	Assignee  *person  `json:"assignee"`
	Changes   changes  `json:"changes"`

	// The issue of a note or emoji: the key is the name of GitLab's own class for it.
	Issue    *issue `json:"issue"`
	WorkItem *issue `json:"work_item"`

	// The other things that notes and emoji stand on; only their presence counts.
	MergeRequest *struct {
		ID  number `json:"id"`
		IID number `json:"iid"`
	} `json:"merge_request"`
	Commit       *struct{} `json:"commit"`
	Snippet      *struct{} `json:"snippet"`
	OtherSnippet *struct{} `json:"project_snippet"`
}

// object is object_attributes: the issue, note or emoji that the event is about.
type object struct {
	issue
	Action string `json:"action"`

	// Of a note.
	Note         string `json:"note"`
	NoteableType string `json:"noteable_type"`
	Discussion   string `json:"discussion_id"`
	System       bool   `json:"system"`
	Internal     *bool  `json:"internal"` // absent in older versions

	// Of an emoji.
	Name          string `json:"name"`
	UserID        number `json:"user_id"`
	AwardableType string `json:"awardable_type"`
	AwardableID   number `json:"awardable_id"`
}

// issue is an issue or any other work item.
type issue struct {
	ID           number `json:"id"`
	IID          number `json:"iid"`
	ProjectID    number `json:"project_id"`
	AuthorID     number `json:"author_id"`
	Title        string `json:"title"`
	State        string `json:"state"`
	StateID      number `json:"state_id"`
	Type         string `json:"type"` // since 17.2; of a note it is the kind of thread
	URL          string `json:"url"`
	Confidential bool   `json:"confidential"`

	// Weight is absent where GitLab keeps no weights, null where an issue has none.
	Weight       number  `json:"weight"`
	MilestoneID  number  `json:"milestone_id"`
	MovedToID    number  `json:"moved_to_id"`
	DuplicatedTo number  `json:"duplicated_to_id"`
	Status       status  `json:"status"` // of EE; of a pipeline it is a word
	Labels       []label `json:"labels"` // nil if absent or null

	DueDate      word `json:"due_date"`
	HealthStatus word `json:"health_status"` // absent or null without a licence

	AssigneeIDs []number `json:"assignee_ids"`
	AssigneeID  number   `json:"assignee_id"`

	CreatedAt moment `json:"created_at"`
	UpdatedAt moment `json:"updated_at"`
}

type project struct {
	ID   number `json:"id"`
	Path string `json:"path_with_namespace"`
}

type person struct {
	ID       number `json:"id"` // missing in old versions
	Username string `json:"username"`
}

type label struct {
	Title string `json:"title"`
}

// isIssue reports whether notes and emoji on something of this class of GitLab's are on an issue.
func isIssue(class string) bool { return class == "Issue" || class == "WorkItem" }

// noteable is the issue that a note or emoji stands on; empty if there is none.
func (p *payload) noteable() *issue {
	switch {
	case p.Issue != nil:
		return p.Issue
	case p.WorkItem != nil:
		return p.WorkItem
	}
	return &issue{}
}

// otherSubject names GitLab's class of what an emoji's note stands on; "" if that is an issue or cannot be told.
func (p *payload) otherSubject() string {
	switch {
	case p.Issue != nil, p.WorkItem != nil:
		return ""
	case p.MergeRequest != nil:
		return "MergeRequest"
	case p.Commit != nil:
		return "Commit"
	case p.Snippet != nil, p.OtherSnippet != nil:
		return "Snippet"
	}
	if on := p.Noted.on; !isIssue(on) {
		return on
	}
	return ""
}

// emojiNote is the note that an emoji stands on. Its UnmarshalJSON gives no error: in other events the key may be anything.
type emojiNote struct{ on string }

func (n *emojiNote) UnmarshalJSON(b []byte) error {
	type wire struct {
		On string `json:"noteable_type"`
	}
	if w, err := unmarshal[wire](b); err == nil {
		n.on = w.On
	}
	return nil
}
