// Package graph is the GraphQL door: it turns an operation into a content.Selection and what the service returns
// into an answer.
package graph

import "broadsheet/internal/content"

//go:generate sh -c "cd .. && go run ./graph/plangen"

// Resolver answers the root fields. Everything below them is loaded by the service and read from its objects.
type Resolver struct {
	Content *content.Service
}
