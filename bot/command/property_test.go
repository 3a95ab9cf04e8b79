package command_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"flowkeeper/bot/command"
)

// pieces are what comments are made of that hide commands, or seem to.
var pieces = strings.Split("/flow next|@flowkeeper next|text|\n|\n\n|    |- |> |```\n|`|~~|*|[|](x)|[a]: |# |\n===\n|a|-|\\|"+
	"<!--|-->|<?|?>|<b>|</b>|<a>|</a>|<code>|</code>|<span>|</span>|<p>|</p>|<div>|</div>|<details>|</details>|<ul>|</ul>|<li>|</li>|"+
	"<table>|</table>|<tr>|<td>|</td>|</tr>|<button>|</button>|<object>|</object>|<form>|</form>|<h1>|</h2>|<select>|</select>|<option>|"+
	"<svg>|</svg>|<title>|</title>|<script>|</script>|<textarea>|</textarea>|<br>|<hr/>|<dl>|<dd>|</dd>|<s>|</s>|<ruby>|<rt>|<name>|</name>|"+
	"<a b=\"|\">|<del>|</del>|<pre>|</pre>|<blockquote>|</blockquote>|<nobr>|<img>|<center>|<caption>|<tbody>|</tbody>|<template>|</template>|"+
	"<AS>0|<h>|<dt>|</dt>|\n: |\n~ |[^a]:\t|~|_a|_|a~", "|")

// TestPieces puts pieces together in every which way: what is found must be shown.
func TestPieces(t *testing.T) {
	r := command.New("flow", "flowkeeper")
	rapid.Check(t, func(t *rapid.T) {
		drawn := rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 40).Draw(t, "pieces")
		apart := rapid.SampledFrom([]string{"", "\n", "\n\n"}).Draw(t, "apart")
		comment := strings.Join(drawn, apart) + "\n\n/flow next"
		found := r.Read(comment)
		checkLines(t, comment, found)
		checkShown(t, comment, found)
	})
}

// TestParts puts whole blocks together, each of which holds one command or none: exactly the commands are found.
func TestParts(t *testing.T) {
	commands := []string{"/flow next", "Text\n/flow next", "/flow next\ntext", " /flow next.", "@flowkeeper next", "**So\n/FLOW next\nplease**", "/flow\u00a0next"}
	others := []string{
		"Text", "```\n/flow next\n```", "~~~\n\n/flow next\n~~~", "> /flow next", "> text\n/flow next", ">>>\n/flow next\n>>>", "- a\n- /flow next",
		"<div>\n/flow next\n</div>", "<details>\n\n/flow next\n\n</details>", "<!--\n\n/flow next\n\n-->", "# /flow next", "/flow next\n---",
		"| a |\n|---|\n/flow next", "`a\n/flow next`", "$$\n/flow next\n$$", "[a\n/flow next](b)", "~~a\n/flow next~~", "*-_\u00a0<name> `", "",
	}
	r := command.New("flow", "flowkeeper")
	rapid.Check(t, func(t *rapid.T) {
		var comment strings.Builder
		var want []int
		for range rapid.IntRange(1, 15).Draw(t, "parts") {
			part := rapid.SampledFrom(others).Draw(t, "other")
			if rapid.Bool().Draw(t, "command") {
				part = rapid.SampledFrom(commands).Draw(t, "part")
				before, _, _ := strings.Cut(strings.NewReplacer("/FLOW", "/flow", "@flowkeeper", "/flow").Replace(part), "/flow")
				want = append(want, strings.Count(comment.String()+before, "\n")+1)
			}
			comment.WriteString(part + "\n\n")
		}
		var got []int
		for _, l := range r.Read(comment.String()) {
			got = append(got, l.Number)
			if l.Text != "next" {
				t.Errorf("line %d says %q", l.Number, l.Text)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: lines (-want +got)\n%s", comment.String(), diff)
		}
	})
}
