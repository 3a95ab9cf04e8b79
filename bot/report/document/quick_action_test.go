package document_test

import (
	"testing"

	"flowkeeper/bot/report/document"
)

func TestQuickAction(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "",
		"no action\n/tmp is a path\nand /close": "",
		"text\n  /close":                        "/close",
		"/LABEL ~x\r\n":                         "/LABEL ~x",
		"/label\t~x":                            "/label\t~x",
		"```\n/close\n```":                      "",
		"a\n\n    /close":                       "",
		"- a\n  ~~~\n  /close\n  ~~~":           "",
		"```\n/close\n```\n/assign @a":          "/assign @a",
		"<b>\n/close\n</b>":                     "/close",
		"<!--\n/close\n-->":                     "/close",
		"> /close":                              "",
	} {
		if got := document.QuickAction(text); got != want {
			t.Errorf("in %q: %q, want %q", text, got, want)
		}
	}
}
