package edge

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"broadsheet/internal/changes"
)

// courier tells one destination of changes, in their order.
type courier struct {
	destination
	db       *sqlx.DB
	log      *slog.Logger
	couriers *Couriers
	woken    chan struct{}
}

const (
	// settled is how long after a change an answer may still arrive somewhere that was read before it: by a node that has
	// not heard of it yet, or slowly. What arrives after the first telling goes with the second one.
	settled = 5 * time.Second
	// idle is how long a courier sleeps that is not woken, in case that the node hears of nothing.
	idle = 10 * time.Second
	// busy is how long another node may take, or a failure may be recent.
	busy = time.Second
	// longestTelling bounds one delivery, in which a connection to Postgres is held.
	longestTelling = 30 * time.Second

	mostAtOnce    = 1000
	mostBehind    = 10 * mostAtOnce // more changes than these cost less as everything
	mostFailures  = 6               // in a row; then everything is told, since nobody knows what has arrived
	shortestPause = 500 * time.Millisecond
	longestPause  = time.Minute
)

// standing is how far a destination has been told, for all nodes. Who holds the row's lock is telling.
type standing struct {
	Position  int64 // of the last change that it was told of at once; -1: of none, and it may keep what is older than all of them
	Confirmed int64 // of the last change that it was told of when all was settled; for who waits the only one that counts
	Failures  int   // in a row
	Newest    int64 // the last change there is
	Settled   int64 // the last change for which all is settled
}

func (c *courier) wake() {
	select {
	case c.woken <- struct{}{}:
	default:
	}
}

func (c *courier) run(ctx context.Context) {
	for ctx.Err() == nil {
		next, err := c.deliver(ctx)
		if err != nil && ctx.Err() == nil {
			c.log.Warn("a delivery of changes failed; it is tried again", "destination", c.name(), "error", err, "in", next)
		}
		timer := time.NewTimer(next)
		select {
		case <-ctx.Done():
		case <-c.woken:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// deliver tells what is to be told now, unless another node is about it, and returns when to look again.
func (c *courier) deliver(ctx context.Context) (next time.Duration, err error) {
	tx, err := c.db.BeginTxx(ctx, nil)
	if err != nil {
		return longestPause, fmt.Errorf("begin a delivery: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	at, err := c.standing(ctx, tx)
	if errors.Is(err, sql.ErrNoRows) {
		return busy, nil
	}
	if err != nil {
		return idle, err
	}
	telling, cancel := context.WithTimeout(ctx, longestTelling)
	defer cancel()
	if next, err = c.tellFrom(telling, tx, at); err != nil {
		at.Failures++
	}
	_, failed := tx.ExecContext(ctx, `update deliveries set position = $2, confirmed = $3, failures = $4,
		retry_at = clock_timestamp() + $5 * interval '1 millisecond' where destination = $1
		and (position, confirmed, failures) is distinct from ($2, $3, $4)`, c.name(), at.Position, at.Confirmed, at.Failures, pause(err, at.Failures).Milliseconds())
	if failed == nil {
		failed = tx.Commit()
	}
	if err != nil {
		next = pause(err, at.Failures)
	}
	return next, errors.Join(err, failed)
}

// standing locks the destination's row and returns what it says. There is none while another node is about it, or while
// a failure is too recent.
func (c *courier) standing(ctx context.Context, tx *sqlx.Tx) (*standing, error) {
	if _, err := tx.ExecContext(ctx, `insert into deliveries (destination) values ($1) on conflict do nothing`, c.name()); err != nil {
		return nil, fmt.Errorf("enter the destination of changes: %w", err)
	}
	at := new(standing)
	err := tx.GetContext(ctx, at, `
		select position, confirmed, failures, coalesce((select max(position) from changes), 0) as newest,
			coalesce((select max(position) from changes where at <= clock_timestamp() - $2 * interval '1 millisecond'), 0) as settled
		from deliveries where destination = $1 and retry_at <= clock_timestamp() for update skip locked`, c.name(), settled.Milliseconds())
	if err != nil {
		return nil, fmt.Errorf("see what is to be delivered: %w", err)
	}
	return at, nil
}

// tellFrom tells what comes after a standing, moves it on, and returns when there will be more to tell.
func (c *courier) tellFrom(ctx context.Context, tx *sqlx.Tx, at *standing) (next time.Duration, err error) {
	c.couriers.behind.WithLabelValues(c.name()).Set(float64(at.Newest - max(0, at.Position)))
	defer func() { c.count(err, "failed") }()
	told := at.Position
	if c.waits() {
		told = at.Confirmed
	}
	if told < 0 || told > at.Newest || at.Newest-told > mostBehind || at.Failures >= mostFailures {
		if err := c.tellEverything(ctx, at.Newest); err != nil {
			return 0, err
		}
		c.count(nil, "everything")
		*at = standing{Position: at.Newest, Confirmed: at.Settled, Newest: at.Newest}
		return c.rest(at), nil
	}
	if c.waits() {
		at.Position = at.Newest
	}
	changed, err := read(ctx, tx, at)
	if err != nil || len(changed) == 0 {
		return c.rest(at), err
	}
	position := max(at.Position, changed[len(changed)-1].Position)
	if err := c.tell(ctx, changed, position); err != nil {
		return 0, err
	}
	c.count(nil, "told")
	at.Failures = 0
	for _, change := range changed {
		if change.Position <= at.Settled {
			at.Confirmed = change.Position
		}
	}
	at.Position = position
	if len(changed) == mostAtOnce {
		return 0, nil
	}
	return c.rest(at), nil
}

// rest is how long there is nothing to tell, unless something changes.
func (c *courier) rest(at *standing) time.Duration {
	if at.Confirmed < at.Position {
		return settled
	}
	return idle
}

func (c *courier) count(err error, outcome string) {
	if err != nil || outcome != "failed" {
		c.couriers.tellings.WithLabelValues(c.name(), outcome).Inc()
	}
}

// pause is how long to wait after so many failures in a row.
func pause(err error, failures int) time.Duration {
	if err == nil {
		return 0
	}
	wait := min(longestPause, shortestPause<<min(failures-1, 10))
	if refused := new(refusal); errors.As(err, &refused) {
		wait = max(wait, min(longestPause, refused.retryAfter))
	}
	return wait
}

// read returns what is to be told: what came since, and what was not yet settled when it was told.
func read(ctx context.Context, tx *sqlx.Tx, at *standing) ([]changes.Change, error) {
	var rows []struct {
		Position int64
		At       time.Time
		Subject  string
		Keys     pq.StringArray
	}
	err := tx.SelectContext(ctx, &rows, `select position, at, subject, keys from changes
		where position > $1 or position > $2 and position <= $3 order by position limit $4`, at.Position, at.Confirmed, at.Settled, mostAtOnce)
	if err != nil {
		return nil, fmt.Errorf("read what is to be delivered: %w", err)
	}
	changed := make([]changes.Change, len(rows))
	for i, row := range rows {
		changed[i] = changes.Change{Position: row.Position, At: row.At, Subject: row.Subject, Announced: changes.Announcements(row.Keys)}
	}
	return changed, nil
}
