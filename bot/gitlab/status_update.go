package gitlab

import (
	"context"
	"errors"
	"path"
	"sync"
	"time"

	"go.uber.org/zap"

	"flowkeeper/rules/triage"
)

// statusLife is how long the statuses of a namespace are taken for what they were.
const statusLife = 10 * time.Minute

// statusCache holds the statuses of namespaces, by full path.
type statusCache struct {
	mu  sync.Mutex
	all map[string]datedStatuses
}

type datedStatuses struct {
	set StatusSet
	at  time.Time // zero if they are to be asked for anew
}

// statusesOf are the statuses of the namespace of an issue's project, as they were a while ago at most.
func (c *Client) statusesOf(ctx context.Context, issue triage.Issue) (StatusSet, error) {
	namespace := path.Dir(issue.Path)
	c.statuses.mu.Lock()
	kept, ok := c.statuses.all[namespace]
	c.statuses.mu.Unlock()
	if ok && c.now().Sub(kept.at) < statusLife {
		return kept.set, nil
	}
	set, err := c.Statuses(ctx, namespace)
	if err != nil || set != nil {
		return set, err
	}
	if !ok || kept.set != nil {
		// A GitLab that told, or was not asked before, has to say twice that it does not tell: a proxy may have answered.
		c.keepStatuses(namespace, nil)
		c.forgetStatuses(issue)
		return nil, &Error{Op: "asking for the statuses of " + namespace, Class: Transient, Err: errors.New("GitLab does not tell them; it is asked once more")}
	}
	c.keepStatuses(namespace, nil)
	return nil, nil
}

// keepStatuses keeps what GitLab has told of a namespace; nil if it does not tell.
func (c *Client) keepStatuses(namespace string, set StatusSet) {
	c.statuses.mu.Lock()
	defer c.statuses.mu.Unlock()
	if c.statuses.all == nil {
		c.statuses.all = map[string]datedStatuses{}
	}
	c.statuses.all[namespace] = datedStatuses{set, c.now()}
}

// forgetStatuses has the statuses of the issue's namespace asked for anew.
func (c *Client) forgetStatuses(issue triage.Issue) {
	c.statuses.mu.Lock()
	defer c.statuses.mu.Unlock()
	if kept, ok := c.statuses.all[path.Dir(issue.Path)]; ok {
		kept.at = time.Time{}
		c.statuses.all[path.Dir(issue.Path)] = kept
	}
}

// statusChange is the status that the issue is to get, "" for none.
func statusChange(before, after triage.Issue) string {
	for _, l := range after.Labels {
		if name, is := triage.StatusOf(l); is && !before.Has(l) {
			return name
		}
	}
	return ""
}

// updateStatus sets the status that is wanted, and returns what the issue has then. A name that there is no more, and a status that GitLab says it has set
// and has not, is looked up anew, once: the group may have got statuses of its own. A status that cannot be had leaves the issue as it is, which the
// caller sees, as does one that would reopen an issue that stays closed.
func (c *Client) updateStatus(ctx context.Context, issue triage.Issue, name string, stays bool) (ItemStatus, error) {
	as := ItemStatus{Status: Status{Name: issue.StatusName, Category: issue.Status}, Closed: issue.Closed}
	refused := "" // the id of a status that GitLab did not set
	for again := range 2 {
		set, err := c.statusesOf(ctx, issue)
		if err != nil {
			return as, err
		}
		status, missing := set.Find(typeOf(issue), name)
		switch {
		case missing != nil:
		case status.ID == refused:
			return as, nil
		case stays && !status.Closes():
			c.log.Warn("a status is not set because that would reopen the issue", zap.Stringer("issue", issue.Ref))
			return as, nil
		default:
			got, err := c.SetStatus(ctx, issue.Ref, issue.ID, status.ID)
			switch {
			case err == nil && got.ID == status.ID:
				return got, nil
			case err == nil && got.Name == "":
				return as, nil // it can have none
			case err == nil:
				as, refused, missing = got, status.ID, errors.New("GitLab did not set it")
			case errors.Is(err, ErrNoStatus):
				missing = err
			default:
				if errors.Is(err, errNotTold) {
					c.forgetStatuses(issue)
				}
				return as, err
			}
		}
		c.log.Warn("a status is not there", zap.Stringer("issue", issue.Ref), zap.Bool("looked_up_anew", again > 0), zap.Error(missing))
		c.forgetStatuses(issue)
	}
	return as, nil
}
