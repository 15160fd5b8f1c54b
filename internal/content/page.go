package content

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	defaultPage = 20
	// MostPerPage bounds first and last everywhere.
	MostPerPage = 100
)

// PageArguments say which page of a list is wanted (Relay cursor connections).
type PageArguments struct {
	First  *int    `json:"first,omitempty"`
	After  *string `json:"after,omitempty"`
	Last   *int    `json:"last,omitempty"`
	Before *string `json:"before,omitempty"`
}

// PageInfo tells where a page stands in its list.
type PageInfo struct {
	HasNextPage     bool
	HasPreviousPage bool
	StartCursor     *string
	EndCursor       *string
}

// window is what PageArguments come to.
type window struct {
	limit    int
	backward bool
	after    *cursor
	before   *cursor
}

// window checks the arguments. Ordering is the one that the cursors have to be of. Errors have the codes BadUserInput
// and BadCursor.
func (p PageArguments) window(ordering byte) (window, error) {
	if p.First != nil && p.Last != nil {
		return window{}, badInput("Give either first or last, not both.")
	}
	w := window{limit: defaultPage, backward: p.Last != nil}
	if p.Last != nil {
		w.limit = *p.Last
	} else if p.First != nil {
		w.limit = *p.First
	}
	if err := checkPageSize(w.limit); err != nil {
		return window{}, err
	}
	var err error
	if w.after, err = parseCursor(p.After, ordering); err != nil {
		return window{}, err
	}
	w.before, err = parseCursor(p.Before, ordering)
	return w, err
}

func checkPageSize(size int) error {
	if size < 0 || size > MostPerPage {
		return badInput("A page holds 0 to %d entries, not %d. Use the cursors to go on from page to page.", MostPerPage, size)
	}
	return nil
}

// keyset writes the conditions that begin the page at its cursors; key is the pair of sorted columns, such as
// (a.published_at, a.id).
func (w window) keyset(q *query, key string, descending bool) {
	forward, back := ">", "<"
	if descending {
		forward, back = back, forward
	}
	if w.after != nil {
		q.write(" and ", key, " ", forward, " (", q.arg(w.after.sortKey()), ", ", q.arg(w.after.id), ")")
	}
	if w.before != nil {
		q.write(" and ", key, " ", back, " (", q.arg(w.before.sortKey()), ", ", q.arg(w.before.id), ")")
	}
}

// limitPlusOne is how many rows to read so as to know whether there are more.
func (w window) limitPlusOne() int { return w.limit + 1 }

// Connection is a page of a list.
type Connection[N any] struct {
	Edges      []Edge[N]
	PageInfo   PageInfo
	TotalCount int
}

// Edge is an entry of a page.
type Edge[N any] struct {
	Node  *N
	place cursor
}

// The pages and entries that the schema knows.
type (
	ArticleConnection = Connection[Article]
	ArticleEdge       = Edge[Article]
	AuthorConnection  = Connection[Author]
	AuthorEdge        = Edge[Author]
	TagConnection     = Connection[Tag]
	TagEdge           = Edge[Tag]
)

// Cursor is the entry's place in the list.
func (e *Edge[N]) Cursor() string { return e.place.String() }

// Nodes are the entries without their cursors.
func (c *Connection[N]) Nodes() []*N {
	nodes := make([]*N, len(c.Edges))
	for i, edge := range c.Edges {
		nodes[i] = edge.Node
	}
	return nodes
}

// fill makes the page from the rows that were read, in the order of reading and with one more than the page holds.
func (c *Connection[N]) fill(w window, rows []*N, place func(*N) cursor) {
	more := len(rows) > w.limit
	if more {
		rows = rows[:w.limit]
	}
	c.PageInfo = PageInfo{HasNextPage: more, HasPreviousPage: w.after != nil}
	if w.backward {
		slices.Reverse(rows)
		c.PageInfo = PageInfo{HasPreviousPage: more, HasNextPage: w.before != nil}
	}
	c.Edges = make([]Edge[N], len(rows))
	for i, row := range rows {
		c.Edges[i] = Edge[N]{Node: row, place: place(row)}
	}
	if len(rows) > 0 {
		start, end := c.Edges[0].Cursor(), c.Edges[len(rows)-1].Cursor()
		c.PageInfo.StartCursor, c.PageInfo.EndCursor = &start, &end
	}
}

// The orderings that cursors can be of.
const (
	byPublication byte = 'p'
	byUpdate      byte = 'u'
	byName        byte = 'n'
)

// cursor is a place in a list: the sort key of an entry, and its id for entries with equal keys.
type cursor struct {
	ordering byte
	at       time.Time // of byPublication and byUpdate
	name     string    // of byName
	id       int64
}

func (c cursor) sortKey() any {
	if c.ordering == byName {
		return c.name
	}
	return c.at
}

const cursorVersion = 1

// String writes version, ordering, id, sort key and a checksum. The checksum is no secret; it tells a mangled cursor
// from one of ours.
func (c cursor) String() string {
	plain := make([]byte, 0, 24+len(c.name))
	plain = append(plain, cursorVersion, c.ordering)
	plain = binary.BigEndian.AppendUint64(plain, uint64(c.id))
	if c.ordering == byName {
		plain = append(plain, c.name...)
	} else {
		plain = binary.BigEndian.AppendUint64(plain, uint64(c.at.UnixMicro()))
	}
	return base64.RawURLEncoding.EncodeToString(checksummed(plain))
}

func checksummed(plain []byte) []byte {
	return binary.BigEndian.AppendUint32(plain, crc32.ChecksumIEEE(plain))
}

// parseCursor reads a cursor of the ordering; nil stays nil. The error has the code BadCursor.
func parseCursor(text *string, ordering byte) (*cursor, error) {
	if text == nil {
		return nil, nil
	}
	mangled := &Error{Code: BadCursor, Message: "The cursor is not one that this server gave out. Pass endCursor or startCursor on unchanged."}
	plain, err := base64.RawURLEncoding.Strict().DecodeString(*text)
	// The decoder passes over line breaks, which no cursor of ours has.
	if err != nil || strings.ContainsAny(*text, "\r\n") || len(plain) < 14 || plain[0] != cursorVersion {
		return nil, mangled
	}
	body, sum := plain[:len(plain)-4], binary.BigEndian.Uint32(plain[len(plain)-4:])
	if crc32.ChecksumIEEE(body) != sum {
		return nil, mangled
	}
	if body[1] != ordering {
		return nil, &Error{Code: BadCursor, Message: "The cursor belongs to a list in another order. Page on with the orderBy that the cursor came from."}
	}
	c := &cursor{ordering: ordering, id: int64(binary.BigEndian.Uint64(body[2:10]))}
	if ordering == byName {
		c.name = string(body[10:])
		if !utf8.ValidString(c.name) || strings.ContainsRune(c.name, 0) {
			return nil, mangled
		}
		return c, nil
	}
	if len(body) != 18 {
		return nil, mangled
	}
	c.at = time.UnixMicro(int64(binary.BigEndian.Uint64(body[10:18]))).UTC()
	if year := c.at.Year(); year < 1 || year > 9999 {
		return nil, mangled
	}
	return c, nil
}
