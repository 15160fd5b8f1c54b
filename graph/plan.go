package graph

import (
	"context"
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

// release takes back the buffer of an answer, if a plan has written it, which must not be used any more.
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
