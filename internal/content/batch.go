package content

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lib/pq"
)

// batch is what the next statement reads. Whatever stands side by side in an answer is wanted before any of it is read;
// what to do with the rows may be to want more, which the statement after that reads. So an answer costs as many
// statements as things stand one behind the other in it.
type batch struct {
	statements *statements // nil: all has to be in memory
	wanted     []*wantedRows
}

// errNotInMemory ends a batch that was to be in memory.
var errNotInMemory = errors.New("not in memory")

// wantedRows are the rows of a query that waits for the others.
type wantedRows struct {
	about, text string
	args        []any
	width       int          // how many columns it has
	next        func() []any // where the columns of one more row go
	use         func() error // what to do when all are there
	idle        bool         // whether it is known that none will come, since all was in memory
}

// load reads what begin wants, and what that leads to.
func (s *Service) load(ctx context.Context, begin func(b *batch) error) error {
	b := &batch{statements: s.statements}
	if err := begin(b); err != nil {
		return err
	}
	return b.run(ctx)
}

// want has a query read with all the others, and its rows used then. About is what is being read, for the error.
func want[Row any](b *batch, about, text string, args []any, use func([]Row) error) *wantedRows {
	rows := new([]Row)
	width := len(any(new(Row)).(scanned).columns(nil))
	wanted := &wantedRows{about: about, text: text, args: args, width: width, next: nextOf(rows), use: func() error { return use(*rows) }}
	b.wanted = append(b.wanted, wanted)
	return wanted
}

// run reads what is wanted, until nothing more is.
func (b *batch) run(ctx context.Context) error {
	for len(b.wanted) > 0 {
		wanted := b.wanted
		b.wanted = nil
		if err := b.read(ctx, wanted); err != nil {
			return err
		}
		for _, w := range wanted {
			if err := w.use(); err != nil {
				return err
			}
		}
	}
	return nil
}

// read reads what is not idle: one query by itself, several together. Then the idle ones are among them, so that an
// operation has one statement for each of its levels, which stays prepared, and not one for whatever memory may lack.
func (b *batch) read(ctx context.Context, wanted []*wantedRows) error {
	var busy []*wantedRows
	for _, w := range wanted {
		if !w.idle {
			busy = append(busy, w)
		}
	}
	switch {
	case len(busy) == 0:
		return nil
	case b.statements == nil:
		return errNotInMemory
	case len(busy) == 1:
		one := busy[0]
		return b.statements.each(ctx, one.about, one.text, one.args, func(rows *sql.Rows) error { return rows.Scan(one.next()...) })
	default:
		return b.readTogether(ctx, wanted)
	}
}

func (b *batch) readTogether(ctx context.Context, wanted []*wantedRows) error {
	about, q, width := together(wanted)
	values, targets := make([]any, 1+width), make([]any, 1+width)
	for i := range values {
		targets[i] = &values[i]
	}
	return b.statements.each(ctx, about, q.text.String(), q.args, func(rows *sql.Rows) error {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		for i, column := range wanted[values[0].(int64)].next() {
			if err := set(column, values[1+i]); err != nil {
				return fmt.Errorf("column %d: %w", 1+i, err)
			}
		}
		return nil
	})
}

// together makes one query of several. Its rows say first which of them they are from; the columns, which have types of
// their own in each, are read as text, and filled up to the width of the widest. The rows of each keep their order, since
// Postgres appends one to the other.
func together(wanted []*wantedRows) (about string, q *query, width int) {
	q = new(query)
	for _, w := range wanted {
		about, width = about+", "+w.about, max(width, w.width)
	}
	for i, w := range wanted {
		if i > 0 {
			q.write(" union all ")
		}
		q.write("select ", strconv.Itoa(i))
		for column := range width {
			if column < w.width {
				q.write(", q.c", strconv.Itoa(column), "::text")
			} else {
				q.write(", null")
			}
		}
		q.write(" from (")
		q.embed(w.text, w.args)
		q.write(") as q (c0")
		for column := 1; column < w.width; column++ {
			q.write(", c", strconv.Itoa(column))
		}
		q.write(")")
	}
	return about[2:], q, width
}

// embed writes a query with its arguments: their placeholders are counted on from those before.
func (q *query) embed(text string, args []any) {
	before := len(q.args)
	for {
		plain, rest, found := strings.Cut(text, "$")
		q.write(plain)
		if !found {
			break
		}
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		if q.write("$"); digits > 0 {
			number, _ := strconv.Atoi(rest[:digits])
			q.write(strconv.Itoa(before + number))
		}
		text = rest[digits:]
	}
	q.args = append(q.args, args...)
}

// set puts a value that Postgres has written as text where a column goes.
func set(column, value any) (err error) {
	text, is := value.(string)
	switch column := column.(type) {
	case **string:
		return setOptional(column, is, value)
	case **int64:
		return setOptional(column, is, value)
	case **int:
		return setOptional(column, is, value)
	}
	if !is {
		return fmt.Errorf("%v for a %T", value, column)
	}
	switch column := column.(type) {
	case *string:
		*column = text
	case *int64:
		*column, err = strconv.ParseInt(text, 10, 64)
	case *int:
		*column, err = strconv.Atoi(text)
	case *bool:
		*column, err = strconv.ParseBool(text)
	case *time.Time:
		*column, err = pq.ParseTimestamp(time.UTC, text)
	default:
		err = fmt.Errorf("no text for a %T", column)
	}
	return err
}

// setOptional leaves nil what is null.
func setOptional[T any](column **T, is bool, value any) error {
	if !is {
		return nil
	}
	*column = new(T)
	return set(*column, value)
}
