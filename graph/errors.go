package graph

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"broadsheet/internal/content"
)

// Codes of refusals that the content service does not know. Where Apollo Server has a name for one, clients expect it.
const (
	codeBadRequest   = "BAD_REQUEST" // what was sent is not GraphQL over HTTP
	codeNotParsed    = "GRAPHQL_PARSE_FAILED"
	codeNotValid     = "GRAPHQL_VALIDATION_FAILED"
	codeNoOperation  = "OPERATION_RESOLUTION_FAILURE"
	codeNotPersisted = "PERSISTED_QUERY_NOT_SUPPORTED"
	codeNotFound     = "PERSISTED_QUERY_NOT_FOUND" // clients send the text then
	codeForbidden    = "FORBIDDEN"
	codeTooComplex   = "TOO_COMPLEX"
	codeTooDeep      = "TOO_DEEP"
)

// statuses are the HTTP statuses of failures on our side, of refusals that no other request would change, and of what some
// clients read in answers of the status 200 alone; all others are the client's.
var statuses = map[string]int{
	codeNotFound:                http.StatusOK, // as Apollo Server has it
	codeForbidden:               http.StatusForbidden,
	string(content.Internal):    http.StatusInternalServerError,
	string(content.Unavailable): http.StatusServiceUnavailable,
	string(content.Timeout):     http.StatusGatewayTimeout,
}

const longestMessage = 400

// coded returns an error with its code. Messages may quote what a client sent, of whatever length.
func coded(code, message string) *gqlerror.Error {
	if len(message) > longestMessage {
		message = strings.ToValidUTF8(message[:longestMessage], "") + " …"
	}
	return &gqlerror.Error{Message: message, Extensions: map[string]any{"code": code}}
}

func codeOf(err *gqlerror.Error) string {
	code, _ := err.Extensions["code"].(string)
	return code
}

// presenter writes the errors of execution for clients, and logs those whose cause they may not see.
type presenter struct{ log *slog.Logger }

func (p presenter) present(ctx context.Context, err error) *gqlerror.Error {
	known := content.AsError(err)
	where := graphql.DefaultErrorPresenter(ctx, err)
	cause := errors.Unwrap(known)
	if cause != nil && (known.Code == content.Internal || known.Code == content.Unavailable) {
		p.log.ErrorContext(ctx, "resolve", "path", where.Path.String(), "error", cause, "request", requestID(ctx))
	}
	presented := coded(string(known.Code), known.Message)
	presented.Path, presented.Locations = where.Path, where.Locations
	return presented
}

func (p presenter) recovered(ctx context.Context, panicked any) error {
	p.log.ErrorContext(ctx, "panic while resolving", "panic", panicked, "stack", string(debug.Stack()), "request", requestID(ctx))
	return &content.Error{Code: content.Internal, Message: "Something went wrong inside. The request id leads to the log."}
}

// requestID returns the id under which the layer above logs the request.
func requestID(ctx context.Context) string {
	if !graphql.HasOperationContext(ctx) {
		return ""
	}
	return graphql.GetOperationContext(ctx).Headers.Get("X-Request-Id")
}
