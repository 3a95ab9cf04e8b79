package config

import (
	"slices"

	"flowkeeper/rules/triage"
)

// reportModeValue is how far a report goes. There is nothing to remind of.
func reportModeValue(field *triage.Mode) scalar[triage.Mode] {
	allowed := []string{triage.Off.String(), triage.Shadow.String(), triage.Act.String()}
	return scalar[triage.Mode]{
		field: field, standard: triage.Off, want: "one of " + joinWords(allowed), form: oneOf(allowed...), format: triage.Mode.String,
		parse: func(lit literal) (triage.Mode, *diagnostic) {
			mode, f := parseModeAmong(lit, allowed)
			if f == nil && !slices.Contains(allowed, mode.String()) {
				f = diagnosticf("allowed: "+joinWords(allowed), "a report cannot %s", mode)
			}
			return mode, f
		},
	}
}

// crossCheckReports checks that what is to come by date has issues to be about, a place to go to and people to be for.
func (r *reader) crossCheckReports(c *Config) {
	for _, m := range c.Reports.modes() {
		if *m.mode == triage.Act && c.Reports.Project == "" {
			r.reportConflict(diagnosticf("set reports.project to the project where reports are opened, or the mode to shadow", "the report has no place to go to"), m.path, "reports.project")
		}
		if *m.mode != triage.Off && c.Reports.Group == "" && len(c.GitLab.Projects) == 0 {
			r.reportConflict(diagnosticf("set reports.group to the group whose issues it is about, or name projects in gitlab.projects", "the report has no issues to be about"), m.path, "reports.group")
		}
	}
	checkPeople(r, "capacity.away", c.Team, c.Capacity.Away)
	checkPeople(r, "capacity.share", c.Team, c.Capacity.Share)
	checkPeople(r, "team.emails", c.Team, c.Team.Emails)
	if c.Reports.Kickoff.Email && c.SMTP.Host == "" {
		r.reportConflict(diagnosticf("set smtp.host to the server that takes them", "there is no server for mails"), "reports.kickoff.email", "smtp.host")
	}
	if c.Reports.Kickoff.Email && len(c.Team.Emails) == 0 {
		r.reportConflict(diagnosticf("name addresses in team.emails", "nobody's address is known, so nobody gets mail"), "reports.kickoff.email", "team.emails")
	}
	if c.SMTP.Host != "" && c.SMTP.From == "" {
		r.reportConflict(diagnosticf("set smtp.from to the address that mails come from", "mails would have no sender"), "smtp.host", "smtp.from")
	}
	if c.SMTP.Password.IsSet() && c.SMTP.Username == "" {
		r.reportConflict(diagnosticf("set smtp.username to the name that goes with it", "there is a password without a name"), "FLOWKEEPER_SMTP_PASSWORD", "smtp.username")
	}
}
