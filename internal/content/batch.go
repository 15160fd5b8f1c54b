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
	wanted := &wantedRows{about: about, text: text, args: args, next: nextOf(rows), use: func() error { return use(*rows) }}
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
//
// A row of several comes as one text, with the number of the query that it is from: what a value costs in database/sql and
// lib/pq, it costs for a row then and not for each of its columns.
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
	}
	about, q := together(wanted)
	var number int
	var row string
	targets := []any{&number, &row}
	return b.statements.each(ctx, about, q.text.String(), q.args, func(rows *sql.Rows) error {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		return readRecord(row, wanted[number].next())
	})
}

// together makes one query of several.
func together(wanted []*wantedRows) (about string, q *query) {
	q = new(query)
	for i, w := range wanted {
		about += ", " + w.about
		if i > 0 {
			q.write(" union all ")
		}
		q.write("select ", strconv.Itoa(i), ", q::text from (")
		q.embed(w.text, w.args)
		q.write(") as q")
	}
	return about[2:], q
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

// readRecord puts the columns of a row that Postgres has written as text (section 8.16.6 of its documentation) where they go:
// in parentheses, with commas between them, and in quotes where that is not clear.
func readRecord(text string, columns []any) error {
	rest := strings.TrimSuffix(strings.TrimPrefix(text, "("), ")")
	for i, column := range columns {
		value, is, after, err := cutColumn(rest)
		if err == nil && is {
			err = set(column, value)
		} else if err == nil {
			err = setNull(column)
		}
		if err != nil {
			return fmt.Errorf("column %d: %w", i, err)
		}
		if rest = strings.TrimPrefix(after, ","); (rest == after) != (i == len(columns)-1) {
			return fmt.Errorf("%d columns are wanted, others come", len(columns))
		}
	}
	return nil
}

// cutColumn returns the first column, whether it is one or null, and what is after it.
func cutColumn(text string) (value string, is bool, after string, err error) {
	if !strings.HasPrefix(text, `"`) {
		end := strings.IndexByte(text, ',')
		if end < 0 {
			end = len(text)
		}
		return text[:end], end > 0, text[end:], nil
	}
	plain := true
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' || text[i] == '"' && strings.HasPrefix(text[i+1:], `"`):
			plain = false
			i++
		case text[i] == '"':
			if value = text[1:i]; !plain {
				value = unescape(value)
			}
			return value, true, text[i+1:], nil
		}
	}
	return "", false, "", errors.New("a quote is not closed")
}

// unescape takes one of each two backslashes and quotes.
func unescape(text string) string {
	plain := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' || text[i] == '"' {
			i++
		}
		plain = append(plain, text[i])
	}
	return string(plain)
}

func setNull(column any) error {
	switch column.(type) {
	case **string, **int64, **int:
		return nil
	}
	return fmt.Errorf("null for a %T", column)
}

// set puts a value that Postgres has written as text where a column goes.
func set(column any, text string) (err error) {
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
	case **string:
		return setOptional(column, text)
	case **int64:
		return setOptional(column, text)
	case **int:
		return setOptional(column, text)
	default:
		err = fmt.Errorf("no text for a %T", column)
	}
	return err
}

func setOptional[T any](column **T, text string) error {
	*column = new(T)
	return set(*column, text)
}
