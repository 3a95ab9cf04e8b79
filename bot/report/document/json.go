package document

import (
	"encoding/json"
	"io"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// jsonDocument is a document for programs: texts without Markdown's escapes, people's words as they wrote them.
type jsonDocument struct {
	planning.Document

	Intro    []string      `json:"intro,omitempty"`
	Sections []jsonSection `json:"sections"`
}

type jsonSection struct {
	planning.Section

	Text  []string   `json:"text,omitempty"`
	Rows  []jsonRow  `json:"rows,omitempty"`
	Table *jsonTable `json:"table,omitempty"`
}

type jsonRow struct {
	Box   planning.Mark `json:"box,omitempty"`
	Issue *jsonIssue    `json:"issue,omitempty"`
	Text  string        `json:"text,omitempty"`
	Rows  []jsonRow     `json:"rows,omitempty"`
}

type jsonIssue struct {
	Project      int64    `json:"project,omitempty"`
	IID          int64    `json:"iid,omitempty"`
	Path         string   `json:"path"`
	URL          string   `json:"url,omitempty"`
	Title        string   `json:"title,omitempty"`
	Labels       []string `json:"labels,omitempty"`
	Status       string   `json:"status,omitempty"`
	Confidential bool     `json:"confidential,omitempty"`
}

type jsonTable struct {
	Head []string   `json:"head"`
	Rows [][]string `json:"rows"`
}

// WriteJSON writes a document as JSON, with a newline behind it.
func WriteJSON(w io.Writer, d planning.Document) error {
	out := jsonDocument{Document: d, Intro: plainTexts(d.Intro), Sections: []jsonSection{}}
	for _, s := range d.Sections {
		section := jsonSection{Section: s, Text: plainTexts(s.Text), Rows: jsonRows(s.Rows)}
		if s.Table != nil {
			section.Table = &jsonTable{Head: plainTexts(s.Table.Head), Rows: [][]string{}}
			for _, row := range s.Table.Rows {
				cells := make([]string, len(row))
				for n, c := range row {
					cells[n] = c.Text.Plain()
				}
				section.Table.Rows = append(section.Table.Rows, cells)
			}
		}
		out.Sections = append(out.Sections, section)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

func plainTexts(texts []triage.Prose) []string {
	var all []string
	for _, p := range texts {
		all = append(all, p.Plain())
	}
	return all
}

func jsonRows(rows []planning.Row) []jsonRow {
	var all []jsonRow
	for _, r := range rows {
		row := jsonRow{Box: r.Box, Text: r.Text.Plain(), Rows: jsonRows(r.Rows)}
		if i := r.Issue; i != nil {
			row.Issue = &jsonIssue{i.Project, i.IID, i.Path, i.URL, i.Title, i.Labels, i.Status, i.Confidential}
		}
		all = append(all, row)
	}
	return all
}
