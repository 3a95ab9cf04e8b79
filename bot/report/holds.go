package report

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/fnv"
	"slices"
	"strings"
	"sync"
	"time"

	"flowkeeper/bot/coordination"
	"flowkeeper/bot/report/document"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// holds says which issues a document is about, so that it is brought up to date when one of them changes: a sorted list of hashes of their
// addresses. Two issues with one hash cost a look that was not needed, no more.
type holds struct {
	all  bool // of which issues is not known, or there are too many: any may be among them
	list []uint32
}

// maxHolds is how many issues are kept of a document: as many as a checkpoint has room for.
const maxHolds = (coordination.MaxCheckpoint - 1) / 4

// holdsOf are the issues at these addresses.
func holdsOf(urls []string) holds {
	var h holds
	for _, u := range urls {
		h.list = append(h.list, hashOf(u))
	}
	slices.Sort(h.list)
	h.list = slices.Compact(h.list)
	if len(h.list) > maxHolds {
		return holds{all: true}
	}
	return h
}

// has reports whether the issue at an address may be among them.
func (h holds) has(url string) bool {
	_, found := slices.BinarySearch(h.list, hashOf(url))
	return h.all || found
}

// exceed reports whether there are issues among them that were not before.
func (h holds) exceed(before holds) bool {
	return !before.all && (h.all || slices.ContainsFunc(h.list, func(x uint32) bool {
		_, found := slices.BinarySearch(before.list, x)
		return !found
	}))
}

// hashOf is the hash of an issue's address. GitLab may show an issue below issues or below work_items, over HTTP or HTTPS.
func hashOf(url string) uint32 {
	_, rest, _ := strings.Cut(url, "://")
	h := fnv.New32a()
	_, _ = h.Write([]byte(strings.Replace(rest, "/-/work_items/", "/-/issues/", 1))) // never fails
	return h.Sum32()
}

// encode writes it for a checkpoint: a byte that tells whether it is all, then the hashes.
func (h holds) encode() []byte {
	value := []byte{0}
	if h.all {
		value[0] = 1
	}
	for _, x := range h.list {
		value = binary.BigEndian.AppendUint32(value, x)
	}
	return value
}

// decodeHolds reads what encode wrote; of anything else it is not known which issues they are.
func decodeHolds(value []byte) holds {
	if len(value)%4 != 1 || value[0] != 0 {
		return holds{all: true}
	}
	var h holds
	for rest := value[1:]; len(rest) > 0; rest = rest[4:] {
		h.list = append(h.list, binary.BigEndian.Uint32(rest))
	}
	return h
}

// holdsName names the checkpoint of a report's issues.
func holdsName(ref triage.Ref) string { return "reports/holds/" + ref.String() }

// noteHolds keeps which issues a document is about: those of its open boxes if that is all that is kept up to date, else those of its snapshot,
// which is nil if it was not composed afresh.
func (p *Publisher) noteHolds(ctx context.Context, e Entry, description string, s *planning.Snapshot) error {
	var urls []string
	switch {
	case isTicked(e.Kind):
		b, err := document.Parse(description, e.Kind)
		if err != nil {
			return nil // nothing is written there
		}
		for _, x := range b.Boxes {
			if x.IsOpen() && x.URL() != "" {
				urls = append(urls, x.URL())
			}
		}
	case s == nil:
		return nil
	default:
		for _, i := range s.Issues {
			urls = append(urls, i.URL)
		}
	}
	now, name := holdsOf(urls), holdsName(e.Ref)
	old, err := p.o.Coordination.Checkpoint(ctx, name)
	if err != nil || bytes.Equal(old, now.encode()) {
		return err
	}
	if err := p.o.Coordination.SetCheckpoint(ctx, name, now.encode()); err != nil || len(old) > 0 && !now.exceed(decodeHolds(old)) {
		return err
	}
	// What changed since they were read, while nobody knew that it matters here.
	return p.enqueue(ctx, e.Ref, Update, p.schedule().Settle, "")
}

// isTicked reports whether of a published report only the boxes are kept up to date, and not its lists.
func isTicked(k planning.Kind) bool { return k == planning.KindTriage || k == planning.KindNeedsWeight }

// Holding are the open reports that may have to change because an issue did. enters says that the issue may have come to another milestone.
func (p *Publisher) Holding(ctx context.Context, url string, enters bool) ([]Entry, error) {
	list, err := p.recentEntries(ctx)
	if err != nil {
		return nil, err
	}
	var holding []Entry
	for _, e := range list {
		if enters && !isTicked(e.Kind) {
			holding = append(holding, e)
			continue
		}
		h, err := p.recentHolds(ctx, e.Ref)
		if err != nil {
			return nil, err
		}
		if h.has(url) {
			holding = append(holding, e)
		}
	}
	return holding, nil
}

// recentHolds is what a report is about, as it was at most keepRead ago.
func (p *Publisher) recentHolds(ctx context.Context, ref triage.Ref) (holds, error) {
	now := p.o.Now()
	if h, ok := p.holds.recent(ref, now); ok {
		return h, nil
	}
	value, err := p.o.Coordination.Checkpoint(ctx, holdsName(ref))
	if err != nil {
		return holds{}, err
	}
	h := decodeHolds(value)
	p.holds.keep(ref, h, now)
	return h, nil
}

// holdsCopies are what this process last saw of what reports are about.
type holdsCopies struct {
	mu   sync.Mutex
	seen map[triage.Ref]seenHolds
}

type seenHolds struct {
	holds

	at time.Time
}

func (c *holdsCopies) recent(ref triage.Ref, now time.Time) (holds, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.seen[ref]
	return s.holds, ok && now.Sub(s.at).Abs() < keepRead
}

func (c *holdsCopies) keep(ref triage.Ref, h holds, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil || len(c.seen) > 2*maxEntries {
		c.seen = map[triage.Ref]seenHolds{}
	}
	c.seen[ref] = seenHolds{h, now}
}
