package suite

import (
	"encoding/xml"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// WriteText writes what failed, for people, and nothing else.
func (r Result) WriteText(w io.Writer) error {
	var b strings.Builder
	told := map[string]bool{}
	for _, c := range r.Cases {
		if c.Broken != nil {
			text := c.brokenText()
			if !told[text] { // a configuration is told once, not with each of its scenarios
				fmt.Fprintf(&b, "%s\n", text)
			}
			told[text] = true
		}
		for _, f := range c.Failures {
			fmt.Fprintf(&b, "%s:%d: %s\n", c.File, f.Line, f.Message)
			for line := range strings.Lines(f.Details) {
				b.WriteString("    " + line)
			}
			b.WriteString("\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// brokenText is why the scenario was not played, with the file it is about.
func (c Case) brokenText() string {
	if c.Config == "" {
		return c.File + ": " + c.Broken.Error()
	}
	return c.Broken.Error()
}

// The elements of a JUnit report that GitLab reads. Times are left out: the same suite gives the same file.
type (
	xmlReport struct {
		XMLName  xml.Name   `xml:"testsuites"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Errors   int        `xml:"errors,attr"`
		Suites   []xmlSuite `xml:"testsuite"`
	}
	xmlSuite struct {
		Name     string    `xml:"name,attr"`
		Tests    int       `xml:"tests,attr"`
		Failures int       `xml:"failures,attr"`
		Errors   int       `xml:"errors,attr"`
		Cases    []xmlCase `xml:"testcase"`
	}
	xmlCase struct {
		Class   string      `xml:"classname,attr"`
		Name    string      `xml:"name,attr"`
		File    string      `xml:"file,attr"`
		Failure *xmlProblem `xml:"failure"`
		Error   *xmlProblem `xml:"error"`
	}
	xmlProblem struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes the result for CI: a suite for each configuration, a case for each scenario.
func (r Result) WriteJUnit(w io.Writer) error {
	report := xmlReport{Tests: len(r.Cases)}
	for _, c := range r.Cases {
		config := filepath.ToSlash(c.Config)
		if n := len(report.Suites); n == 0 || report.Suites[n-1].Name != config {
			report.Suites = append(report.Suites, xmlSuite{Name: config})
		}
		s := &report.Suites[len(report.Suites)-1]
		s.Tests++
		x := xmlCase{Class: config, Name: strings.TrimSuffix(filepath.Base(c.File), scenarioEnding), File: filepath.ToSlash(c.File)}
		switch {
		case c.Broken != nil:
			s.Errors++
			report.Errors++
			message, _, _ := strings.Cut(c.brokenText(), "\n")
			x.Error = &xmlProblem{Message: message, Text: c.brokenText()}
		case len(c.Failures) > 0:
			s.Failures++
			report.Failures++
			x.Failure = &xmlProblem{Message: fmt.Sprintf("line %d: %s", c.Failures[0].Line, c.Failures[0].Message)}
			for _, f := range c.Failures {
				x.Failure.Text += fmt.Sprintf("%s:%d: %s\n%s\n", c.File, f.Line, f.Message, f.Details)
			}
		}
		s.Cases = append(s.Cases, x)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(report); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
