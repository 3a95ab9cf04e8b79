package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// digest tells the policy from another one with its id: by what it looks at, wants and says. Its place in its file does not count.
func (r Rule) digest() string {
	when := r.When
	r.File, r.Line, r.When = "", 0, nil
	var text strings.Builder
	writeValue(&text, r)
	writeConditions(&text, when)
	sum := sha256.Sum256([]byte(text.String()))
	return hex.EncodeToString(sum[:8])
}

func writeConditions(w *strings.Builder, conditions []Condition) {
	for _, c := range conditions {
		one, ok := c.(AnyOf)
		if !ok {
			writeValue(w, c)
			continue
		}
		for _, list := range one.Lists {
			w.WriteString("any(")
			writeConditions(w, list)
			w.WriteString(")")
		}
	}
}

// writeValue writes a plain value with its type.
func writeValue(w *strings.Builder, value any) {
	data, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("a policy cannot be written as JSON: %v", err)) // it holds nothing but texts, numbers and lists
	}
	fmt.Fprintf(w, "%T %s\n", value, data)
}

// onlyOpen reports whether the conditions hold for nothing that is closed.
func onlyOpen(conditions []Condition) bool {
	return slices.ContainsFunc(conditions, func(c Condition) bool { state, ok := c.(InState); return ok && state.State == Opened })
}
