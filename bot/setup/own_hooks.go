package setup

import (
	"net/url"
	"slices"
	"strings"

	"flowkeeper/bot/gitlab"
)

// PlacedHook is a webhook with the place that it belongs to.
type PlacedHook struct {
	gitlab.HookSettings
	Place gitlab.Place
}

// OwnHooks are the webhooks that lead to the address, as far as they can be seen, in the order of the places.
func (f Found) OwnHooks(address string) []PlacedHook {
	var own []PlacedHook
	for _, target := range f.hookPlaces() {
		for _, h := range target.hooks.All {
			if sameAddress(h.URL, address) {
				own = append(own, PlacedHook{h, target.place})
			}
		}
	}
	return own
}

// placeHooks are the webhooks of a place.
type placeHooks struct {
	place gitlab.Place
	hooks Hooks
}

// hookPlaces are all places that have been looked at for webhooks: groups, the topmost first, then projects.
func (f Found) hookPlaces() []placeHooks {
	var places []placeHooks
	for _, path := range sortedPaths(f.Groups) {
		places = append(places, placeHooks{f.Groups[path].Place, f.Groups[path].Hooks})
	}
	for _, one := range f.Projects {
		places = append(places, placeHooks{one.Place, one.Hooks})
	}
	return places
}

// sortedPaths are the paths of groups, those above before those below.
func sortedPaths(groups map[string]Group) []string {
	paths := make([]string, 0, len(groups))
	for path := range groups {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}

// sameAddress reports whether two addresses of webhooks lead to the same place. One that GitLab shows with a mask leads elsewhere.
func sameAddress(a, b string) bool {
	u, err := url.Parse(a)
	v, err2 := url.Parse(b)
	return err == nil && err2 == nil && strings.EqualFold(u.Scheme, v.Scheme) && strings.EqualFold(u.Host, v.Host) &&
		strings.TrimRight(u.Path, "/") == strings.TrimRight(v.Path, "/") && u.RawQuery == v.RawQuery
}
