package main

import (
	"bytes"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const examples = "../../config/examples"

// TestExamples plays the scenarios of all example configurations: each of them has several.
func TestExamples(t *testing.T) {
	var out, errs bytes.Buffer
	if code := run([]string{"test", examples}, nil, &out, &errs); code != exitDone {
		t.Fatalf("exit code %d\n%s%s", code, &out, &errs)
	}
	files, err := filepath.Glob(filepath.Join(examples, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`^(\d+) scenarios, (\d+) configurations: all as expected\.\n$`).FindStringSubmatch(out.String())
	if m == nil || m[2] != strconv.Itoa(len(files)) {
		t.Errorf("of %d examples: %s", len(files), &out)
	}
	for _, file := range files {
		scenarios, err := filepath.Glob(filepath.Join(strings.TrimSuffix(file, ".yaml"), "*.txtar"))
		if err != nil || len(scenarios) < 3 {
			t.Errorf("%s has %d scenarios (%v), want at least three", file, len(scenarios), err)
		}
	}
}

// TestExamplesAreSound checks every example as a team's pipeline would.
func TestExamplesAreSound(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(examples, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatal("no examples", err)
	}
	for _, file := range files {
		var out, errs bytes.Buffer
		args := []string{"check", "--offline", "--quiet", file}
		if name := filepath.Base(file); name == "handbook.yaml" || name == "scrum.yaml" {
			args = append(args, "--no-search") // with weights there is too much to search
		}
		if code := run(args, nil, &out, &errs); code != exitDone || out.Len()+errs.Len() > 0 {
			t.Errorf("%s: exit code %d\n%s%s", file, code, &out, &errs)
		}
	}
}
