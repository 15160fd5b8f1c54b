package content

import "context"

// nameList is a list of rows by name.
type nameList[Row any] struct {
	about   string // what is being read
	columns string
	source  string // calls the rows t, and ends with a condition
	args    []any  // of the source
	place   func(*Row) cursor
}

// readByName reads a page of the list, and its total count, each only if it is asked for.
func readByName[Row any](ctx context.Context, s *Service, asked *Selection, args PageArguments, list nameList[Row]) (*Connection[Row], error) {
	page := new(Connection[Row])
	w, err := args.window(byName)
	if err != nil {
		return nil, err
	}
	depend(ctx, wholly(Key{Kind: list.about}))
	if asked.has("totalCount") {
		counts, err := read[int](ctx, s.statements, "count of "+list.about, "select count(*) "+list.source, list.args...)
		if err != nil {
			return nil, err
		}
		page.TotalCount = counts[0]
	}
	if !asked.has("edges", "nodes", "pageInfo") {
		return page, nil
	}
	direction := ""
	if w.backward {
		direction = " desc"
	}
	q := &query{args: list.args}
	q.write("select ", list.columns, " ", list.source)
	w.keyset(q, "(t.name, t.id)", false)
	q.write(" order by t.name", direction, ", t.id", direction, " limit ", q.arg(w.limitPlusOne()))
	rows, err := read[Row](ctx, s.statements, list.about, q.text.String(), q.args...)
	page.fill(w, pointers(rows), list.place)
	return page, err
}
