package report

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"flowkeeper/bot/coordination"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// Composed is what became of a report in shadow.
const Composed = "composed"

// Kept is what became of a report when it was last due.
type Kept struct {
	Kind     planning.Kind `json:"report"`
	Key      string        `json:"key"`
	Mode     triage.Mode   `json:"mode"`
	DueAt    time.Time     `json:"due_at"`
	At       time.Time     `json:"at"`
	Outcome  Outcome       `json:"outcome"`
	Error    string        `json:"error,omitempty"`
	Mails    string        `json:"mails,omitempty"`    // of a kickoff: what became of them so far
	Document string        `json:"document,omitempty"` // Markdown, in shadow
}

// Bounds of what is kept: a document compressed in parts, each a checkpoint. Of a longer one the beginning is kept.
const (
	maxParts    = 16
	maxDocument = 512 << 10 // bytes, before it is compressed
)

// header is the first checkpoint of what is kept.
type header struct {
	Kept

	Parts int `json:"parts,omitempty"`
}

// keep keeps what became of a report, in place of what became of it before.
func (p *Publisher) keep(ctx context.Context, k Kept) error {
	h := header{Kept: k}
	parts, err := pack(k.Document)
	if err != nil {
		return err
	}
	for n, part := range parts {
		if err := p.o.Coordination.SetCheckpoint(ctx, keptName(k.Kind, n), part); err != nil {
			return err
		}
	}
	const longestError = 1000
	h.Document, h.Parts, h.Error = "", len(parts), k.Error[:min(len(k.Error), longestError)]
	value, err := json.Marshal(h)
	if err != nil {
		return err
	}
	return p.o.Coordination.SetCheckpoint(ctx, "reports/kept/"+string(k.Kind), value)
}

// KeptReport is what became of a report when it was last due; not ok if nothing is kept.
func (p *Publisher) KeptReport(ctx context.Context, k planning.Kind) (kept Kept, ok bool, err error) {
	value, err := p.o.Coordination.Checkpoint(ctx, "reports/kept/"+string(k))
	var h header
	if err != nil || len(value) == 0 || json.Unmarshal(value, &h) != nil {
		return Kept{}, false, err
	}
	var parts [][]byte
	for n := range min(h.Parts, maxParts) {
		part, err := p.o.Coordination.Checkpoint(ctx, keptName(k, n))
		if err != nil {
			return Kept{}, false, err
		}
		parts = append(parts, part)
	}
	kept = h.Kept
	if kept.Document, err = unpack(parts); err != nil {
		kept.Document = ""
		kept.Error = "the document that was kept cannot be read: " + err.Error()
	}
	if k == planning.KindKickoff {
		m, err := p.mailed(ctx, kept.Key)
		if err != nil {
			return Kept{}, false, err
		}
		kept.Mails = m.Outcome
	}
	return kept, true, nil
}

// keptName names the checkpoint with a part of a document.
func keptName(k planning.Kind, n int) string {
	return fmt.Sprintf("reports/kept/%s/%s", k, strconv.Itoa(n))
}

// pack compresses a document into parts, or as much of it as there is room for.
func pack(text string) ([][]byte, error) {
	if text == "" {
		return nil, nil
	}
	for text = text[:min(len(text), maxDocument)]; ; text = text[:len(text)/2] {
		var all bytes.Buffer
		w := gzip.NewWriter(&all)
		if _, err := io.WriteString(w, text); err != nil {
			return nil, err
		}
		if err := w.Close(); err != nil {
			return nil, err
		}
		if all.Len() > maxParts*coordination.MaxCheckpoint {
			continue
		}
		var parts [][]byte
		for all.Len() > 0 {
			parts = append(parts, bytes.Clone(all.Next(coordination.MaxCheckpoint)))
		}
		return parts, nil
	}
}

// unpack reads what pack wrote.
func unpack(parts [][]byte) (string, error) {
	if len(parts) == 0 {
		return "", nil
	}
	r, err := gzip.NewReader(bytes.NewReader(bytes.Join(parts, nil)))
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(r, maxDocument))
	return string(text), err
}
