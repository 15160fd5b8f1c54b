package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"broadsheet/internal/content"
)

// ArticleList reads a document with one query, and its variables (a JSON object, or nothing), and reduces it to the
// arguments of the one list of articles that it asks for; what it asks of the articles makes no difference. The errors
// are those that a client would get who asked it.
func ArticleList(ctx context.Context, limits Limits, document string, variables []byte) (content.ArticleArguments, error) {
	operation, problem := readOperation(limits, document, variables)
	if problem != nil {
		return content.ArticleArguments{}, problem
	}
	reader := &selectionReader{operation: operation, schema: parsedSchema}
	return reader.selection("Query", operation.Operation.SelectionSet).ArticleList(ctx)
}

func readOperation(limits Limits, document string, variables []byte) (*graphql.OperationContext, error) {
	given := make(map[string]any)
	if len(bytes.TrimSpace(variables)) > 0 {
		decoder := json.NewDecoder(bytes.NewReader(variables))
		decoder.UseNumber()
		if err := decoder.Decode(&given); err != nil || !errors.Is(onlyEnd(decoder), io.EOF) {
			return nil, coded(codeBadRequest, "The variables are not a JSON object.")
		}
	}
	parsed, problems := newDocuments(limits).read(document)
	if len(problems) > 0 {
		return nil, problems
	}
	if len(parsed.Operations) != 1 || parsed.Operations[0].Operation != ast.Query {
		return nil, coded(codeNoOperation, "The document has to have one operation, a query.")
	}
	operation := parsed.Operations[0]
	coerced, problem := coerceVariables(parsedSchema, operation, given)
	if problem == nil {
		problem = limits.refusePrice(newCost(coerced).of(operation.SelectionSet))
	}
	if problem != nil {
		return nil, gqlerror.List{problem}
	}
	return &graphql.OperationContext{RawQuery: document, Doc: parsed, Operation: operation, Variables: coerced}, nil
}

// onlyEnd is io.EOF if nothing stands after what was decoded.
func onlyEnd(decoder *json.Decoder) error {
	_, err := decoder.Token()
	return err
}
