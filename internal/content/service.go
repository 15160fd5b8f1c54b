// Package content is the newsroom's content: its nouns, who may see them, and their SQL.
//
// A door says what it wants as a Selection; the service loads it level by level, one statement for all that stands on a
// level whatever the number of objects there, and returns complete objects.
package content

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"
)

// Service answers what an audience may know (see WithAudience). It is safe for concurrent use.
type Service struct {
	statements *statements
	memory     *Memory
	addresses  *Addresses
	clock      func() time.Time
}

// Options of a Service.
type Options struct {
	Memory    *Memory          // nil: all is read each time
	Addresses *Addresses       // how public addresses are made
	Now       func() time.Time // time.Now if nil
}

// New returns a service on a migrated database.
func New(db *sqlx.DB, options Options) *Service {
	if options.Now == nil {
		options.Now = time.Now
	}
	return &Service{statements: newStatements(db), memory: options.Memory, addresses: options.Addresses, clock: options.Now}
}

// Memory is what the service keeps of what it reads; nil if nothing.
func (s *Service) Memory() *Memory { return s.memory }

// attach is a step of loading: it asks for one relation of all the objects, if the selection does.
type attach[T any] func(ctx context.Context, b *batch, objects []*T, asked *Selection) error

// complete runs the steps.
func complete[T any](ctx context.Context, b *batch, objects []*T, asked *Selection, steps ...attach[T]) error {
	if len(objects) == 0 || asked == nil {
		return nil
	}
	for _, step := range steps {
		if err := step(ctx, b, objects, asked); err != nil {
			return err
		}
	}
	return nil
}

// pointers returns pointers to the elements, which go on living in the one array.
func pointers[T any](values []T) []*T {
	result := make([]*T, len(values))
	for i := range values {
		result[i] = &values[i]
	}
	return result
}

// grouped returns the values by their owners, those of one owner in the order of the rows.
func grouped[Row, Value any, Owner comparable](rows []Row, of func(*Row) (Owner, Value)) map[Owner][]Value {
	groups := make(map[Owner][]Value)
	for i := range rows {
		owner, value := of(&rows[i])
		groups[owner] = append(groups[owner], value)
	}
	return groups
}
