package markdown

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	extended "github.com/yuin/goldmark/extension/ast"
	render "github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"
	dom "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// boxRenderer writes the boxes of task lists with the line on which they stand.
type boxRenderer struct{}

func (boxRenderer) RegisterFuncs(r render.NodeRendererFuncRegisterer) {
	r.Register(extended.KindTaskCheckBox, func(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		checked := ""
		if n.(*extended.TaskCheckBox).IsChecked {
			checked = "checked "
		}
		_, err := fmt.Fprintf(w, `<input %stype="checkbox" data-line="%d"> `, checked, lineOf(n, source))
		return ast.WalkContinue, err
	})
}

// lineOf is the line on which the block around an inline node begins, the first being 1.
func lineOf(n ast.Node, source []byte) int {
	for p := n.Parent(); p != nil; p = p.Parent() {
		if p.Type() == ast.TypeBlock && p.Lines().Len() > 0 {
			return 1 + bytes.Count(source[:p.Lines().At(0).Start], []byte("\n"))
		}
	}
	return 0
}

// enableBoxes puts what can be ticked in the place of boxes.
func (r References) enableBoxes(body *dom.Node) {
	var boxes []*dom.Node
	for n := range body.Descendants() {
		if n.DataAtom == atom.Input && attribute(n, "data-line") != "" {
			boxes = append(boxes, n)
		}
	}
	for _, n := range boxes {
		line, _ := strconv.Atoi(attribute(n, "data-line")) // digits, by the policy
		n.Attr = slices.DeleteFunc(n.Attr, func(a dom.Attribute) bool { return a.Key == "data-line" })
		if r.Box == nil {
			continue
		}
		made, err := dom.ParseFragment(strings.NewReader(r.Box(line, hasAttribute(n, "checked"))), n.Parent)
		if err != nil || len(made) == 0 {
			continue
		}
		for _, m := range made {
			n.Parent.InsertBefore(m, n)
		}
		n.Parent.RemoveChild(n)
	}
}

// showInapplicable shows "[~]" at the beginning of an item as GitLab does: as a box that cannot be ticked.
func showInapplicable(body *dom.Node) {
	var texts []*dom.Node
	for n := range body.Descendants() {
		first := n.FirstChild
		if n.DataAtom == atom.Li && first != nil && first.DataAtom == atom.P {
			first = first.FirstChild
		}
		if n.DataAtom == atom.Li && first != nil && first.Type == dom.TextNode && strings.HasPrefix(strings.TrimLeft(first.Data, "\n"), "[~] ") {
			texts = append(texts, first)
		}
	}
	for _, t := range texts {
		_, t.Data, _ = strings.Cut(t.Data, "[~]")
		t.Parent.InsertBefore(&dom.Node{Type: dom.ElementNode, Data: "input", DataAtom: atom.Input, Attr: []dom.Attribute{
			{Key: "type", Val: "checkbox"}, {Key: "disabled"}, {Key: "class", Val: "inapplicable"},
		}}, t)
	}
}

// attribute is the value of an attribute, "" if there is none.
func attribute(n *dom.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func hasAttribute(n *dom.Node, key string) bool {
	return slices.ContainsFunc(n.Attr, func(a dom.Attribute) bool { return a.Key == key })
}
