package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/report"
	"flowkeeper/bot/report/gather"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// planningPath is the project where reports are opened.
const planningPath = "demo/planning"

// remark is what a person writes into the report.
const remark = "Pat is away on Tuesday."

// monday is the last act: a report is due, and its boxes tick themselves while people work through it.
var monday = []scene{
	{
		who: "mia", does: "switches the weekly triage report on; it is due today",
		do:    func(ctx context.Context, s *stage) error { return s.openReport(ctx) },
		until: func(v view) bool { return v.unticked("Push over SSH hangs") && v.unticked("Pushes are lost") },
	},
	{
		who: "mia", does: "triages \"Push over SSH hangs for two minutes\": ~type::bug ~severity::2 ~priority::2",
		do: func(_ context.Context, s *stage) error {
			return s.editListed("mia", "Push over SSH hangs", sandbox.Change{AddLabels: []string{"type::bug", "severity::2", "priority::2"}})
		},
		until: func(v view) bool { return v.ticked("Push over SSH hangs") },
	},
	{
		who: "pat", does: "writes into the report and ticks the likely duplicate there; omar goes on with \"Use the new storage of large files\"",
		do: func(_ context.Context, s *stage) error {
			report := s.gitlab.Issue(s.ref).Description
			if err := s.gitlab.Edit("pat", s.ref, sandbox.Change{Description: new(remark + "\n\n" + report)}); err != nil {
				return err
			}
			if err := s.tick("pat", "Archive download fails"); err != nil {
				return err
			}
			s.told.report = s.gitlab.Issue(s.ref).Description
			return s.editListed("omar", "Use the new storage", sandbox.Change{AddLabels: []string{"workflow::in dev"}})
		},
		until: func(v view) bool {
			return v.ticked("Use the new storage") && v.ticked("Archive download fails") && strings.HasPrefix(v.Description, remark)
		},
	},
	commentStep("mia", "/flow report", func(v view) bool {
		return v.isDone() && !strings.Contains(v.Description, "Use the new storage") && v.unticked("Pushes are lost") && strings.HasPrefix(v.Description, remark)
	}),
}

// openReport brings in the backlog and starts the bot anew with a triage report that is due.
func (s *stage) openReport(ctx context.Context) error {
	now := time.Now().UTC()
	if _, err := s.gitlab.AddGroupMilestone("demo", sandbox.MilestoneOptions{Title: "Backlog"}); err != nil {
		return err
	}
	issues := backlog(now)
	for _, i := range issues {
		for _, name := range append(i.Labels, "severity::2", "priority::2") { // which the report names in another project
			if err := s.gitlab.AddGroupLabel("demo", name, "", ""); err != nil {
				return err
			}
		}
	}
	if err := s.gitlab.Import(s.project, issues); err != nil {
		return err
	}
	if err := s.app.Stop(); err != nil {
		return err
	}
	s.options.Reports = bot.Reports{
		Gather: gather.Options{Group: "demo", Home: planningPath, Team: s.options.Policy.Team, Location: time.UTC, Document: planning.ReportOptions{Cap: 15, SLO: s.slo}},
		Schedule: report.Schedule{
			Modes: map[planning.Kind]triage.Mode{planning.KindTriage: triage.Act}, TriageDay: now.Weekday(), TriageAt: now.Sub(now.Truncate(24 * time.Hour)),
			CloseAfter: 14 * 24 * time.Hour, Location: time.UTC, Settle: grace,
		},
	}
	if err := s.startBot(ctx); err != nil {
		return err
	}
	if err := s.awaitReady(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.patience, errors.New("no report was opened"))
	defer cancel()
	if err := s.gitlab.Await(ctx, func() bool { return len(s.gitlab.Issues(s.planning)) > 0 }); err != nil {
		return err
	}
	s.continueWith(s.gitlab.Issues(s.planning)[0].Ref)
	s.told.report = ""
	return nil
}

// listed is the issue of the team's project whose title begins so.
func (s *stage) listed(title string) (triage.Ref, error) {
	for _, i := range s.gitlab.Issues(s.project) {
		if strings.HasPrefix(i.Title, title) {
			return i.Ref, nil
		}
	}
	return triage.Ref{}, fmt.Errorf("there is no issue %q", title)
}

func (s *stage) editListed(who, title string, c sandbox.Change) error {
	ref, err := s.listed(title)
	if err != nil {
		return err
	}
	return s.gitlab.Edit(who, ref, c)
}

// tick ticks the box of an issue in the report, as in GitLab's page.
func (s *stage) tick(who, title string) error {
	lines := strings.Split(s.gitlab.Issue(s.ref).Description, "\n")
	n := slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, title) })
	if n < 0 {
		return fmt.Errorf("the report has no line with %q", title)
	}
	return s.gitlab.Tick(who, s.ref, n+1, lines[n], true)
}

// ticked reports whether all boxes of an issue in the report are ticked, and whether there are any.
func (v view) ticked(title string) bool { return v.boxes(title) == "x" }

// unticked reports the same of boxes that are open.
func (v view) unticked(title string) bool { return v.boxes(title) == " " }

// boxes are the different marks of an issue in the report: "x" if all of its boxes are ticked.
func (v view) boxes(title string) string {
	marks := ""
	for line := range strings.Lines(v.Description) {
		if _, rest, found := strings.Cut(line, "- ["); found && strings.Contains(line, title) && !strings.Contains(marks, rest[:1]) {
			marks += rest[:1]
		}
	}
	return marks
}

// endMonday counts what is there: one report, and nothing on the issues that it lists.
func (s *stage) endMonday() error {
	reports := s.gitlab.Issues(s.planning)
	if len(reports) != 1 {
		return fmt.Errorf("there should be one report, there are %d", len(reports))
	}
	if strings.Contains(reports[0].Description, secret) {
		return errors.New("the report tells what is confidential")
	}
	for _, i := range s.gitlab.Issues(s.project) {
		for _, n := range i.Notes {
			if n.System && strings.Contains(n.Text, "mentioned in issue "+planningPath) {
				return fmt.Errorf("the report is mentioned on issue %s", i.Ref)
			}
		}
	}
	fmt.Fprintf(s.out, "\nOne report, kept up to date in place; what people wrote into it stands, and the issues that it lists know nothing of it.\n")
	listed, err := s.listed("Sort branches by their last commit")
	s.ref = listed
	return err
}
