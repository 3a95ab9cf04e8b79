// Package suite plays the scenarios of a folder, each under the configuration that stands beside it, and says what came out otherwise than
// expected and why.
package suite

import (
	"cmp"
	"errors"
	"os"
	"slices"
	"strings"

	"flowkeeper/bot/scenario"
	"flowkeeper/rules/engine"
)

// Options say what to play.
type Options struct {
	Path   string // a folder, or one scenario
	Config string // the configuration of all scenarios; "" is the one beside each
	// Load reads a configuration. Its error names the file.
	Load   func(config string) (engine.Policy, error)
	Update bool // write the decisions that come into the files
}

// Result is what came of a suite. Cases are sorted by configuration and file.
type Result struct {
	Cases   []Case
	Updated int // files with new decisions
}

// Case is a scenario that was played, or that could not be.
type Case struct {
	File     string
	Config   string // "" if there is none for it
	Failures []Failure
	Broken   error // why it was not played: it or its configuration cannot be read; nil if it was
}

// Failed reports whether something was not as expected.
func (c Case) Failed() bool { return c.Broken != nil || len(c.Failures) > 0 }

// Failures is the number of cases that failed.
func (r Result) Failures() int {
	n := 0
	for _, c := range r.Cases {
		if c.Failed() {
			n++
		}
	}
	return n
}

// Configs is the number of configurations.
func (r Result) Configs() int {
	found := map[string]bool{}
	for _, c := range r.Cases {
		found[c.Config] = true
	}
	return len(found)
}

// Run plays all scenarios. An error says that there is nothing to play or that a file cannot be written; what is wrong with single scenarios is
// in the result.
func Run(o Options) (Result, error) {
	found, err := find(o.Path, o.Config)
	if err != nil {
		return Result{}, err
	}
	var r Result
	loaded := map[string]policy{}
	for _, c := range found {
		p, ok := loaded[c.Config]
		if !ok && c.Config != "" {
			p.Policy, p.err = o.Load(c.Config)
			loaded[c.Config] = p
		}
		switch {
		case c.Config == "":
			c.Broken = errNoConfig
		case p.err != nil:
			c.Broken = p.err
		default:
			updated, err := c.play(p.Policy, o.Update)
			if err != nil {
				return r, err
			}
			if updated {
				r.Updated++
			}
		}
		r.Cases = append(r.Cases, c)
	}
	return r, nil
}

// policy is a configuration that was read, or why it could not be.
type policy struct {
	engine.Policy
	err error
}

var errNoConfig = errors.New("no configuration stands beside it: write a flowkeeper.yaml into its folder or one above, a NAME.yaml beside its folder NAME, or name one with --config")

// play plays the scenario. With update its file gets the decisions that come; updated says that they were others.
func (c *Case) play(p engine.Policy, update bool) (updated bool, err error) {
	data, err := os.ReadFile(c.File)
	if err != nil {
		c.Broken = err
		return false, nil
	}
	s, err := scenario.Parse(data, p.Team.TeamConfig)
	if err != nil {
		c.Broken = scenario.InFile(c.File, err)
		return false, nil
	}
	outcomes, err := s.Outcomes(p)
	if err != nil {
		c.Broken = scenario.InFile(c.File, err)
		return false, nil
	}
	for n, o := range outcomes {
		if f, failed := compare(s.Steps[n], o); failed {
			c.Failures = append(c.Failures, f)
		}
	}
	if !update || len(c.Failures) == 0 {
		return false, nil
	}
	var texts []string
	for _, o := range outcomes {
		texts = append(texts, o.Text)
	}
	c.Failures = nil
	return true, os.WriteFile(c.File, scenario.InsertDecisions(data, texts), 0o644)
}

// sorted puts cases in the order of a result.
func sorted(cases []Case) []Case {
	slices.SortFunc(cases, func(a, b Case) int {
		return cmp.Or(strings.Compare(a.Config, b.Config), strings.Compare(a.File, b.File))
	})
	return cases
}
