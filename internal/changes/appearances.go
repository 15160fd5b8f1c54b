package changes

import (
	"context"
	"database/sql"
	"log/slog"
	"time"

	"github.com/jmoiron/sqlx"
)

// Announcer appends to the log what appears by itself, such as a scheduled story, in the moment when it does by the
// database's clock. Answers are right without it, since they end when something appears; it is for those who hear of
// changes alone. Each node may have one: what one announces the others do not.
type Announcer struct {
	db    *sqlx.DB
	log   *slog.Logger
	woken chan struct{}
}

// NewAnnouncer returns one that listens to the log, which nobody may follow yet: it may tell of an earlier appearance.
func NewAnnouncer(log *Log, db *sqlx.DB) *Announcer {
	a := &Announcer{db: db, log: log.log, woken: make(chan struct{}, 1)}
	log.OnChange(func([]Change) {
		select {
		case a.woken <- struct{}{}:
		default:
		}
	})
	return a
}

// The longest and the shortest time between two looks, if nothing changes.
const (
	longestSleep  = 10 * time.Second
	shortestSleep = 10 * time.Millisecond
)

// Run announces until ctx is done.
func (a *Announcer) Run(ctx context.Context) {
	for ctx.Err() == nil {
		next, err := a.announce(ctx)
		if err != nil && ctx.Err() == nil {
			a.log.Warn("what appears by itself is not announced; it is tried again", "error", err, "in", next)
		}
		timer := time.NewTimer(next)
		select {
		case <-ctx.Done():
		case <-a.woken:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// announce returns when to look again.
func (a *Announcer) announce(ctx context.Context) (time.Duration, error) {
	var seconds sql.Null[float64]
	if err := a.db.GetContext(ctx, &seconds, `select announce_appearances()`); err != nil {
		return longestSleep, err
	}
	if !seconds.Valid {
		return longestSleep, nil
	}
	next := time.Duration(seconds.V * float64(time.Second))
	return min(longestSleep, max(shortestSleep, next)), nil
}
