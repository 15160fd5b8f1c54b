package content

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/jmoiron/sqlx"
)

// statements runs SQL and keeps each statement prepared: lib/pq needs a second round trip for one that is not, and
// Postgres plans it anew every time.
type statements struct {
	db       *sqlx.DB
	mu       sync.Mutex
	prepared *simplelru.LRU[string, *preparedStatement]
	bytes    int // of their texts
}

// mostPrepared bounds what filters of many shapes can make every connection keep, in bytes of SQL.
const mostPrepared = 1 << 20

type preparedStatement struct {
	*sqlx.Stmt
	users sync.WaitGroup
}

func newStatements(db *sqlx.DB) *statements {
	s := &statements{db: db}
	closeUnused := func(text string, old *preparedStatement) {
		s.bytes -= len(text)
		go func() {
			old.users.Wait()
			_ = old.Close()
		}()
	}
	var err error
	if s.prepared, err = simplelru.NewLRU(mostPrepared, closeUnused); err != nil {
		panic(err) // the size is a constant
	}
	return s
}

// scanned is a pointer to a row that takes the columns of a statement in their order. Other rows are structs with db
// tags, or scalars, which costs reflection.
type scanned interface {
	columns(into []any) []any // appends where each column goes
}

// read runs a statement and returns its rows. About is what is being read, for the error.
func read[Row any](ctx context.Context, s *statements, about, text string, args ...any) (all []Row, err error) {
	if _, byHand := any(new(Row)).(scanned); byHand {
		next := nextOf(&all)
		err = s.each(ctx, about, text, args, func(rows *sql.Rows) error { return rows.Scan(next()...) })
		return all, err
	}
	err = s.run(ctx, about, text, func(statement *sqlx.Stmt) (int, error) {
		err := statement.SelectContext(ctx, &all, args...)
		return len(all), err
	})
	return all, err
}

// nextOf returns a function that adds a row and returns where its columns go.
func nextOf[Row any](all *[]Row) func() []any {
	var columns []any
	return func() []any {
		*all = append(*all, *new(Row))
		columns = any(&(*all)[len(*all)-1]).(scanned).columns(columns[:0])
		return columns
	}
}

// each runs a statement and has each of its rows taken.
func (s *statements) each(ctx context.Context, about, text string, args []any, take func(*sql.Rows) error) error {
	return s.run(ctx, about, text, func(statement *sqlx.Stmt) (count int, err error) {
		rows, err := statement.QueryContext(ctx, args...)
		if err != nil {
			return 0, err
		}
		defer func() { _ = rows.Close() }()
		for ; rows.Next(); count++ {
			if err := take(rows); err != nil {
				return count, err
			}
		}
		return count, rows.Err()
	})
}

// run prepares a statement, has it used, and counts that, with the rows that came.
func (s *statements) run(ctx context.Context, about, text string, use func(*sqlx.Stmt) (rows int, err error)) error {
	statement, err := s.prepare(ctx, text)
	if err != nil {
		return fmt.Errorf("prepare to read %s: %w", about, err)
	}
	defer statement.users.Done()
	rows, err := use(statement.Stmt)
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return fmt.Errorf("read %s: %w", about, err)
	}
	if receipt := ReceiptOf(ctx); receipt != nil {
		receipt.statements.Add(1)
		receipt.rows.Add(int64(rows))
	}
	return nil
}

// write runs a statement that changes something, and returns how many rows it has changed.
func (s *statements) write(ctx context.Context, about, text string, args ...any) (int64, error) {
	result, err := s.db.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, fmt.Errorf("write %s: %w", about, err)
	}
	return result.RowsAffected()
}

// prepare returns the statement with one more user, which the caller must take off again.
func (s *statements) prepare(ctx context.Context, text string) (*preparedStatement, error) {
	if kept := s.keptStatement(text); kept != nil {
		return kept, nil
	}
	stmt, err := s.db.PreparexContext(ctx, text)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if kept, ok := s.prepared.Get(text); ok { // somebody was faster
		defer func() { _ = stmt.Close() }()
		kept.users.Add(1)
		return kept, nil
	}
	fresh := &preparedStatement{Stmt: stmt}
	fresh.users.Add(1)
	s.prepared.Add(text, fresh)
	for s.bytes += len(text); s.bytes > mostPrepared; {
		s.prepared.RemoveOldest()
	}
	return fresh, nil
}

func (s *statements) keptStatement(text string) *preparedStatement {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept, ok := s.prepared.Get(text)
	if ok {
		kept.users.Add(1)
	}
	return kept
}

// query is a statement being written, its text and its arguments together.
type query struct {
	text strings.Builder
	args []any
}

func (q *query) write(parts ...string) {
	for _, part := range parts {
		q.text.WriteString(part)
	}
}

// arg adds a value and returns the placeholder that stands for it.
func (q *query) arg(value any) string {
	q.args = append(q.args, value)
	return "$" + strconv.Itoa(len(q.args))
}

// Receipt counts what reading cost.
type Receipt struct {
	statements atomic.Int64
	rows       atomic.Int64
}

// Statements returns how many SQL statements were run.
func (r *Receipt) Statements() int64 { return r.statements.Load() }

// Rows returns how many objects were read.
func (r *Receipt) Rows() int64 { return r.rows.Load() }

// ReceiptKey is the key under which a context has its *Receipt.
type ReceiptKey struct{}

// WithReceipt returns a context under which all reading is counted in the receipt.
func WithReceipt(ctx context.Context) (context.Context, *Receipt) {
	receipt := new(Receipt)
	return context.WithValue(ctx, ReceiptKey{}, receipt), receipt
}

// ReceiptOf returns the receipt that reading is counted in, nil if there is none.
func ReceiptOf(ctx context.Context) *Receipt {
	receipt, _ := ctx.Value(ReceiptKey{}).(*Receipt)
	return receipt
}
