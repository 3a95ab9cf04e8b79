package scenario

import (
	"fmt"
	"slices"
	"strings"

	"flowkeeper/rules/planning"
)

// report is what the issue shows of a report, as the part "around" has it.
func (a Around) report() (planning.Report, error) {
	kind, key, _ := strings.Cut(a.Report, " ")
	r := planning.Report{Kind: planning.Kind(kind), Key: key, State: planning.State{Takes: a.Takes, Away: map[string][]planning.DateRange{}}}
	if a.Report != "" && !slices.Contains(planning.Kinds(), r.Kind) {
		return r, fmt.Errorf("report %q: a kind of report and its key are wanted, such as planning 19.6", a.Report)
	}
	for name, all := range a.Away {
		for _, days := range all {
			first, last, _ := strings.Cut(days, "..")
			from, err := planning.ParseDate(first)
			if err != nil {
				return r, fmt.Errorf("days %q of %s: %w", days, name, err)
			}
			to, err := planning.ParseDate(last)
			if err != nil {
				return r, fmt.Errorf("days %q of %s: %w", days, name, err)
			}
			r.State.Away[name] = append(r.State.Away[name], planning.DateRange{From: from, To: to})
		}
	}
	return r, nil
}
