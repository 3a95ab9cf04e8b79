package worker

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sync"

	"flowkeeper/rules/triage"
)

const (
	// usersName names the checkpoint that keeps the bot's users, the present one last.
	usersName = "bot users"
	// maxUsers bounds how many are kept.
	maxUsers = 50
)

// botName is how GitLab names the users of access tokens and, unless they were renamed, service accounts.
var botName = regexp.MustCompile(`^(?:(?:project|group)_[0-9]+_bot|service_account_)`)

// identity is who the bot is, and which users it was before: a token made anew belongs to another user. What those wrote and did is the bot's
// own.
type identity struct {
	self  triage.Person
	store checkpoints // nil keeps nothing

	mu     sync.Mutex
	users  map[int64]bool
	others map[int64]bool // who was looked at and is none; bounded by maxKept
}

// checkpoints keeps small named values.
type checkpoints interface {
	Checkpoint(ctx context.Context, name string) ([]byte, error)
	SetCheckpoint(ctx context.Context, name string, value []byte) error
}

// remember keeps durably who the bot is, and tells who it was at the last time, 0 if that was nobody else.
func (i *identity) remember(ctx context.Context) (before int64, err error) {
	var users []int64
	kept, err := i.store.Checkpoint(ctx, usersName)
	if err != nil {
		return 0, err
	}
	if kept != nil {
		_ = json.Unmarshal(kept, &users) // what cannot be read is written anew
	}
	if n := len(users); n > 0 && users[n-1] != i.self.ID {
		before = users[n-1]
	}
	i.mu.Lock()
	if i.users == nil {
		i.users = map[int64]bool{}
	}
	for _, u := range users {
		i.users[u] = true
	}
	for _, u := range slices.Sorted(maps.Keys(i.users)) {
		if !slices.Contains(users, u) {
			users = append(users, u)
		}
	}
	i.mu.Unlock()
	users = append(slices.DeleteFunc(users, func(u int64) bool { return u == i.self.ID }), i.self.ID)
	data, err := json.Marshal(users[max(0, len(users)-maxUsers):])
	if err != nil {
		return 0, fmt.Errorf("writing down who the bot is: %w", err)
	}
	return before, i.store.SetCheckpoint(ctx, usersName, data)
}

// is reports whether a user is the bot, or was.
func (i *identity) is(user int64) bool {
	if user == i.self.ID {
		return true
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.users[user]
}

// all are the bot's own user and those that it was.
func (i *identity) all() []int64 {
	i.mu.Lock()
	defer i.mu.Unlock()
	all := []int64{i.self.ID}
	for _, u := range slices.Sorted(maps.Keys(i.users)) {
		if u != i.self.ID {
			all = append(all, u)
		}
	}
	return all
}

// decided reports whether it is known of a user whether the bot was that one.
func (i *identity) decided(user int64) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.users[user] || i.others[user]
}

// put keeps whether a user is one that the bot was.
func (i *identity) put(user int64, is bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	kept := &i.others
	if is {
		kept = &i.users
	}
	if *kept == nil || !is && len(*kept) >= maxKept {
		*kept = map[int64]bool{}
	}
	(*kept)[user] = true
}
