package bot

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/report/gather"
)

// issueList is the web address of the list of issues that reports are about: of the group, or of the only project; "" if there is no such list.
func issueList(ctx context.Context, client *gitlab.Client, o gather.Options) (string, error) {
	switch {
	case o.Group != "":
		group, err := client.GroupAt(ctx, o.Group)
		if gitlab.ClassOf(err) == gitlab.NotFound {
			return "", fmt.Errorf("there is no group %s, or the bot's token cannot see it: correct reports.group, or make the bot's user a member of it (%w)", o.Group, err)
		}
		return client.Pages() + "/groups/" + escapePath(group.Path) + "/-/issues", err
	case len(o.Projects) == 1:
		project, err := client.ProjectAt(ctx, o.Projects[0])
		if gitlab.ClassOf(err) == gitlab.NotFound {
			return "", fmt.Errorf("there is no project %s, or the bot's token cannot see it: correct gitlab.projects, or make the bot's user a member of it (%w)", o.Projects[0], err)
		}
		return client.Pages() + "/" + escapePath(project.Path) + "/-/issues", err
	}
	return "", nil
}

// escapePath escapes the segments of a path.
func escapePath(path string) string {
	return strings.ReplaceAll(url.PathEscape(path), "%2F", "/")
}
