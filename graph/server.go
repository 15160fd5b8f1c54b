package graph

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/ast"

	"broadsheet/internal/content"
)

// documentsKept is how many parsed documents are remembered.
const documentsKept = 1000

// NewHandler answers GraphQL over HTTP, POST and GET. It needs no protection against forged requests: there are no
// cookies, and a form cannot send application/json.
func NewHandler(service *content.Service, limits Limits, log *slog.Logger) http.Handler {
	server := handler.New(NewExecutableSchema(Config{Resolvers: &Resolver{Content: service}}))
	server.AddTransport(transport.GET{})
	server.AddTransport(transport.POST{})
	server.SetQueryCache(lru.New[*ast.QueryDocument](documentsKept))
	server.SetParserTokenLimit(limits.Tokens)
	server.SetDisableSuggestion(!limits.Introspection)
	presenter := presenter{log}
	server.SetErrorPresenter(presenter.present)
	server.SetRecoverFunc(presenter.recovered)
	server.Use(documentLimits{limits})
	server.Use(operationLimits{limits})
	if limits.Introspection {
		server.Use(extension.Introspection{})
	}
	server.AroundResponses(withCost)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), limits.Time)
		defer cancel()
		ctx, _ = content.WithReceipt(ctx)
		if r.Header.Get("Broadsheet-Cost") == "1" {
			ctx = context.WithValue(ctx, costKey{}, true)
		}
		r.Body = http.MaxBytesReader(w, r.Body, limits.BodyBytes)
		server.ServeHTTP(w, r.WithContext(ctx))
	})
}

type costKey struct{}

// withCost adds what the operation cost, if the request asks with the header Broadsheet-Cost: 1.
func withCost(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	response := next(ctx)
	if response == nil || ctx.Value(costKey{}) == nil {
		return response
	}
	receipt := content.ReceiptOf(ctx)
	complexity := graphql.GetOperationContext(ctx).Stats.GetExtension(complexityExtension)
	if response.Extensions == nil {
		response.Extensions = make(map[string]any)
	}
	response.Extensions["cost"] = map[string]any{
		"statements": receipt.Statements(), "rows": receipt.Rows(), "complexity": complexity,
	}
	return response
}

// SchemaHandler serves the schema as text in the schema definition language.
func SchemaHandler() http.Handler {
	text := []byte(sources[0].Input)
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write(text)
	})
}
