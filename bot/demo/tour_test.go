package demo_test

import (
	"bytes"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"flowkeeper/bot/demo"
	"flowkeeper/config"
	"flowkeeper/rules"
)

// TestTour tells the story of each example configuration, to its end, with all checks.
func TestTour(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../config/examples/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no examples", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := config.Load(file, nil, rules.Catalogue())
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			o := handbook(&out)
			o.Own = &demo.Own{Name: name, Policy: c.Policy(), Policies: c.Policies.Rules, Watching: c.OnlyShadowReason()}
			if err := demo.Run(t.Context(), o); err != nil {
				t.Fatalf("%v\n%s", err, &out)
			}
			compareStory(t, filepath.Join("testdata", "tour_"+name+".golden"), out.String())
			if word := handbookWord.FindString(out.String()); name != "handbook" && word != "" {
				t.Errorf("the story has the handbook's word %q, which is not the team's:\n%s", word, &out)
			}
		})
	}
}

// handbookWord are words of the handbook's team that no example uses.
var handbookWord = regexp.MustCompile(`workflow::|in dev\b|refinement|ready for development|devops::|Category:`)
