package graph

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"broadsheet/internal/content"
)

// Bounds of what is remembered and of what is reported.
const (
	documentBytesKept = 256 << 10 // of text; what is made of it takes up to a hundred times as much
	mostProblems      = 20        // after which a validation is given up
)

func init() {
	delete(parsedSchema.Directives, "defer") // in no released specification, and answers are sent whole
}

// documents reads documents and remembers those that may be executed, so that a client's next request with the same
// text, or with its digest in place of it, is neither parsed nor checked.
type documents struct {
	limits Limits
	rules  []core.Rule

	mu    sync.Mutex
	kept  *simplelru.LRU[digest, *keptDocument]
	bytes int
}

// digest is the SHA-256 of a document's text.
type digest [sha256.Size]byte

type keptDocument struct {
	*ast.QueryDocument
	bytes int // of its text
}

func newDocuments(limits Limits) *documents {
	kept, err := simplelru.NewLRU[digest, *keptDocument](documentBytesKept, nil)
	if err != nil {
		panic(err) // the size is a constant
	}
	return &documents{limits: limits, rules: rulesFor(limits), kept: kept}
}

// read returns the document with what is wrong with it. It is never nil, but empty if it cannot be parsed.
func (d *documents) read(text string) (*ast.QueryDocument, gqlerror.List) {
	sum := digest(sha256.Sum256([]byte(text)))
	if document := d.known(sum); document != nil {
		return document, nil
	}
	document, problems := d.check(text)
	if len(problems) == 0 {
		d.keep(sum, &keptDocument{document, len(text)})
	}
	return document, problems
}

// check parses a document and tells what is wrong with it.
func (d *documents) check(text string) (*ast.QueryDocument, gqlerror.List) {
	document, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, max(1, d.limits.Tokens))
	if err != nil {
		return new(ast.QueryDocument), gqlerror.List{d.notParsed(err)}
	}
	if len(document.Operations) == 0 {
		return document, gqlerror.List{coded(codeNotValid, "The document has no operation, such as { site { name } }.")}
	}
	if problem := d.limits.refuseShape(document); problem != nil {
		return document, gqlerror.List{problem}
	}
	return document, d.validate(document)
}

// known returns the document of this digest if it is remembered, else nil.
func (d *documents) known(sum digest) *ast.QueryDocument {
	d.mu.Lock()
	defer d.mu.Unlock()
	kept, ok := d.kept.Get(sum)
	if !ok {
		return nil
	}
	return kept.QueryDocument
}

func (d *documents) keep(sum digest, document *keptDocument) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.kept.Contains(sum) {
		return
	}
	d.kept.Add(sum, document)
	for d.bytes += document.bytes; d.bytes > documentBytesKept; {
		_, oldest, _ := d.kept.RemoveOldest()
		d.bytes -= oldest.bytes
	}
}

func (d *documents) notParsed(err error) *gqlerror.Error {
	refusal := gqlerror.WrapIfUnwrapped(err)
	code, message := codeNotParsed, refusal.Message
	switch {
	case strings.HasPrefix(message, "exceeded token limit"):
		code, message = codeTooComplex, fmt.Sprintf("The document has more than the %d tokens that are allowed.", d.limits.Tokens)
	case strings.HasPrefix(message, "exceeded maximum nesting depth"):
		code, message = codeTooDeep, "The document is nested far too deep."
	}
	problem := coded(code, message)
	problem.Locations = refusal.Locations
	return problem
}

// enough stops a validation. Some rules compare each pair of fields, and would report each pair.
type enough struct{}

// validate applies the rules of the GraphQL specification (September 2025, section 5) and ours.
func (d *documents) validate(document *ast.QueryDocument) (problems gqlerror.List) {
	defer func() {
		if panicked := recover(); panicked != nil && panicked != (enough{}) {
			panic(panicked)
		}
	}()
	events := new(core.Events)
	for _, rule := range d.rules {
		rule.RuleFunc(events, func(options ...core.ErrorOption) {
			found := coded(codeNotValid, "")
			for _, option := range options {
				option(found)
			}
			problem := coded(codeOf(found), found.Message)
			problem.Locations = found.Locations
			isSame := func(other *gqlerror.Error) bool { return other.Error() == problem.Error() }
			if slices.ContainsFunc(problems, isSame) { // fragments are visited more than once
				return
			}
			if problems = append(problems, problem); len(problems) == mostProblems {
				panic(enough{})
			}
		})
	}
	validator.Walk(parsedSchema, document, events)
	return problems
}

// rulesFor returns the rules of the specification, and those of ours. Where introspection is off, no message suggests
// names that the schema has.
func rulesFor(limits Limits) []core.Rule {
	set := rules.NewDefaultRules()
	if !limits.Introspection {
		for _, silent := range []core.Rule{
			rules.FieldsOnCorrectTypeRuleWithoutSuggestions, rules.KnownArgumentNamesRuleWithoutSuggestions,
			rules.KnownTypeNamesRuleWithoutSuggestions, rules.ScalarLeafsRuleWithoutSuggestions,
			rules.ValuesOfCorrectTypeRuleWithoutSuggestions, {Name: "NoIntrospection", RuleFunc: refuseIntrospection},
		} {
			set.RemoveRule(strings.TrimSuffix(silent.Name, "WithoutSuggestions"))
			set.AddRule(silent.Name, silent.RuleFunc)
		}
	}
	set.AddRule("DateTimes", refuseOtherDateTimes)
	var list []core.Rule
	for name, rule := range set.GetInner() {
		list = append(list, core.Rule{Name: name, RuleFunc: rule})
	}
	slices.SortFunc(list, func(a, b core.Rule) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func refuseIntrospection(events *core.Events, report core.AddErrFunc) {
	events.OnField(func(_ *core.Walker, field *ast.Field) {
		if field.Name == "__schema" || field.Name == "__type" {
			report(core.Message("Introspection is switched off; __typename alone is answered."), core.At(field.Position))
		}
	})
}

// refuseOtherDateTimes looks at what the rules of the specification leave to the executor: literals of our own scalars.
func refuseOtherDateTimes(events *core.Events, report core.AddErrFunc) {
	events.OnValue(func(_ *core.Walker, value *ast.Value) {
		switch {
		case value.Definition == nil || value.Definition.Name != "DateTime",
			value.Kind == ast.Variable, value.Kind == ast.NullValue,
			value.Kind == ast.ListValue && value.ExpectedType.Elem != nil,
			(value.Kind == ast.StringValue || value.Kind == ast.BlockValue) && isDateTime(value.Raw):
			return
		}
		report(core.Message("This has to be %s.", wantedDateTime), core.At(value.Position), func(problem *gqlerror.Error) {
			problem.Extensions["code"] = string(content.BadUserInput)
		})
	})
}
