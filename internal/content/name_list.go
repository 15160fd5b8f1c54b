package content

import (
	"context"
	"slices"
)

// nameList is a list of rows by name.
type nameList[Row any] struct {
	about    string // what is being read
	columns  string
	source   string // calls the rows t, and ends with a condition
	args     []any  // of the source
	place    func(*Row) cursor
	complete attach[Row]
}

// readByName reads a page of the list, and its total count, each only if it is asked for.
func readByName[Row any](ctx context.Context, s *Service, asked *Selection, args PageArguments, list nameList[Row]) (*Connection[Row], error) {
	page := new(Connection[Row])
	w, err := args.window(byName)
	if err != nil {
		return nil, err
	}
	depend(ctx, wholly(Key{Kind: list.about}))
	return page, s.load(ctx, func(b *batch) error {
		if asked.has("totalCount") {
			want(b, "count of "+list.about, "select 0 as owner, count(*) "+list.source, list.args, func(counts []ownerCount) error {
				page.TotalCount = counts[0].count
				return nil
			})
		}
		if !asked.has("edges", "nodes", "pageInfo") {
			return nil
		}
		q := list.statement(w)
		want(b, list.about, q.text.String(), q.args, func(rows []Row) error {
			page.fill(w, pointers(rows), list.place)
			return list.complete(ctx, b, page.Nodes(), union(asked.of("edges").of("node"), asked.of("nodes")))
		})
		return nil
	})
}

func (l *nameList[Row]) statement(w window) *query {
	direction := ""
	if w.backward {
		direction = " desc"
	}
	q := &query{args: slices.Clone(l.args)}
	q.write("select ", l.columns, " ", l.source)
	w.keyset(q, "(t.name, t.id)", false)
	q.write(" order by t.name", direction, ", t.id", direction, " limit ", q.arg(w.limitPlusOne()))
	return q
}
