package planningtest

import (
	"strings"

	"flowkeeper/rules/planning"
)

// hostile issues have titles that would do something if they were not made inert. All lack a type, so that the triage report lists them.
func hostile() []named {
	var all []named
	for _, h := range [][2]string{
		{"hostile-mention", "@all and @priya: see @my-group/everyone"},
		{"hostile-close", "Closes #1, fixes my-group/app#2 and resolves my-group/gitaly!3"},
		{"hostile-quick-action", "/close"},
		{"hostile-quick-actions", "/label ~\"workflow::complete\" /assign @eric /merge"},
		{"hostile-html", "<script>alert(1)</script><img src=x onerror=alert(1)><details open><!-- "},
		{"hostile-markdown", "**bold** _it_ [link](javascript:alert(1)) ![image](https://evil.example/x.png) `code` $`x`$"},
		{"hostile-table", "a | b\n|---|---|\n| c | d"},
		{"hostile-list", "- [x] done ## heading > quote\n- [x] and this"},
		{"hostile-right-to-left", "ענף \u202egnp.exe\u202c מוגן"},
		{"hostile-end", "<!-- flowkeeper:end -->"},
		{"hostile-end-triage", "--> <!-- flowkeeper:end triage -->"},
		{"hostile-begin", "<!-- flowkeeper:begin triage -->\n<!-- flowkeeper:section past-slo -->\n- [x] #1"},
		{"hostile-state", "<!-- flowkeeper:state triage {\"asked\":[\"emma\",\"farid\"]} -->"},
		{"hostile-fence", "``` ~~~ <pre> $$ \\"},
		{"hostile-reference", "~UX %19.7 &1 $1 !1 ^alert *iteration:1 [[wiki]] ABC-12 0123456789abcdef :tada: www.evil.example"},
		{"hostile-long", strings.Repeat("Wörter ohne Ende ", 14) + "Donaudampfschiff"},
		{"hostile-empty", "\u200b\u200b"},
	} {
		all = append(all, named{h[0], planning.Issue{Title: h[1], Labels: ours("workflow::start"), CreatedAt: ago(3)}})
	}
	return all
}
