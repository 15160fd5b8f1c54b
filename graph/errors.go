package graph

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"broadsheet/internal/content"
)

// Codes of refusals that the content service does not know.
const (
	codeTooComplex = "TOO_COMPLEX"
	codeTooDeep    = "TOO_DEEP"
)

func init() { // refused before anything is executed: errors of the request
	errcode.RegisterErrorType(codeTooComplex, errcode.KindProtocol)
	errcode.RegisterErrorType(codeTooDeep, errcode.KindProtocol)
}

func coded(code, message string) *gqlerror.Error {
	return &gqlerror.Error{Message: message, Extensions: map[string]any{"code": code}}
}

// presenter writes errors for clients and logs those that they may not see.
type presenter struct{ log *slog.Logger }

func (p presenter) present(ctx context.Context, err error) *gqlerror.Error {
	presented := graphql.DefaultErrorPresenter(ctx, err)
	if presented.Extensions["code"] != nil {
		return presented
	}
	// Without a cause it is gqlgen that refuses an argument, in words for the client.
	if cause := errors.Unwrap(presented); cause == nil {
		presented.Extensions = map[string]any{"code": string(content.BadUserInput)}
		return presented
	}
	known := content.AsError(err)
	if known.Code == content.Internal || known.Code == content.Unavailable {
		p.log.ErrorContext(ctx, "resolve", "path", presented.Path.String(), "error", errors.Unwrap(presented))
	}
	return &gqlerror.Error{
		Message: known.Message, Path: presented.Path, Locations: presented.Locations,
		Extensions: map[string]any{"code": string(known.Code)},
	}
}

func (p presenter) recovered(ctx context.Context, panicked any) error {
	p.log.ErrorContext(ctx, "panic while resolving", "panic", panicked, "stack", string(debug.Stack()))
	return &content.Error{Code: content.Internal, Message: "Something went wrong inside. The request id leads to the log."}
}
