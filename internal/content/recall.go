package content

import (
	"context"
	"encoding/binary"
	"maps"
	"slices"
	"time"
)

// keepable is a pointer to what can be kept: a row, or the parts of an article.
type keepable interface {
	key() int64
	columns(into []any) []any
}

// recall finds rows by their ids, for use: those in memory, and the others as load wants them, which are kept then. They are
// the caller's own. What load leaves out is not there.
func recall[Row any](ctx context.Context, m *Memory, kind memoryKind, ids []int64,
	load func(ids []int64, keep func([]Row) error) *wantedRows, use func(map[int64]*Row) error) {
	found, missing := make(map[int64]*Row, len(ids)), ids
	if m = m.serves(ctx); m != nil {
		missing = lookUpAll(m, kind, ids, found)
	}
	reading := m.begin()
	load(missing, func(rows []Row) error {
		for i := range rows {
			row := any(&rows[i]).(keepable)
			keepRow(reading, kind, row)
			found[row.key()] = &rows[i]
		}
		return use(found)
	}).idle = len(missing) == 0
}

// recallOne returns the object that a slug or an id names, the caller's own; nil if there is none.
func recallOne[Row any](ctx context.Context, m *Memory, atSlug, kind memoryKind, key rowKey, load func() ([]Row, error)) (*Row, error) {
	m = m.serves(ctx)
	slug, bySlug := key.value.(string)
	id, known := key.value.(int64)
	if m != nil {
		now := time.Now()
		if bySlug {
			var value kept
			if value, known = m.lookUp(memoryKey{kind: atSlug, name: slug}, now); known {
				text := value.text()
				id = text.signed()
			}
		}
		if row, kept := lookUpRow[Row](m, kind, id, now); known && kept {
			m.count(1, 0)
			return row, nil
		}
		m.count(0, 1)
	}
	reading := m.begin()
	rows, err := load()
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	row := any(&rows[0]).(keepable)
	if keepRow(reading, kind, row); m != nil && bySlug {
		reading.keep(memoryKey{kind: atSlug, name: slug}, func(entry []byte) []byte { return binary.AppendVarint(entry, row.key()) })
	}
	return &rows[0], nil
}

// inOrder returns rows in the order of their ids.
func inOrder[Row any](rows map[int64]*Row) []*Row {
	objects := make([]*Row, 0, len(rows))
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		objects = append(objects, rows[id])
	}
	return objects
}

// lookUpAll adds what is in memory, and returns the ids of the others.
func lookUpAll[Row any](m *Memory, kind memoryKind, ids []int64, found map[int64]*Row) (missing []int64) {
	now := time.Now()
	for _, id := range ids {
		if row, kept := lookUpRow[Row](m, kind, id, now); kept {
			found[id] = row
		} else {
			missing = append(missing, id)
		}
	}
	m.count(len(ids)-len(missing), len(missing))
	return missing
}

// lookUpRow returns a row that is the caller's.
func lookUpRow[Row any](m *Memory, kind memoryKind, id int64, now time.Time) (*Row, bool) {
	value, found := m.lookUp(memoryKey{kind: kind, id: id}, now)
	if !found {
		return nil, false
	}
	row, text := new(Row), value.text()
	m.readRow(&text, any(row).(scanned))
	return row, true
}

func keepRow(r reading, kind memoryKind, row keepable) {
	if r.takes() {
		r.keep(memoryKey{kind: kind, id: row.key()}, func(entry []byte) []byte { return r.memory.appendRow(entry, row) })
	}
}

// parts are rows that belong to an article, kept as one.
type parts[Row any] struct {
	of   ArticleID
	rows []Row
}

func (p *parts[Row]) key() int64 { return int64(p.of) }

// columns are two: the article, and all rows.
func (p *parts[Row]) columns(into []any) []any {
	return append(into, (*int64)(&p.of), (*rowsOf[Row])(&p.rows))
}

// partsOf puts the rows together for each of the articles, also for those that have none.
func partsOf[Row any](articles []int64, rows []Row, of func(*Row) ArticleID) []parts[Row] {
	byArticle := grouped(rows, func(r *Row) (ArticleID, Row) { return of(r), *r })
	all := make([]parts[Row], len(articles))
	for i, id := range articles {
		all[i] = parts[Row]{ArticleID(id), byArticle[ArticleID(id)]}
	}
	return all
}

// linked is a row to which a link leads from an owner. Link is what the link itself says.
type linked[Link, Row any] struct {
	Owner int64
	Link  Link
	Row   Row
}

// columns are those of the owner, the link and the row.
func (l *linked[Link, Row]) columns(into []any) []any {
	return any(&l.Row).(scanned).columns(any(&l.Link).(scanned).columns(append(into, &l.Owner)))
}

// plainLink says nothing.
type plainLink struct{}

func (*plainLink) columns(into []any) []any { return into }

// reached is such a row as an object of this request: who reaches the same row reaches the same object.
type reached[Link, Row any] struct {
	Link   Link
	Object *Row
}

// relation leads from articles to rows of one sort, in an order.
type relation[Link, Row any] struct {
	links, rows memoryKind
	load        func(articles []int64, use func([]linked[Link, Row]) error) *wantedRows
}

// follow finds what the relation leads to from each article, and all that is reached, for use. Load wants it for the
// articles that are not in memory with all their rows.
func (r relation[Link, Row]) follow(ctx context.Context, m *Memory, articles []int64,
	use func(all map[int64][]reached[Link, Row], objects []*Row) error) {
	all, objects := make(map[int64][]reached[Link, Row], len(articles)), make(map[int64]*Row)
	missing := articles
	if m = m.serves(ctx); m != nil {
		missing = r.lookUp(m, articles, all, objects)
		m.count(len(articles)-len(missing), len(missing))
	}
	reading := m.begin()
	r.load(missing, func(rows []linked[Link, Row]) error {
		for i := range rows {
			row := &rows[i]
			id := any(&row.Row).(keepable).key()
			if objects[id] == nil {
				objects[id] = &row.Row
			}
			all[row.Owner] = append(all[row.Owner], reached[Link, Row]{row.Link, objects[id]})
		}
		if m != nil {
			r.keep(reading, missing, rows)
		}
		return use(all, slices.Collect(maps.Values(objects)))
	}).idle = len(missing) == 0
}

// objectsOf are the objects alone, nil if there are none.
func objectsOf[Link, Row any](list []reached[Link, Row]) []*Row {
	var objects []*Row
	for _, r := range list {
		objects = append(objects, r.Object)
	}
	return objects
}

// lookUp adds what is in memory, and returns the articles that are not.
func (r relation[Link, Row]) lookUp(m *Memory, articles []int64, all map[int64][]reached[Link, Row], objects map[int64]*Row) []int64 {
	var missing []int64
	now := time.Now()
	for _, article := range articles {
		value, kept := m.lookUp(memoryKey{kind: r.links, id: article}, now)
		text := value.text()
		var list []reached[Link, Row]
		for kept && text != "" {
			var to reached[Link, Row]
			m.readRow(&text, any(&to.Link).(scanned))
			id := text.signed()
			if to.Object = objects[id]; to.Object == nil {
				if to.Object, kept = lookUpRow[Row](m, r.rows, id, now); kept {
					objects[id] = to.Object
				}
			}
			list = append(list, to)
		}
		if kept {
			all[article] = list
		} else {
			missing = append(missing, article)
		}
	}
	return missing
}

// keep keeps the links of each article, also that there are none, and the rows.
func (r relation[Link, Row]) keep(reading reading, articles []int64, rows []linked[Link, Row]) {
	links := make(map[int64][]*linked[Link, Row], len(articles))
	known := make(map[int64]bool)
	for i := range rows {
		row := any(&rows[i].Row).(keepable)
		links[rows[i].Owner] = append(links[rows[i].Owner], &rows[i])
		if id := row.key(); !known[id] {
			known[id] = true
			keepRow(reading, r.rows, row)
		}
	}
	for _, article := range articles {
		if !reading.takes() {
			continue
		}
		reading.keep(memoryKey{kind: r.links, id: article}, func(entry []byte) []byte {
			for _, link := range links[article] {
				entry = reading.memory.appendRow(entry, any(&link.Link).(scanned))
				entry = binary.AppendVarint(entry, any(&link.Row).(keepable).key())
			}
			return entry
		})
	}
}
