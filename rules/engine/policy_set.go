package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"

	"flowkeeper/rules/triage"
)

// PolicySet is all policies that look at one kind of subject.
type PolicySet struct {
	Subject triage.SubjectKind
	Digest  string // tells them from what they were before the configuration was changed
	Closed  bool   // the conditions of one may hold for what is closed

	places []int // among the settings
}

// PolicySets are the policies of each kind of subject that has active ones.
func (p Policy) PolicySets() []PolicySet {
	if !p.Index.isOf(p.Settings) {
		p.Index = NewIndex(p.Settings)
	}
	var all []PolicySet
	if p.Index.policies != nil {
		for _, s := range p.Index.policies.subjects {
			all = append(all, *s)
		}
	}
	slices.SortFunc(all, func(a, b PolicySet) int { return int(a.Subject) - int(b.Subject) })
	return all
}

// PoliciesDigest is the digest of the policies that look at this kind of subject, "" if there are none.
func (p Policy) PoliciesDigest(subject triage.SubjectKind) string {
	for _, s := range p.PolicySets() {
		if s.Subject == subject {
			return s.Digest
		}
	}
	return ""
}

// policySets are the sets of the active policies among the settings, of which the first one has the place from.
func policySets(settings []Setting, from int) map[triage.SubjectKind]*PolicySet {
	sets, hashes := map[triage.SubjectKind]*PolicySet{}, map[triage.SubjectKind]hash.Hash{}
	for n := range settings {
		s := &settings[n]
		if s.Mode == triage.Off || s.Looks == nil {
			continue
		}
		set := sets[s.Subject]
		if set == nil {
			set = &PolicySet{Subject: s.Subject}
			sets[s.Subject], hashes[s.Subject] = set, sha256.New()
		}
		set.places = append(set.places, from+n)
		set.Closed = set.Closed || !s.Looks.OnlyOpen
		_, _ = fmt.Fprintln(hashes[s.Subject], s.ID, s.Mode, s.Everywhere, s.Looks.Digest) // of a hash, this never fails
	}
	for subject, set := range sets {
		set.Digest = hex.EncodeToString(hashes[subject].Sum(nil))[:16]
	}
	return sets
}
