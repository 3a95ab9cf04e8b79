package main

import (
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// TestEveryCommandHasAnExample: the help of each command shows how it is called.
func TestEveryCommandHasAnExample(t *testing.T) {
	parser, err := kong.New(&cli{}, kong.Name("flowkeeper"))
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range parser.Model.Leaves(true) {
		if help := command.Detail; !strings.Contains(help, "Example") || !strings.Contains(help, command.FullPath()) {
			t.Errorf("the help of %s shows no example of it:\n%s", command.FullPath(), help)
		}
	}
}
