package changes

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"broadsheet/internal/content"
)

// Follower reads the log from the database as it grows.
type Follower struct {
	log       *Log
	db        *sqlx.DB
	prepared  map[string]*sqlx.Stmt
	begun     bool
	connected atomic.Bool // whether Postgres can tell us of changes
}

// NewFollower returns one that has read nothing yet. It asks the database one thing at a time: a pool of its own, of one
// connection, saves it from waiting behind those who read stories.
func NewFollower(log *Log, db *sqlx.DB) *Follower {
	return &Follower{log: log, db: db, prepared: make(map[string]*sqlx.Stmt)}
}

// Intervals of a follower: the longest that a lost connection may go unnoticed, and the pauses between attempts to
// connect again.
const (
	heartbeat     = 2 * time.Second
	reconnectSoon = 100 * time.Millisecond
	reconnectLate = 5 * time.Second
)

// Run follows the log until ctx is done, by a connection of its own to the database that url leads to. It connects again
// as often as it has to.
func (f *Follower) Run(ctx context.Context, url string) {
	listener := pq.NewListener(url, reconnectSoon, reconnectLate, func(event pq.ListenerEventType, err error) {
		switch event {
		case pq.ListenerEventConnected, pq.ListenerEventReconnected:
			f.connected.Store(true)
		default:
			f.connected.Store(false)
			f.log.Lose(err)
		}
	})
	closing := context.AfterFunc(ctx, func() { _ = listener.Close() }) // Listen waits for a connection as long as it takes
	defer closing()
	if err := listener.Listen("changes"); err != nil {
		f.log.Lose(err)
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	f.catchUp(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-listener.Notify: // nil after a reconnect: what came in between is in the log
			f.catchUp(ctx)
		case <-beat.C:
			if err := ping(listener); err != nil {
				f.log.Lose(err)
			} else if _, current := f.log.Current(); !current {
				f.catchUp(ctx)
			}
		}
	}
}

// ping does not wait longer than a lost connection may go unnoticed.
func ping(listener *pq.Listener) error {
	answered := make(chan error, 1)
	go func() { answered <- listener.Ping() }()
	select {
	case err := <-answered:
		return err
	case <-time.After(heartbeat):
		return errors.New("Postgres does not answer on the connection that tells of changes")
	}
}

// catchUp applies what stands in the log after the position. All is heard then if there was a connection from before the
// log was read.
func (f *Follower) catchUp(ctx context.Context) {
	losses, connected := f.log.Losses(), f.connected.Load()
	if err := f.read(ctx); err != nil {
		if ctx.Err() == nil {
			f.log.Lose(err)
		}
		return
	}
	if connected {
		f.log.Regain(losses)
	}
}

const mostAtOnce = 1000

func (f *Follower) read(ctx context.Context) error {
	if !f.begun {
		return f.begin(ctx)
	}
	for {
		var rows []struct {
			Position int64
			At       time.Time
			Subject  string
			Keys     pq.StringArray
		}
		err := f.selectAll(ctx, &rows, `select position, at, subject, keys from changes where position > $1 order by position limit $2`,
			f.log.Position(), mostAtOnce)
		if err != nil {
			return fmt.Errorf("read the log of changes: %w", err)
		}
		if len(rows) == 0 {
			return nil
		}
		changes := make([]Change, len(rows))
		for i, row := range rows {
			changes[i] = Change{row.Position, row.At, row.Subject, Announcements(row.Keys)}
		}
		coming, err := f.readComing(ctx)
		if err != nil {
			return err
		}
		f.log.Apply(changes, changes[len(changes)-1].Position, coming)
		if len(rows) < mostAtOnce { // of what comes later we are told
			return nil
		}
	}
}

// selectAll keeps its statements prepared: each change would wait for Postgres to plan them. After an error they are
// prepared anew, since it may be the schema that has changed.
func (f *Follower) selectAll(ctx context.Context, rows any, text string, args ...any) (err error) {
	statement := f.prepared[text]
	if statement == nil {
		if statement, err = f.db.PreparexContext(ctx, text); err != nil {
			return err
		}
		f.prepared[text] = statement
	}
	if err = statement.SelectContext(ctx, rows, args...); err != nil {
		delete(f.prepared, text)
		_ = statement.Close()
	}
	return err
}

// Announcements reads the keys of an entry of the log.
func Announcements(keys []string) []content.Announcement {
	parsed := make([]content.Announcement, len(keys))
	for i, key := range keys {
		parsed[i] = content.ParseAnnouncement(key)
	}
	return parsed
}

// begin takes the log's end for its start: nothing is kept yet that a change before it could concern.
func (f *Follower) begin(ctx context.Context) error {
	var position int64
	if err := f.db.GetContext(ctx, &position, `select coalesce(max(position), 0) from changes`); err != nil {
		return fmt.Errorf("read the log of changes: %w", err)
	}
	coming, err := f.readComing(ctx)
	if err != nil {
		return err
	}
	f.log.Apply(nil, position, coming)
	f.begun = true
	return nil
}

// readComing reads what will appear by itself, and when: to partners some time after the public. What has appeared to all by
// now, the log remembers.
func (f *Follower) readComing(ctx context.Context) ([]Appearance, error) {
	var rows []struct {
		At   time.Time
		Keys pq.StringArray
	}
	err := f.selectAll(ctx, &rows, `
		with since as (select $1::timestamptz - coalesce(max(delay_seconds), 0) * interval '1 second' as at from partners)
		select greatest(a.published_at, a.embargoed_until) as at, array_remove(appearance_keys(a), null) as keys
		from articles a
		where a.id in (
			select id from articles where published_at > (select at from since) and status in ('PUBLISHED', 'SCHEDULED')
			union
			select id from articles where embargoed_until > (select at from since) and status in ('PUBLISHED', 'SCHEDULED'))
		union all
		select at, array['article-corrections:' || article_id] from corrections where at > (select at from since)
		order by at`, time.Now())
	if err != nil {
		return nil, fmt.Errorf("read what is coming: %w", err)
	}
	coming := make([]Appearance, len(rows))
	for i, row := range rows {
		coming[i] = Appearance{row.At, Announcements(row.Keys)}
	}
	return coming, nil
}
