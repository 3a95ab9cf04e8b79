package gitlab

import (
	"context"
	"net/http"
)

type checkKey struct{}

// WithWriteCheck has a check made before each write with the context, as late as can be: behind the wait for the budget, which may be long. An
// error of the check is the one of the call, which is then not sent.
func WithWriteCheck(ctx context.Context, check func(context.Context) error) context.Context {
	return context.WithValue(ctx, checkKey{}, check)
}

// mayWrite is the error of the check that the context asks for before a write. Queries of GraphQL count as writes, which does no harm.
func mayWrite(ctx context.Context, k call) error {
	check, _ := ctx.Value(checkKey{}).(func(context.Context) error)
	if check == nil || k.method == http.MethodGet {
		return nil
	}
	return check(ctx)
}
