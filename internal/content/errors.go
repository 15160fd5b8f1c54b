package content

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"

	"github.com/lib/pq"
)

// Code tells what kind of failure an Error is. Each door turns it into its own tongue: an HTTP status,
// a GraphQL extensions.code.
type Code string

const (
	BadUserInput Code = "BAD_USER_INPUT"
	BadCursor    Code = "BAD_CURSOR"
	Timeout      Code = "TIMEOUT"
	Unavailable  Code = "UNAVAILABLE"
	Internal     Code = "INTERNAL"

	Forgotten Code = "FORGOTTEN" // of changes that are not kept any more

	// Of those who show a key.
	Unauthenticated Code = "UNAUTHENTICATED"
	RateLimited     Code = "RATE_LIMITED"
)

// Error is a failure that the caller may be told about: Message is written for them.
type Error struct {
	Code    Code
	Message string
	cause   error
}

func (e *Error) Error() string { return e.Message }

func (e *Error) Unwrap() error { return e.cause }

// AsError returns err as something that may leave the house. The text of an error that is not an *Error stays
// inside, as its cause.
func AsError(err error) *Error {
	if known, ok := errors.AsType[*Error](err); ok {
		return known
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), isCancelled(err):
		return &Error{Timeout, "The request took too long and was stopped. Ask for less at a time.", err}
	case hasImpossibleText(err):
		return &Error{BadUserInput, "A text in the request holds a character that no text of the newsroom can hold, such as U+0000.", err}
	case isUnreachable(err):
		return &Error{Unavailable, "The database cannot be reached. Try again shortly.", err}
	default:
		return &Error{Internal, "Something went wrong inside. The request id leads to the log.", err}
	}
}

func badInput(format string, values ...any) *Error {
	return &Error{Code: BadUserInput, Message: fmt.Sprintf(format, values...)}
}

// isCancelled tells whether Postgres stopped the statement, because we asked or because it ran too long.
func isCancelled(err error) bool {
	refusal, ok := errors.AsType[*pq.Error](err)
	return ok && refusal.Code == "57014"
}

// hasImpossibleText tells whether Postgres refused a text that UTF-8 or Postgres itself cannot represent.
func hasImpossibleText(err error) bool {
	refusal, ok := errors.AsType[*pq.Error](err)
	return ok && refusal.Code == "22021"
}

func isUnreachable(err error) bool {
	if refusal, ok := errors.AsType[*pq.Error](err); ok {
		class := refusal.Code.Class()
		return class == "08" || class == "53" || refusal.Code == "57P01" || refusal.Code == "57P02" || refusal.Code == "57P03"
	}
	_, isNetwork := errors.AsType[*net.OpError](err)
	return isNetwork || errors.Is(err, driver.ErrBadConn)
}
