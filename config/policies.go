package config

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"strconv"
	"strings"

	"flowkeeper/config/policyfile"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

// Policies are the rules of a team's own, in files of the gitlab-triage gem's language.
type Policies struct {
	Files   []string // paths and patterns, relative to the configuration file
	Mode    triage.Mode
	Comment string // CommentNote or CommentOwn

	Rules   []policy.Rule // that run, in the order of the files, with their modes in force
	Entries []policyfile.Entry
	Remarks []policyfile.Remark
	Names   []string // of the files that were read, relative to the configuration file
	Digest  string   // of the files' contents
}

// The values of Policies.Comment: comments are items of the bot's note, or comments of their own.
const (
	CommentNote = "note"
	CommentOwn  = "own"
)

// policyKeys are the keys about policies.
func policyKeys(c *Config) []key {
	p := &c.Policies
	return []key{
		{name: "policies", reloadable: true, help: "Files with rules of your own in the language of gitlab-triage, paths or patterns relative to this file: [.triage-policies.yml, team/*.yml]. flowkeeper policies tells which of them run",
			kind: policyFiles{bindList(&p.Files, listValue{want: "files", example: "[.triage-policies.yml]", item: parseTextLine}), p}},
		{name: "policy_defaults", reloadable: true, help: "What a policy has that does not say otherwise", kind: section{keys: []key{
			{name: "mode", help: "How far policies may go", kind: scalar[triage.Mode]{
				field: &p.Mode, standard: triage.Remind, want: "a mode", allowed: "off, shadow, remind or act", form: oneOf(modesUpTo(triage.Act)...), parse: parseMode, format: triage.Mode.String,
			}},
			{name: "comment", help: "Where their comments stand: as an item of the bot's note, or as comments of their own", kind: choiceValue(&p.Comment, CommentNote, CommentNote, CommentOwn)},
		}}},
	}
}

// policyFiles is a schemaValue: the list of files, which changes with what the files hold.
type policyFiles struct {
	listValue
	policies *Policies
}

func (v policyFiles) plain() string { return v.text() + v.policies.Digest }

// reset forgets the rules as well.
func (v policyFiles) reset() {
	v.listValue.reset()
	*v.policies = Policies{Files: v.policies.Files, Mode: v.policies.Mode, Comment: v.policies.Comment}
}

// readPolicies reads the policy files, and the modes that the section rules gives their rules.
func (r *reader) readPolicies(c *Config) {
	p := &c.Policies
	sources, complete := r.openPolicies(p.Files)
	all, problems := policyfile.Read(sources, policyfile.Defaults{Mode: p.Mode, Own: p.Comment == CommentOwn})
	for _, problem := range problems {
		problem.File = maskText(r.fromConfig(problem.File))
		r.problems = append(r.problems, problem)
	}
	p.Rules, p.Entries, p.Remarks, p.Digest = all.Rules, all.Entries, all.Remarks, digest(sources)
	for _, s := range sources {
		p.Names = append(p.Names, s.Name)
	}
	if !complete || len(problems) > 0 {
		return
	}
	for _, m := range r.policyModes {
		r.readPolicyMode(p, m)
	}
}

// openPolicies opens the files that the paths and patterns name, each once. complete is false if something is wrong with any.
func (r *reader) openPolicies(patterns []string) (sources []policyfile.Source, complete bool) {
	directory := filepath.Dir(r.doc.Name)
	complete = !r.origin["policies"].bad
	seen := map[string]bool{}
	for i, pattern := range patterns {
		here := "policies[" + strconv.Itoa(i) + "]"
		names, err := policyfile.Find(directory, pattern)
		for _, name := range names {
			var source policyfile.Source
			if seen[name] || err != nil {
				continue
			}
			seen[name] = true
			if source, err = policyfile.Open(directory, name); err == nil {
				sources = append(sources, source)
			}
		}
		if err != nil {
			r.reportAt(here, r.origin[here].spot, diagnosticf("paths and patterns are relative to the configuration file", "%s: %v", quote(pattern), err))
			complete = false
		}
	}
	return sources, complete
}

// fromConfig is the path of a policy file as the configuration file is named.
func (r *reader) fromConfig(name string) string {
	if filepath.IsAbs(filepath.FromSlash(name)) {
		return name
	}
	return filepath.Join(filepath.Dir(r.doc.Name), filepath.FromSlash(name))
}

// digest tells whether files have changed.
func digest(sources []policyfile.Source) string {
	if len(sources) == 0 {
		return ""
	}
	h := sha256.New()
	for _, s := range sources {
		h.Write([]byte(s.Name + "\x00" + strconv.Itoa(len(s.Content)) + "\x00"))
		h.Write(s.Content)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// policyMode is a key of the section rules that names a policy.
type policyMode struct {
	path string
	entry
}

// keepPolicyMode keeps the mode of a policy until the policies are read.
func keepPolicyMode(r *reader, path string, e entry) bool {
	if !strings.HasPrefix(e.key, policy.Prefix) {
		return false
	}
	r.policyModes = append(r.policyModes, policyMode{path, e})
	return true
}

// readPolicyMode reads the mode of one policy. One of a policy that does not run does no harm.
func (r *reader) readPolicyMode(p *Policies, m policyMode) {
	var known []string
	for i := range p.Entries {
		e := &p.Entries[i]
		if e.ID == m.key {
			setting := policySetting(policy.Rule{ID: e.ID, Mode: e.Mode})
			rule{&setting}.read(r, m.path, m.value)
			e.Mode = setting.Mode
			p.setMode(e.ID, e.Mode)
			return
		}
		if e.ID != "" {
			known = append(known, e.ID)
		}
	}
	hint := "flowkeeper policies lists them"
	if len(known) == 0 {
		hint = "name their files in policies"
	}
	r.report(m.path, m.at, diagnosticf(suggest(m.key, known, hint), "there is no such policy"))
}

// setMode sets the mode of the policy if it runs.
func (p *Policies) setMode(id string, mode triage.Mode) {
	for i := range p.Rules {
		if p.Rules[i].ID == id {
			p.Rules[i].Mode = mode
		}
	}
}

// policySetting is what the section rules says of a policy: a mode.
func policySetting(r policy.Rule) engine.Setting {
	return engine.Setting{Rule: triage.Rule{Meta: triage.Meta{ID: r.ID, Mode: r.Mode, MaxMode: triage.Act}}, Mode: r.Mode}
}
