// Package cache keeps finished answers for as long as they are right: it follows the log of changes, and drops what a
// change concerns.
package cache

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"broadsheet/internal/content"
)

// Feed follows the log of changes. What it knows is right as of Position, while it is Current.
type Feed struct {
	db       *sqlx.DB
	log      *slog.Logger
	position atomic.Int64
	begun    bool
	lostAt   atomic.Int64 // since when changes may go unheard, in nanoseconds since 1970; 0: they do not

	mu        sync.Mutex
	apply     func([]content.Announcement)
	coming    []appearance  // in the order of time
	advanced  chan struct{} // closed, and replaced, when Position has grown
	connected bool          // whether Postgres can tell us of changes
	losses    int           // how often that came to an end
}

// appearance is a moment at which an article appears without anybody writing.
type appearance struct {
	at        time.Time
	announced []content.Announcement
}

// Intervals of the feed: the longest that a lost connection may go unnoticed, and the pauses between attempts to
// connect again.
const (
	heartbeat     = 2 * time.Second
	reconnectSoon = 100 * time.Millisecond
	reconnectLate = 5 * time.Second
)

// NewFeed returns a feed of the database that url leads to, too. It knows nothing until Run.
func NewFeed(db *sqlx.DB, log *slog.Logger) *Feed {
	f := &Feed{db: db, log: log, apply: func([]content.Announcement) {}, advanced: make(chan struct{})}
	f.lostAt.Store(time.Now().UnixNano())
	return f
}

// OnChange sets what is called with each transaction's announcements, before Position says that they are applied. It
// has to be set before Run.
func (f *Feed) OnChange(apply func([]content.Announcement)) { f.apply = apply }

// Position is that of the last change that is applied.
func (f *Feed) Position() int64 { return f.position.Load() }

// Current tells whether the feed hears of changes as they happen; if not, since when.
func (f *Feed) Current() (since time.Time, current bool) {
	lost := f.lostAt.Load()
	return time.Unix(0, lost), lost == 0
}

// Wait returns when the position is applied. The error is that of ctx.
func (f *Feed) Wait(ctx context.Context, position int64) error {
	for {
		f.mu.Lock()
		advanced := f.advanced
		f.mu.Unlock()
		if f.Position() >= position {
			return nil
		}
		select {
		case <-advanced:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Run follows the log until ctx is done. It connects again as often as it has to.
func (f *Feed) Run(ctx context.Context, url string) {
	listener := pq.NewListener(url, reconnectSoon, reconnectLate, func(event pq.ListenerEventType, err error) {
		switch event {
		case pq.ListenerEventConnected, pq.ListenerEventReconnected:
			f.connect(true)
		default:
			f.connect(false)
			f.lose(err)
		}
	})
	closing := context.AfterFunc(ctx, func() { _ = listener.Close() }) // Listen waits for a connection as long as it takes
	defer closing()
	if err := listener.Listen("changes"); err != nil {
		f.lose(err)
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
				f.lose(err)
			} else if _, current := f.Current(); !current {
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
		return errors.New("Postgres does not answer on the connection of the feed")
	}
}

func (f *Feed) connect(connected bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.connected = connected
}

func (f *Feed) lose(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.losses++
	if f.lostAt.CompareAndSwap(0, time.Now().UnixNano()) {
		f.log.Warn("the feed of changes is lost; answers are not kept until it is back", "error", err)
	}
}

// catchUp applies what stands in the log after the position. The feed is current then if it has been connected from
// before the log was read: what came later is heard of.
func (f *Feed) catchUp(ctx context.Context) {
	f.mu.Lock()
	connected, losses := f.connected, f.losses
	f.mu.Unlock()
	if err := f.read(ctx); err != nil {
		if ctx.Err() == nil {
			f.lose(err)
		}
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if connected && f.losses == losses && f.lostAt.Swap(0) != 0 {
		f.log.Info("the feed of changes is current", "position", f.Position())
	}
}

const mostAtOnce = 1000

func (f *Feed) read(ctx context.Context) error {
	if !f.begun {
		return f.begin(ctx)
	}
	type change struct {
		Position int64
		Keys     pq.StringArray
	}
	for {
		var changes []change
		err := f.db.SelectContext(ctx, &changes, `select position, keys from changes where position > $1 order by position limit $2`,
			f.Position(), mostAtOnce)
		if err != nil {
			return fmt.Errorf("read the log of changes: %w", err)
		}
		if len(changes) == 0 {
			return nil
		}
		var announced []content.Announcement
		for _, c := range changes {
			for _, key := range c.Keys {
				announced = append(announced, content.ParseAnnouncement(key))
			}
		}
		if err := f.readComing(ctx); err != nil {
			return err
		}
		f.apply(announced)
		f.advance(changes[len(changes)-1].Position)
	}
}

func (f *Feed) advance(to int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.position.Store(to)
	close(f.advanced)
	f.advanced = make(chan struct{})
}

// begin takes the log's end for its start: nothing is kept yet that a change before it could concern.
func (f *Feed) begin(ctx context.Context) error {
	var position int64
	if err := f.db.GetContext(ctx, &position, `select coalesce(max(position), 0) from changes`); err != nil {
		return fmt.Errorf("read the log of changes: %w", err)
	}
	if err := f.readComing(ctx); err != nil {
		return err
	}
	f.advance(position)
	f.begun = true
	return nil
}

// longestFill is how long an answer may take to be made if it is to be kept. For so long an appearance is remembered
// after its moment, since an answer may have been read before it.
const longestFill = 5 * time.Minute

// readComing reads which articles will appear by themselves, and when.
func (f *Feed) readComing(ctx context.Context) error {
	var rows []struct {
		At   time.Time
		Keys pq.StringArray
	}
	err := f.db.SelectContext(ctx, &rows, `
		select greatest(a.published_at, a.embargoed_until) as at, appearance_keys(a) as keys
		from articles a
		where a.id in (
			select id from articles where published_at > $1 and status in ('PUBLISHED', 'SCHEDULED')
			union
			select id from articles where embargoed_until > $1 and status in ('PUBLISHED', 'SCHEDULED'))
		union all
		select at, array['article-extras:' || article_id] from corrections where at > $1
		order by at`, time.Now().Add(-longestFill))
	if err != nil {
		return fmt.Errorf("read which articles are coming: %w", err)
	}
	coming := make([]appearance, len(rows))
	for i, row := range rows {
		coming[i].at = row.At
		for _, key := range row.Keys {
			coming[i].announced = append(coming[i].announced, content.ParseAnnouncement(key))
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.coming = coming
	return nil
}

// goodUntil is when an answer with these dependencies, read at a time, changes by itself; the zero time if never.
func (f *Feed) goodUntil(readAt time.Time, dependencies []content.Dependency) time.Time {
	f.mu.Lock()
	coming := f.coming
	f.mu.Unlock()
	for _, appearance := range coming {
		if !appearance.at.After(readAt) {
			continue
		}
		for _, announced := range appearance.announced {
			if slices.ContainsFunc(dependencies, announced.Concerns) {
				return appearance.at
			}
		}
	}
	return time.Time{}
}
