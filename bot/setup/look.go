package setup

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sleep"
	"flowkeeper/rules/triage"
)

// Access levels, as GitLab numbers them.
const (
	maintainer = 40
	owner      = 50
)

// Found is what is there.
type Found struct {
	Version   string // of GitLab
	Community bool   // GitLab's edition that can have no licence
	User      triage.Person
	Token     gitlab.TokenInfo
	Projects  []Project
	Groups    map[string]Group // those that were named and those above the projects, by path
	Named     []string         // paths of the groups that were named
	Missing   []string         // what was named and is not there or cannot be seen

	Licences  map[string]gitlab.Licence   // by path of the topmost group
	Statuses  map[string]gitlab.StatusSet // by path of the namespace; none where nobody asked
	Delivered bool                        // every webhook has delivered with the newest secret since it was written
}

// Project is a project that is to be set up.
type Project struct {
	gitlab.Project
	Named  bool // itself, not only a group above it
	Level  int  // of the token's user
	Labels []gitlab.Label
	Ready  bool // it has the backlog's milestone
	Hooks  Hooks
}

// Group is a named group, or one above a project.
type Group struct {
	gitlab.Place
	Level int
	Hooks Hooks
}

// Hooks are the webhooks of a place, as far as the token may see them.
type Hooks struct {
	Known bool
	All   []gitlab.HookSettings
}

// looker gathers what is there.
type looker struct {
	gitlab GitLab
	o      Options
	step   func(done, total int)
	found  Found
}

// Look asks GitLab what is there. Step is told how many of how many projects were looked at. The error says that GitLab could not be asked.
func Look(ctx context.Context, g GitLab, o Options, step func(done, total int)) (Found, error) {
	l := looker{gitlab: g, o: o, step: step, found: Found{Groups: map[string]Group{}, Licences: map[string]gitlab.Licence{}}}
	if err := l.account(ctx); err != nil {
		return Found{}, err
	}
	if err := l.targets(ctx); err != nil {
		return Found{}, err
	}
	if err := l.groups(ctx); err != nil {
		return Found{}, err
	}
	if err := l.projects(ctx); err != nil {
		return Found{}, err
	}
	if err := l.statuses(ctx); err != nil {
		return Found{}, err
	}
	return l.found, l.deliveries(ctx)
}

// statuses asks for the statuses of work items where the workflow is kept in them.
func (l *looker) statuses(ctx context.Context) (err error) {
	l.found.Statuses = map[string]gitlab.StatusSet{}
	for _, p := range l.found.Projects {
		namespace := path.Dir(p.Path)
		if _, asked := l.found.Statuses[namespace]; asked || len(l.o.Team.Statuses()) == 0 {
			continue
		}
		if l.found.Statuses[namespace], err = ask(ctx, func() (gitlab.StatusSet, error) { return l.gitlab.Statuses(ctx, namespace) }); err != nil {
			return err
		}
	}
	return nil
}

// atOnce is how many projects are looked at at the same time.
const atOnce = 4

// projects looks at the projects, several at the same time.
func (l *looker) projects(ctx context.Context) error {
	all := l.found.Projects
	var mu sync.Mutex
	done := 0
	l.step(0, len(all))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for n := range all {
		group.Go(func() error {
			err := l.project(ctx, &all[n])
			mu.Lock()
			defer mu.Unlock()
			done++
			l.step(done, len(all))
			return err
		})
	}
	return group.Wait()
}

// account asks who the token's user is and what the token is good for.
func (l *looker) account(ctx context.Context) (err error) {
	if l.found.User, err = ask(ctx, func() (triage.Person, error) { return l.gitlab.CurrentUser(ctx) }); err != nil {
		return err
	}
	l.found.Token, err = ask(ctx, func() (gitlab.TokenInfo, error) { return l.gitlab.TokenSelf(ctx) })
	if e, ok := errors.AsType[*gitlab.Error](err); ok && e.Status == http.StatusUnauthorized {
		err = nil // a token of a kind that cannot tell
	}
	if err != nil {
		return err
	}
	server, err := ask(ctx, func() (gitlab.Server, error) { return l.gitlab.Reach(ctx) })
	l.found.Version, l.found.Community = server.Version, server.Community
	return err
}

// targets finds what was named: a project, else a group with all its projects.
func (l *looker) targets(ctx context.Context) error {
	known := map[int64]int{} // places among the projects, by id
	add := func(p gitlab.Project, named bool) {
		at, ok := known[p.ID]
		if !ok {
			at = len(l.found.Projects)
			known[p.ID] = at
			l.found.Projects = append(l.found.Projects, Project{Project: p})
		}
		l.found.Projects[at].Named = l.found.Projects[at].Named || named
	}
	for _, name := range l.o.Targets {
		p, err := ask(ctx, func() (gitlab.Project, error) { return l.gitlab.ProjectAt(ctx, name) })
		switch class := gitlab.ClassOf(err); {
		case err == nil:
			add(p, true)
			continue
		case class != gitlab.NotFound && !isBadReference(err):
			return err
		}
		g, err := ask(ctx, func() (gitlab.Place, error) { return l.gitlab.GroupAt(ctx, name) })
		switch {
		case gitlab.ClassOf(err) == gitlab.NotFound || isBadReference(err):
			l.found.Missing = append(l.found.Missing, name)
			continue
		case err != nil:
			return err
		}
		l.found.Named = append(l.found.Named, g.Path)
		l.found.Groups[g.Path] = Group{Place: g}
		projects, err := ask(ctx, func() ([]gitlab.Project, error) { return l.gitlab.GroupProjects(ctx, g) })
		if err != nil {
			return err
		}
		for _, p := range projects {
			add(p, false)
		}
	}
	return nil
}

func isBadReference(err error) bool {
	_, bad := errors.AsType[*gitlab.BadReference](err)
	return bad
}

// groups looks at the groups: at the named ones, at those above the projects, at what they have a licence for.
func (l *looker) groups(ctx context.Context) error {
	var paths []string
	for _, path := range l.found.Named {
		paths = append(append(paths, gitlab.GroupsAbove(path)...), path)
	}
	for _, p := range l.found.Projects {
		paths = append(paths, p.Groups...)
	}
	seen := map[string]bool{}
	for _, path := range paths {
		if seen[path] {
			continue
		}
		seen[path] = true
		if err := l.group(ctx, path); err != nil {
			return err
		}
	}
	return nil
}

func (l *looker) group(ctx context.Context, path string) (err error) {
	g := l.found.Groups[path]
	if g.ID == 0 {
		g.Place, err = ask(ctx, func() (gitlab.Place, error) { return l.gitlab.GroupAt(ctx, path) })
		if gitlab.ClassOf(err) == gitlab.NotFound {
			return nil // the token is one of a project: the groups above are no matter of it
		}
		if err != nil {
			return err
		}
	}
	if g.Level, err = l.level(ctx, g.Place); err != nil {
		return err
	}
	if g.Level >= owner && !l.o.LabelsOnly {
		if g.Hooks, err = l.hooks(ctx, g.Place); err != nil {
			return err
		}
	}
	if scopes := l.found.Token.Scopes; len(gitlab.GroupsAbove(path)) == 0 && (len(scopes) == 0 || slices.Contains(scopes, "api")) {
		if l.found.Licences[path], err = ask(ctx, func() (gitlab.Licence, error) { return l.gitlab.LicenceOf(ctx, path) }); err != nil {
			return err
		}
	}
	l.found.Groups[path] = g
	return nil
}

// level is the token's user's access level in a place. An administrator may do all.
func (l *looker) level(ctx context.Context, place gitlab.Place) (int, error) {
	if l.gitlab.IsAdmin() {
		return owner, nil
	}
	return ask(ctx, func() (int, error) { return l.gitlab.AccessLevelIn(ctx, place, l.found.User.ID) })
}

// hooks lists the webhooks of a place, if GitLab shows them.
func (l *looker) hooks(ctx context.Context, place gitlab.Place) (Hooks, error) {
	all, err := ask(ctx, func() ([]gitlab.HookSettings, error) { return l.gitlab.AllHooks(ctx, place) })
	if class := gitlab.ClassOf(err); class == gitlab.NotFound || class == gitlab.Permanent {
		return Hooks{}, nil
	}
	return Hooks{Known: err == nil, All: all}, err
}

// project looks at one project. One that nothing can be written to is not looked at further.
func (l *looker) project(ctx context.Context, p *Project) (err error) {
	if p.Archived || p.NoIssues {
		return nil
	}
	if p.Level, err = l.level(ctx, p.Place); err != nil || p.Level == 0 {
		return err
	}
	if !l.o.HookOnly {
		if p.Labels, err = ask(ctx, func() ([]gitlab.Label, error) { return l.gitlab.Labels(ctx, p.Place) }); err != nil {
			return err
		}
	}
	if l.wantsMilestone() {
		if p.Ready, err = ask(ctx, func() (bool, error) { return l.gitlab.HasMilestone(ctx, p.Place, l.o.Milestone) }); err != nil {
			return err
		}
	}
	if p.Level >= maintainer && !l.o.LabelsOnly {
		p.Hooks, err = l.hooks(ctx, p.Place)
	}
	return err
}

func (l *looker) wantsMilestone() bool {
	return l.o.Milestone != "" && !l.o.LabelsOnly && !l.o.HookOnly
}

// clockSkew is by how much GitLab's clock may be ahead of this one: what it delivered sooner may have been signed with the old secret.
const clockSkew = 5 * time.Minute

// deliveries finds out, while an old secret is accepted beside a new one, whether the old one is still needed.
func (l *looker) deliveries(ctx context.Context) error {
	c, _ := l.o.credential(l.found.Version)
	if l.o.LabelsOnly || len(c.Values) < 2 || c.File == "" || c.Unfinished || l.o.Rotate {
		return nil
	}
	own := l.found.OwnHooks(l.o.URL)
	l.found.Delivered = len(own) > 0
	for _, h := range own {
		delivered, err := ask(ctx, func() (bool, error) { return l.gitlab.DeliveredSince(ctx, h.Place, h.ID, c.Changed.Add(clockSkew)) })
		if class := gitlab.ClassOf(err); class == gitlab.NotFound || class == gitlab.Permanent {
			err = nil // GitLab is too old to tell
		}
		if err != nil {
			return err
		}
		l.found.Delivered = l.found.Delivered && delivered
	}
	return nil
}

const maxTries = 3

// ask makes a request, and repeats it if it may succeed later. It is for requests that may be carried out twice.
func ask[T any](ctx context.Context, request func() (T, error)) (T, error) {
	for n := 1; ; n++ {
		v, err := request()
		class := gitlab.ClassOf(err)
		if n == maxTries || class != gitlab.Unavailable && class != gitlab.Transient || gitlab.DeniedOf(err) != "" || errors.Is(err, gitlab.ErrNoGitLab) {
			return v, err
		}
		if !sleep.For(ctx, max(gitlab.RetryDelay(err), time.Duration(n)*time.Second)) {
			return v, fmt.Errorf("%w; broken off: %w", err, context.Cause(ctx))
		}
	}
}
