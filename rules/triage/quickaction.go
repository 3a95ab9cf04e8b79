package triage

import (
	"slices"
	"strings"
)

// IsQuickAction reports whether some version of GitLab executes and removes the line "/name". The name is in lower case and without the slash.
func IsQuickAction(name string) bool { return slices.Contains(quickActions, name) }

var quickActions = strings.Fields(`
	add_child add_contacts add_email approve assign assign_reviewer award blocked_by blocks board_move cc checkin_reminder
	child_epic clear_health_status clear_weight clone close confidential convert_to_ticket copy_metadata create_merge_request
	done draft due duplicate epic estimate estimate_time health_status iteration label labels link lock merge milestone move page
	parent_epic promote promote_to promote_to_incident publish q react ready reassign reassign_reviewer rebase relabel relate
	remove_child remove_child_epic remove_contacts remove_due_date remove_email remove_epic remove_estimate remove_iteration
	remove_label remove_milestone remove_parent remove_parent_epic remove_reviewer remove_time_estimate remove_time_spent
	remove_zoom reopen request_review request_changes reviewer set_parent severity ship shrug spend spend_time status
	submit_review subscribe tableflip tag target_branch timeline title todo type unapprove unassign unassign_reviewer unlabel
	unlink unlock unsubscribe weight wip zoom`)
