package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/term"

	"flowkeeper/config"
	"flowkeeper/config/document"
	"flowkeeper/config/policyfile"
	"flowkeeper/rules/triage"
)

type policiesCmd struct {
	Files  []string `arg:"" optional:"" name:"file" help:"Policy files, or patterns; default those that the configuration names."`
	Config string   `short:"c" placeholder:"FILE" help:"Configuration file, as for serve."`
	IDs    bool     `name:"ids" help:"Name rules by their ids, as the section rules of the configuration does."`
	JSON   bool     `help:"Print JSON."`
}

func (policiesCmd) Help() string {
	return "Reads policy files in the language of GitLab's gem gitlab-triage and says of each rule: runs; runs, differs, and how; or does not run: why, in which line, and what would express it. " +
		"With files no configuration is needed, and nothing is asked of GitLab. The exit code is 1 if a file is not in the language." + `

Examples:
  flowkeeper policies .triage-policies.yml
  flowkeeper policies
  flowkeeper policies --json | jq '.rules[] | select(.status == "does not run")'`
}

// Validate checks what the flags say.
func (c *policiesCmd) Validate() error {
	if c.Config != "" && len(c.Files) > 0 {
		return errors.New("--config names the policy files; leave it out, or leave the files out")
	}
	return nil
}

// Run says what becomes of every rule.
func (c *policiesCmd) Run(p *program) error {
	found, files, err := c.read(p)
	found.Remarks = append(found.Remarks, policyfile.Fights(found.Rules)...)
	switch {
	case c.JSON:
		return errors.Join(p.printJSON(policiesReport(found)), err)
	case len(files) == 0 && err == nil:
		fmt.Fprintln(p.out, "There are no policies: name files, or set policies in the configuration.")
		return nil
	}
	policyfile.Text(p.out, found, files, policyfile.TextOptions{Width: p.width(), IDs: c.IDs})
	return err
}

// read reads the files that are named, else those of the configuration. What files hold that can be read is given beside an error.
func (c *policiesCmd) read(p *program) (found policyfile.Policies, files []string, err error) {
	if len(c.Files) == 0 {
		loaded, err := loadToLook(c.Config, "", p.environ)
		if err != nil {
			return found, nil, err
		}
		return policyfile.Policies{Rules: loaded.Policies.Rules, Entries: loaded.Policies.Entries, Remarks: loaded.Policies.Remarks}, loaded.Policies.Names, nil
	}
	var problems config.Problems
	var sources []policyfile.Source
	for _, pattern := range c.Files {
		names, err := policyfile.Find(".", pattern)
		for _, name := range names {
			var source policyfile.Source
			if source, err = policyfile.Open(".", name); err != nil {
				pattern = name
				break
			}
			sources = append(sources, source)
		}
		if err != nil {
			problems = append(problems, config.Problem{File: document.MaskText(pattern), Message: err.Error()})
		}
	}
	found, bad := policyfile.Read(sources, policyfile.Defaults{Mode: triage.Remind})
	broken := map[string]bool{}
	for _, problem := range bad {
		broken[problem.File] = true
	}
	for _, s := range sources {
		if !broken[s.Name] {
			files = append(files, s.Name)
		}
	}
	if problems = append(problems, bad...); len(problems) > 0 {
		return found, files, policyProblems(problems)
	}
	return found, files, nil
}

// policyProblems is what is wrong with policy files that no configuration names.
type policyProblems config.Problems

func (p policyProblems) Error() string { return config.Problems(p).Error() }

// summary says how much is wrong, below all of it.
func (p policyProblems) summary() string {
	if len(p) == 1 {
		return "there is a problem in the policy files"
	}
	return fmt.Sprintf("there are %d problems in the policy files", len(p))
}

// width is how many characters a line of the terminal has, 0 if there is none.
func (p *program) width() int {
	for _, v := range p.environ {
		if text, ok := strings.CutPrefix(v, "COLUMNS="); ok {
			n, err := strconv.Atoi(text)
			if err == nil && n > 0 {
				return n
			}
		}
	}
	if file, ok := p.out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		if n, _, err := term.GetSize(int(file.Fd())); err == nil {
			return n
		}
	}
	return 0
}

// policiesJSON is what becomes of rules, for programs.
type policiesJSON struct {
	Rules   []policyJSON       `json:"rules"`
	Remarks []policyRemarkJSON `json:"remarks"` // on files as a whole
}

type policyJSON struct {
	ID       string             `json:"id,omitempty"`
	Name     string             `json:"name,omitempty"`
	File     string             `json:"file"`
	Line     int                `json:"line"`
	Resource string             `json:"resource"`
	Summary  bool               `json:"summary,omitempty"`
	Status   policyfile.Status  `json:"status"`
	Mode     triage.Mode        `json:"mode"`
	Notes    []policyRemarkJSON `json:"notes"`
}

type policyRemarkJSON struct {
	File   string             `json:"file,omitempty"`
	Line   int                `json:"line"`
	Status *policyfile.Status `json:"status,omitempty"`
	What   string             `json:"what"`
	Do     string             `json:"do,omitempty"`
}

func policiesReport(found policyfile.Policies) policiesJSON {
	report := policiesJSON{Rules: []policyJSON{}, Remarks: []policyRemarkJSON{}}
	for _, e := range found.Entries {
		one := policyJSON{ID: e.ID, Name: e.Name, File: e.File, Line: e.Line, Resource: e.Resource, Summary: e.Summary, Status: e.Status(), Mode: e.Mode, Notes: []policyRemarkJSON{}}
		for _, n := range e.Notes {
			one.Notes = append(one.Notes, policyRemarkJSON{Line: n.Line, Status: &n.Status, What: n.What, Do: n.Do})
		}
		report.Rules = append(report.Rules, one)
	}
	for _, r := range found.Remarks {
		report.Remarks = append(report.Remarks, policyRemarkJSON{File: r.File, Line: r.Line, What: r.What, Do: r.Do})
	}
	return report
}
