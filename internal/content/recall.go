package content

import (
	"context"
	"maps"
	"slices"
	"time"
	"unsafe"
)

// keepable is a pointer to a row that can be kept.
type keepable interface {
	key() int64
	weight() int // bytes that it takes in memory, roughly
}

// recall finds rows by their ids, for use: those in memory, and the others as load wants them, which are kept then. Nobody
// may change them. What load leaves out is not there.
func recall[Row any](ctx context.Context, m *Memory, kind memoryKind, ids []int64,
	load func(ids []int64, keep func([]Row) error) *wantedRows, use func(map[int64]*Row) error) {
	found, missing := make(map[int64]*Row, len(ids)), ids
	if m = m.serves(ctx); m != nil {
		missing = lookUpAll(m, kind, ids, found)
	}
	reading := m.begin()
	load(missing, func(rows []Row) error {
		for i := range rows {
			row := keepRow(reading, kind, &rows[i])
			found[any(row).(keepable).key()] = row
		}
		return use(found)
	}).idle = len(missing) == 0
}

// recallOne returns the object that a slug or an id names, a copy; nil if there is none.
func recallOne[Row any](ctx context.Context, m *Memory, atSlug, kind memoryKind, key rowKey, load func() ([]Row, error)) (*Row, error) {
	m = m.serves(ctx)
	slug, bySlug := key.value.(string)
	id, known := key.value.(int64)
	if m != nil {
		if bySlug {
			id, known = lookUp[int64](m, memoryKey{kind: atSlug, name: slug}, time.Now())
		}
		if row, kept := lookUp[*Row](m, memoryKey{kind: kind, id: id}, time.Now()); known && kept {
			m.count(1, 0)
			return copied(row), nil
		}
		m.count(0, 1)
	}
	reading := m.begin()
	rows, err := load()
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	if keepRow(reading, kind, &rows[0]); m != nil && bySlug {
		reading.keep(memoryKey{kind: atSlug, name: slug}, any(&rows[0]).(keepable).key(), 8)
	}
	return &rows[0], nil
}

func copied[Row any](row *Row) *Row {
	object := new(Row)
	*object = *row
	return object
}

// copies returns objects that may be changed, in the order of their ids.
func copies[Row any](rows map[int64]*Row) []*Row {
	objects := make([]*Row, 0, len(rows))
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		objects = append(objects, copied(rows[id]))
	}
	return objects
}

// What strings take in memory beside their bytes: what allocation rounds up.
const stringItself = 8

func optionalWeight(texts ...*string) (bytes int) {
	for _, text := range texts {
		if text != nil {
			bytes += 16 + stringItself + len(*text)
		}
	}
	return bytes
}

// lookUpAll adds what is in memory, and returns the ids of the others.
func lookUpAll[Row any](m *Memory, kind memoryKind, ids []int64, found map[int64]*Row) (missing []int64) {
	now := time.Now()
	for _, id := range ids {
		if row, kept := lookUp[*Row](m, memoryKey{kind: kind, id: id}, now); kept {
			found[id] = row
		} else {
			missing = append(missing, id)
		}
	}
	m.count(len(ids)-len(missing), len(missing))
	return missing
}

// keepRow keeps a copy of the row, which does not hold the rows beside it, and returns what nobody may change.
func keepRow[Row any](r reading, kind memoryKind, row *Row) *Row {
	if !r.takes() {
		return row
	}
	alone := copied(row)
	is := any(alone).(keepable)
	r.keep(memoryKey{kind: kind, id: is.key()}, alone, is.weight())
	return alone
}

// parts are rows that belong to an article, kept as one.
type parts[Row any] struct {
	of   ArticleID
	rows []Row
}

func (p *parts[Row]) key() int64 { return int64(p.of) }

func (p *parts[Row]) weight() (bytes int) {
	for i := range p.rows {
		bytes += any(&p.rows[i]).(interface{ weight() int }).weight()
	}
	return bytes + int(unsafe.Sizeof(*p))
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

// keptLink is a link as it is kept: without the row, which is kept by itself.
type keptLink[Link any] struct {
	link Link
	to   int64
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
		links, kept := lookUp[[]keptLink[Link]](m, memoryKey{kind: r.links, id: article}, now)
		list := make([]reached[Link, Row], 0, len(links))
		for _, link := range links {
			object := objects[link.to]
			if object == nil {
				var row *Row
				if row, kept = lookUp[*Row](m, memoryKey{kind: r.rows, id: link.to}, now); !kept {
					break
				}
				object = copied(row)
				objects[link.to] = object
			}
			list = append(list, reached[Link, Row]{link.link, object})
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
	links := make(map[int64][]keptLink[Link], len(articles))
	known := make(map[int64]bool)
	for i := range rows {
		id := any(&rows[i].Row).(keepable).key()
		links[rows[i].Owner] = append(links[rows[i].Owner], keptLink[Link]{rows[i].Link, id})
		if !known[id] {
			known[id] = true
			keepRow(reading, r.rows, &rows[i].Row)
		}
	}
	for _, article := range articles {
		list := links[article]
		if reading.takes() {
			reading.keep(memoryKey{kind: r.links, id: article}, list, 24+cap(list)*int(unsafe.Sizeof(keptLink[Link]{})))
		}
	}
}
