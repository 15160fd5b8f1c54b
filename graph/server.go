package graph

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"broadsheet/internal/content"
)

// costHeader is the request header that asks for extensions.cost, with the value 1.
const costHeader = "Broadsheet-Cost"

// rootsAtOnce is how many root fields of one operation are resolved at a time, each on a connection to the database: one
// request cannot take the whole pool.
const rootsAtOnce = 4

// statusClientGone is for the access log alone: nobody is there to receive it. The number is nginx's.
const statusClientGone = 499

// NewHandler answers GraphQL over HTTP (GraphQL Foundation, draft of 2025; https://graphql.github.io/graphql-over-http/)
// by POST and GET, one operation per request. It needs no protection against forged requests: there are no cookies, a
// form cannot send application/json, and GET only reads.
//
// Trusted are documents that can be named by their ids; nil if there is none.
func NewHandler(service *content.Service, limits Limits, trusted *Trusted, log *slog.Logger) http.Handler {
	presenter := presenter{log}
	schema := NewExecutableSchema(Config{Resolvers: &Resolver{Content: service}})
	runner := executor.New(schema)
	runner.SetErrorPresenter(presenter.present)
	runner.SetRecoverFunc(presenter.recovered)
	return &door{limits: limits, documents: newDocuments(limits), trusted: trusted, executor: runner, presenter: presenter,
		plans: newPlans(schema.(*executableSchema))}
}

type door struct {
	limits    Limits
	documents *documents
	trusted   *Trusted
	executor  *executor.Executor
	plans     *plans
	presenter presenter
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	mediaType := negotiate(r.Header.Values("Accept"))
	asked, refusal := receive(w, r, mediaType, d.limits.BodyBytes)
	if refusal != nil {
		refusal.write(w, mediaType)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), d.limits.Time)
	defer cancel()
	if content.ReceiptOf(ctx) == nil {
		ctx, _ = content.WithReceipt(ctx)
	}
	result := d.answer(ctx, asked)
	if errors.Is(r.Context().Err(), context.Canceled) {
		w.WriteHeader(statusClientGone)
		return
	}
	result.write(w, mediaType)
	d.plans.release(result)
}

func (d *door) answer(ctx context.Context, asked *request) (result *answer) {
	defer func() {
		if panicked := recover(); panicked != nil {
			result = refused(d.presenter.present(ctx, d.presenter.recovered(ctx, panicked)))
		}
	}()
	operation, refusal := d.prepare(ctx, asked)
	if refusal != nil {
		return refusal
	}
	return d.execute(ctx, operation)
}

// prepare does all that can be done before anything is executed.
func (d *door) prepare(ctx context.Context, asked *request) (*graphql.OperationContext, *answer) {
	document, kind, problems := d.find(asked)
	definition := document.Operations.ForName(asked.operationName)
	traceOf(ctx).note(definition, kind)
	if definition != nil && d.trusted.distrusts(kind) {
		d.presenter.log.WarnContext(ctx, "a document that is not trusted", "kind", kind, "operation", traceOf(ctx).OperationName,
			"request", asked.header.Get("X-Request-Id"))
	}
	if refusal := refuseOperation(asked, definition, problems); refusal != nil {
		return nil, refusal
	}
	variables, problem := coerceVariables(parsedSchema, definition, asked.variables)
	if problem != nil {
		return nil, refused(problem)
	}
	if problem := d.limits.refusePrice(newCost(variables).of(definition.SelectionSet)); problem != nil {
		return nil, refused(problem)
	}
	return &graphql.OperationContext{
		RawQuery: asked.query, OperationName: definition.Name, Doc: document, Operation: definition,
		Variables: variables, Headers: asked.header, DisableIntrospection: !d.limits.Introspection,
		RecoverFunc:            d.presenter.recovered,
		ResolverMiddleware:     func(ctx context.Context, next graphql.Resolver) (any, error) { return next(ctx) },
		RootResolverMiddleware: inTurns(),
	}, nil
}

func inTurns() graphql.RootFieldMiddleware {
	turns := make(chan struct{}, rootsAtOnce)
	return func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
		turns <- struct{}{}
		defer func() { <-turns }()
		return next(ctx)
	}
}

// refuseOperation returns nil if the operation can be executed as far as its document goes.
func refuseOperation(asked *request, operation *ast.OperationDefinition, problems gqlerror.List) *answer {
	switch {
	case operation != nil && operation.Operation != ast.Query && asked.readOnly:
		return malformed(http.StatusMethodNotAllowed, "A %s has to be sent by POST; GET is for queries.", operation.Operation)
	case len(problems) > 0:
		return refused(problems...)
	case operation == nil && asked.operationName == "":
		return refused(coded(codeNoOperation, "The document has several operations: name one of them as operationName."))
	case operation == nil:
		return refused(coded(codeNoOperation, "The document has no operation of the name that operationName gives."))
	}
	return nil
}

func (d *door) execute(ctx context.Context, operation *graphql.OperationContext) *answer {
	result := new(answer)
	if d.plans.execute(ctx, operation, result, d.presenter.present) {
		traceOf(ctx).Planned = true
	} else {
		responses, ctx := d.executor.DispatchOperation(ctx, operation)
		response := responses(ctx)
		if response == nil { // the executor's way to say that the context ended before it began
			return refused(d.presenter.present(ctx, ctx.Err()))
		}
		result.errors, result.data = response.Errors, response.Data
	}
	if operation.Headers.Get(costHeader) == "1" {
		receipt := content.ReceiptOf(ctx)
		result.extensions = map[string]any{"cost": map[string]any{
			"statements": receipt.Statements(), "rows": receipt.Rows(),
			"complexity": newCost(operation.Variables).of(operation.Operation.SelectionSet).complexity,
		}}
	}
	return result
}

// Trace tells the layer above what was asked, for its log: under its context the handler notes it, and it may be read once
// the handler has returned. All is empty as long as no operation was found.
type Trace struct {
	OperationName string // at most 100 bytes; empty if it has none
	OperationType string // query, mutation or subscription
	Document      string // how the document was named: text, persisted or trusted
	Planned       bool   // answered by a plan; else by gqlgen's own execution, or refused
}

const longestTracedName = 100

// TraceKey is the key under which a context has its *Trace.
type TraceKey struct{}

// traceOf returns a trace that nobody reads if the context has none.
func traceOf(ctx context.Context) *Trace {
	if trace, ok := ctx.Value(TraceKey{}).(*Trace); ok {
		return trace
	}
	return new(Trace)
}

func (t *Trace) note(operation *ast.OperationDefinition, kind documentKind) {
	if operation == nil {
		return
	}
	t.Document = string(kind)
	t.OperationType = string(operation.Operation)
	t.OperationName = operation.Name[:min(len(operation.Name), longestTracedName)] // names are ASCII
}
