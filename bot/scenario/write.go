package scenario

import "golang.org/x/tools/txtar"

// Write puts the decisions into the text of a scenario, each behind its event, in place of those it has.
func Write(data []byte, decisions []string) []byte {
	archive := txtar.Parse(data)
	files := make([]txtar.File, 0, len(archive.Files))
	for _, f := range archive.Files {
		if f.Name == "decision" {
			continue
		}
		files = append(files, f)
		if f.Name == "event" && len(decisions) > 0 {
			files = append(files, txtar.File{Name: "decision", Data: []byte(decisions[0])})
			decisions = decisions[1:]
		}
	}
	archive.Files = files
	return txtar.Format(archive)
}
