package check

import "context"

// Mail tries the server over which mail is sent.
func Mail(reach func(ctx context.Context) (address string, err error)) Part {
	return func(ctx context.Context) []Finding {
		at, err := reach(ctx)
		if err != nil {
			return []Finding{failed("mail", err.Error(), "check the section smtp of the configuration; until then nobody gets mail")}
		}
		return []Finding{Good("mail", at+" lets the bot in")}
	}
}
