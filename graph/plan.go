package graph

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/vektah/gqlparser/v2/ast"

	"broadsheet/internal/content"
)

// A plan is the short way to an answer: an operation is looked at once, and then each answer to it is written from the
// loaded objects straight into bytes. gqlgen's own execution pays a context, a closure and often a goroutine for every
// field of every object, which for a page of a feed is several times what Postgres takes.
//
// gqlgen stays the reference: a test compares both ways byte by byte. What a plan does not foresee (introspection, a null
// where there can be none) is executed by gqlgen.

// plan is what is asked of objects of one type.
type plan struct {
	fields []plannedField
	form   content.Form // of articles that are written the same each time
	varies bool         // whether variables decide about arguments in it
}

// plannedField is one member of the answer.
type plannedField struct {
	name     string
	prefix   []byte // the member's name, with what stands before it
	write    fieldWriter
	required bool             // null is an error; for a list, null among its elements
	Args     map[string]any   // of a field that takes some, as gqlgen's functions read them
	varied   *variedArguments // in place of Args, where variables decide
	only     *plan            // for an object; nil for a leaf
	of       map[string]*plan // for an abstract type, by the names of the object types
	constant []byte           // of __typename
}

// variedArguments are those of a field, to be read for each request.
type variedArguments struct {
	on    string // the object type
	field graphql.CollectedField
}

// varies tells whether variables decide about the field's arguments, or about what is below it.
func (f *plannedField) varies() bool {
	below := func(p *plan) bool { return p != nil && p.varies }
	return f.varied != nil || below(f.only) || slices.ContainsFunc(slices.Collect(maps.Values(f.of)), below)
}

// fieldWriter writes the value of an object's field.
type fieldWriter func(w *writer, f *plannedField, object any)

func (p *plan) write(w *writer, object any) {
	if p == nil {
		w.failed = true
		return
	}
	if p.form != 0 {
		p.writeArticle(w, object.(*content.Article))
		return
	}
	p.writeFields(w, object)
}

// writeArticle takes what was written of the article before.
func (p *plan) writeArticle(w *writer, article *content.Article) {
	if before := article.Written(); before != nil {
		w.buffer = append(w.buffer, before...)
		return
	}
	begun := len(w.buffer)
	p.writeFields(w, article)
	if !w.failed {
		article.Write(w.buffer[begun:])
	}
}

func (p *plan) writeFields(w *writer, object any) {
	for i := range p.fields {
		f := &p.fields[i]
		w.buffer = append(w.buffer, f.prefix...)
		if f.constant != nil {
			w.buffer = append(w.buffer, f.constant...)
			continue
		}
		if f.varied != nil {
			own := *f
			own.Args = w.arguments[f]
			f.write(w, &own, object)
			continue
		}
		f.write(w, f, object)
	}
	if len(p.fields) == 0 {
		w.buffer = append(w.buffer, '{')
	}
	w.buffer = append(w.buffer, '}')
}

// plannedRoot is a root field with all that is asked below it.
type plannedRoot struct {
	plannedField
	field     graphql.CollectedField
	selection *content.Selection // nil if it is to be read for each request
}

// plannedOperation has the root fields in the order of the answer.
type plannedOperation struct {
	roots  []plannedRoot
	static bool                 // no directive decides about fields: the plan serves every request with the document
	varied []*plannedField      // those below the root fields whose arguments vary
	lists  map[*ast.Field]*plan // of the articles in lists whose form is always the same
}

// plans remembers those of operations whose documents are remembered, too.
type plans struct {
	schema  *executableSchema
	mu      sync.Mutex
	kept    *simplelru.LRU[*ast.OperationDefinition, *plannedOperation]
	buffers sync.Pool // of *[]byte, for answers to be written in
}

const plansKept = 500

func newPlans(schema *executableSchema) *plans {
	kept, err := simplelru.NewLRU[*ast.OperationDefinition, *plannedOperation](plansKept, nil)
	if err != nil {
		panic(err) // the size is a constant
	}
	return &plans{schema: schema, kept: kept, buffers: sync.Pool{New: func() any {
		buffer := make([]byte, 0, 32<<10)
		return &buffer
	}}}
}

// execute fills in the data of the answer and the errors, or returns false if gqlgen has to execute the operation. Without
// plans, that is always.
func (p *plans) execute(ctx context.Context, operation *graphql.OperationContext, result *answer, present graphql.ErrorPresenterFunc) bool {
	if p == nil || ctx.Err() != nil {
		return false // a request without any time left is gqlgen's to refuse
	}
	ctx = graphql.WithOperationContext(ctx, operation)
	ec := newExecutionContext(operation, p.schema, nil)
	planned, err := p.of(ctx, ec)
	if err != nil {
		return false // what is wrong is gqlgen's to say
	}
	result.buffer = p.buffers.Get().(*[]byte)
	if !planned.execute(ctx, ec, result, present) {
		p.release(result)
		return false
	}
	return true
}

// mostPooled is how large a buffer may have become, in bytes, and still be kept for another answer.
const mostPooled = 1 << 20

// release takes back the buffer of an answer, which must not be used any more.
func (p *plans) release(result *answer) {
	if result.buffer != nil && cap(*result.buffer) <= mostPooled {
		p.buffers.Put(result.buffer)
	}
	result.buffer, result.data = nil, nil
}

func (p *plans) of(ctx context.Context, ec *executionContext) (*plannedOperation, error) {
	p.mu.Lock()
	planned, known := p.kept.Get(ec.Operation)
	p.mu.Unlock()
	if known {
		return planned, nil
	}
	planner := &planner{ctx: ctx, ec: ec, planned: &plannedOperation{lists: make(map[*ast.Field]*plan)}}
	planner.selection = planner.planned.selectionReader(ec)
	planned, err := planner.operation()
	if err == nil && planned.static {
		p.mu.Lock()
		p.kept.Add(ec.Operation, planned)
		p.mu.Unlock()
	}
	return planned, err
}

// errNotPlanned sends an operation the reference's way.
var errNotPlanned = errors.New("the plan does not foresee this")

// planner writes the plan of an operation.
type planner struct {
	ctx       context.Context
	ec        *executionContext
	selection *selectionReader
	planned   *plannedOperation
}

func (o *plannedOperation) selectionReader(ec *executionContext) *selectionReader {
	return &selectionReader{operation: ec.OperationContext, schema: parsedSchema, lists: o.lists}
}

func (p *planner) operation() (*plannedOperation, error) {
	operation := p.ec.Operation
	if operation.Operation != ast.Query {
		return nil, errNotPlanned
	}
	planned := p.planned
	planned.static = isStatic(operation.SelectionSet, make(map[*ast.FragmentDefinition]bool))
	fields, err := p.collect(operation.SelectionSet, []string{"Query"})
	if err != nil {
		return nil, err
	}
	for i, field := range fields {
		root := plannedRoot{field: field}
		if err := p.fill(&root.plannedField, "Query", field, i); err != nil {
			return nil, err
		}
		planned.roots = append(planned.roots, root)
	}
	for i, root := range planned.roots { // when all forms are known
		if root.constant == nil && !root.varies() {
			planned.roots[i].selection = p.selection.of(root.field)
		}
	}
	return planned, nil
}

func (p *planner) object(definition *ast.Definition, set ast.SelectionSet) (*plan, error) {
	fields, err := p.collect(set, p.selection.satisfies(definition))
	if err != nil {
		return nil, err
	}
	planned := &plan{fields: make([]plannedField, len(fields))}
	for i, field := range fields {
		f := &planned.fields[i]
		if err := p.fill(f, definition.Name, field, i); err != nil {
			return nil, err
		}
		if f.constant != nil {
			continue
		}
		if f.write = writersOf[definition.Name][field.Name]; f.write == nil {
			return nil, errNotPlanned
		}
		if hasVariable(field.Arguments) {
			f.varied = &variedArguments{definition.Name, field}
			p.planned.varied = append(p.planned.varied, f)
		} else if len(field.Definition.Arguments) > 0 {
			if f.Args, err = p.ec.readArguments(p.ctx, definition.Name, field.Name, field.ArgumentMap(nil)); err != nil {
				return nil, err
			}
		}
		planned.varies = planned.varies || f.varies()
	}
	return planned, nil
}

// collect returns the fields of a set, each member of the answer once. gqlgen collects a __typename that is asked of a
// union and of an object of it twice, and writes it once.
func (p *planner) collect(set ast.SelectionSet, satisfies []string) ([]graphql.CollectedField, error) {
	var fields []graphql.CollectedField
	for _, field := range graphql.CollectFields(p.ec.OperationContext, set, satisfies) {
		switch {
		case !slices.ContainsFunc(fields, func(f graphql.CollectedField) bool { return f.Alias == field.Alias }):
			fields = append(fields, field)
		case field.Name != "__typename":
			return nil, errNotPlanned
		}
	}
	return fields, nil
}

// fill plans the field itself and what is below it.
func (p *planner) fill(f *plannedField, typeName string, field graphql.CollectedField, place int) error {
	quoted, err := json.Marshal(field.Alias)
	if err != nil {
		return err
	}
	f.name, f.prefix = field.Name, append(append([]byte{separator(place)}, quoted...), ':')
	if field.Name == "__typename" {
		f.constant = []byte(`"` + typeName + `"`)
		return nil
	}
	if field.Definition == nil || field.Name == "__schema" || field.Name == "__type" {
		return errNotPlanned
	}
	f.required = field.Definition.Type.NonNull
	if element := field.Definition.Type.Elem; element != nil {
		f.required = element.NonNull
	}
	of := p.selection.schema.Types[field.Definition.Type.Name()]
	switch {
	case of.IsAbstractType():
		f.of = make(map[string]*plan)
		for _, object := range p.selection.schema.GetPossibleTypes(of) {
			if f.of[object.Name], err = p.object(object, field.Selections); err != nil {
				return err
			}
		}
	case len(field.Selections) > 0:
		if f.only, err = p.object(of, field.Selections); err == nil && of.Name == "ArticleConnection" && p.planned.static {
			p.giveForm(field.Field, f.only)
		}
	}
	return err
}

// giveForm makes known that the articles of a list are always written in the same form: if there is one place alone where
// they are, and the list is not that of a fragment that is spread again.
func (p *planner) giveForm(list *ast.Field, page *plan) {
	var articles []*plan
	for _, f := range page.fields {
		switch f.name {
		case "nodes":
			articles = append(articles, f.only)
		case "edges":
			for _, member := range f.only.fields {
				if member.name == "node" {
					articles = append(articles, member.only)
				}
			}
		}
	}
	before, again := p.planned.lists[list]
	p.planned.lists[list] = nil
	if before != nil {
		before.form = 0
	}
	if !again && len(articles) == 1 && !articles[0].varies {
		articles[0].form = p.ec.Resolvers.(*Resolver).Content.NewForm()
		p.planned.lists[list] = articles[0]
	}
}

func separator(place int) byte {
	if place == 0 {
		return '{'
	}
	return ','
}

// isStatic tells whether no directive decides about fields.
func isStatic(set ast.SelectionSet, seen map[*ast.FragmentDefinition]bool) bool {
	for _, selection := range set {
		static := true
		switch selection := selection.(type) {
		case *ast.Field:
			static = len(selection.Directives) == 0 && isStatic(selection.SelectionSet, seen)
		case *ast.InlineFragment:
			static = len(selection.Directives) == 0 && isStatic(selection.SelectionSet, seen)
		case *ast.FragmentSpread:
			static = len(selection.Directives) == 0
			if static && !seen[selection.Definition] {
				seen[selection.Definition] = true
				static = isStatic(selection.Definition.SelectionSet, seen)
			}
		}
		if !static {
			return false
		}
	}
	return true
}

func hasVariable(arguments ast.ArgumentList) bool {
	for _, argument := range arguments {
		if valueHasVariable(argument.Value) {
			return true
		}
	}
	return false
}

func valueHasVariable(value *ast.Value) bool {
	if value.Kind == ast.Variable {
		return true
	}
	for _, child := range value.Children {
		if valueHasVariable(child.Value) {
			return true
		}
	}
	return false
}

type selectionKey struct{}

// execute runs the root fields side by side. The first writes into the answer's buffer, to which the others are added.
func (o *plannedOperation) execute(ctx context.Context, ec *executionContext, result *answer, present graphql.ErrorPresenterFunc) bool {
	if len(o.roots) == 0 {
		*result.buffer = append((*result.buffer)[:0], answerHead+"{}"...)
		result.data = (*result.buffer)[len(answerHead):]
		return true
	}
	writers, failures := make([]writer, len(o.roots)), make([]error, len(o.roots))
	arguments, err := o.readArguments(ctx, ec)
	if err != nil {
		return false // what is wrong is gqlgen's to say
	}
	for i := range writers {
		writers[i].arguments = arguments
	}
	*result.buffer = append((*result.buffer)[:0], answerHead...)
	writers[0].buffer = *result.buffer
	var wait sync.WaitGroup
	turns := make(chan struct{}, rootsAtOnce)
	run := func(i int) {
		turns <- struct{}{}
		defer func() { <-turns }()
		failures[i] = o.executeRoot(ctx, ec, &o.roots[i], &writers[i])
	}
	for i := 1; i < len(o.roots); i++ {
		wait.Go(func() { run(i) })
	}
	run(0)
	wait.Wait()
	return o.collect(ctx, writers, failures, result, present)
}

// collect puts the answer together. A root field that failed is null, and where it cannot be null, all the data is
// (GraphQL specification, September 2025, section 6.4.4).
func (o *plannedOperation) collect(ctx context.Context, writers []writer, failures []error, result *answer, present graphql.ErrorPresenterFunc) bool {
	lost := false
	for i, root := range o.roots {
		switch {
		case writers[i].failed || errors.Is(failures[i], errNotPlanned):
			result.errors = nil
			return false
		case failures[i] != nil:
			at := graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: "Query", Field: root.field})
			result.errors = append(result.errors, present(at, graphql.AddFieldLocationToError(at, failures[i])))
			writers[i].buffer = append(append(writers[i].buffer[:writers[i].begun], root.prefix...), "null"...)
			lost = lost || root.field.Definition.Type.NonNull
		}
	}
	if lost {
		result.data = []byte("null")
		return true
	}
	whole := writers[0].buffer
	for _, w := range writers[1:] {
		whole = append(whole, w.buffer...)
	}
	whole = append(whole, '}')
	*result.buffer = whole
	result.data = (*result.buffer)[len(answerHead):]
	return true
}

// readArguments reads those that vary.
func (o *plannedOperation) readArguments(ctx context.Context, ec *executionContext) (map[*plannedField]map[string]any, error) {
	read := make(map[*plannedField]map[string]any, len(o.varied))
	for _, f := range o.varied {
		arguments, err := ec.readArguments(ctx, f.varied.on, f.name, f.varied.field.ArgumentMap(ec.Variables))
		if err != nil {
			return nil, err
		}
		read[f] = arguments
	}
	return read, nil
}

func (o *plannedOperation) executeRoot(ctx context.Context, ec *executionContext, r *plannedRoot, w *writer) (err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = ec.Recover(ctx, panicked)
		}
	}()
	w.begun = len(w.buffer)
	w.buffer = append(w.buffer, r.prefix...)
	if r.constant != nil {
		w.buffer = append(w.buffer, r.constant...)
		return nil
	}
	f := r.plannedField // the arguments are this request's own
	selection := r.selection
	if selection == nil {
		selection = o.selectionReader(ec).of(r.field)
	}
	return ec.writeRoot(context.WithValue(ctx, selectionKey{}, selection), w, &f, r.field.ArgumentMap(ec.Variables))
}
