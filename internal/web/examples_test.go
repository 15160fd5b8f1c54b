package web

import (
	"os"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

func TestExamplesAreValid(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("../../schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphqls", Input: string(source)})
	if err != nil {
		t.Fatal(err)
	}
	titles, names := map[string]bool{}, map[string]bool{}
	for _, example := range Examples() {
		document, errs := gqlparser.LoadQueryWithRules(schema, example.Query, rules.NewDefaultRules())
		if errs != nil {
			t.Errorf("%s: %v", example.Title, errs)
			continue
		}
		if len(document.Operations) != 1 || document.Operations[0].Name == "" {
			t.Errorf("%s: wants one operation with a name, for its tab", example.Title)
			continue
		}
		operation := document.Operations[0]
		if _, err := validator.VariableValues(schema, operation, example.Variables); err != nil {
			t.Errorf("%s: %v", example.Title, err)
		}
		for variable := range example.Variables {
			if operation.VariableDefinitions.ForName(variable) == nil {
				t.Errorf("%s: has a value for $%s, which it does not declare", example.Title, variable)
			}
		}
		if titles[example.Title] || names[operation.Name] {
			t.Errorf("%s (%s): another example has this name", example.Title, operation.Name)
		}
		titles[example.Title], names[operation.Name] = true, true
		if example.Headers["Broadsheet-Cost"] != "1" {
			t.Errorf("%s: does not ask for its cost: %v", example.Title, example.Headers)
		}
	}
	if len(titles) < 6 {
		t.Errorf("%d examples", len(titles))
	}
}

// TestFirstExampleIsTheArticlePage holds the elements of a newspaper's article page against the first query.
func TestFirstExampleIsTheArticlePage(t *testing.T) {
	t.Parallel()
	first := Examples()[0]
	if first.Title != "The whole article page" || first.Variables != nil {
		t.Errorf("the first tab is %q with variables %v; variables of the first tab are not shown", first.Title, first.Variables)
	}
	for _, element := range []string{
		`campaign(slug: "membership")`, "joined", "primaryTag", "title", "readingTimeMinutes", "blocks", "RelatedStoryBlock",
		"authors", "avatar", "bio", "email", `tag(slug: "news")`, "kind: [VIDEO]", "excerpt", "hasNextPage", "endCursor",
	} {
		if !strings.Contains(first.Query, element) {
			t.Errorf("the query of the article page lacks %s", element)
		}
	}
}
