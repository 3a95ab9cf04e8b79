package deploy_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	namedTest = regexp.MustCompile("`([a-z/]+)\\.((?:Test|Fuzz)[A-Za-z0-9]+)`")
	testFunc  = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Za-z0-9]+)\(`)
)

// TestNamedTestsExist: each threat has what protects, what shows it and what remains, and what shows it is a test of that folder.
func TestNamedTestsExist(t *testing.T) {
	page := read(t, "security.md")
	have := map[string]map[string]bool{}
	for _, m := range namedTest.FindAllStringSubmatch(page, -1) {
		folder, name := m[1], m[2]
		if have[folder] == nil {
			have[folder] = testsOf(t, filepath.Join("..", folder))
		}
		if !have[folder][name] {
			t.Errorf("security.md names %s.%s, and there is no such test", folder, name)
		}
	}
	_, threats, _ := strings.Cut(page, "\n## Threats\n")
	threats, _, _ = strings.Cut(threats, "\n## ")
	all := strings.Split(threats, "\n### ")[1:]
	if len(all) < 6 {
		t.Errorf("%d threats were found", len(all))
	}
	for _, threat := range all {
		title, text, _ := strings.Cut(threat, "\n")
		_, shown, _ := strings.Cut(text, "\n**Shown by** ")
		shown, _, _ = strings.Cut(shown, "\n\n")
		if !strings.Contains(text, "\n**Protects.** ") || !namedTest.MatchString(shown) {
			t.Errorf("%s: what protects, or the test that shows it, is missing", title)
		}
	}
}

// testsOf are the names of the tests in a folder.
func testsOf(t *testing.T, folder string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range testFunc.FindAllStringSubmatch(string(content), -1) {
			names[m[1]] = true
		}
	}
	return names
}

var link = regexp.MustCompile(`\]\(([^)#:\s]+)(#[^)\s]*)?\)`)

// TestLinks follows the links between the pages of this folder and to the rest of the repository.
func TestLinks(t *testing.T) {
	pages, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		for _, m := range link.FindAllStringSubmatch(read(t, page), -1) {
			if _, err := os.Stat(m[1]); err != nil {
				t.Errorf("%s leads to %s: %v", page, m[1], err)
			}
		}
	}
}
