package changes

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"broadsheet/internal/content"
	"broadsheet/internal/database/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

func newFollower(db *sqlx.DB) *Follower {
	return NewFollower(NewLog(slog.New(slog.DiscardHandler)), db)
}

// What is still to be worked off when the connection breaks does not make us current.
func TestOnlyAConnectedFollowerIsCurrent(t *testing.T) {
	t.Parallel()
	f := newFollower(dbtest.New(t))
	isCurrent := func() bool {
		_, current := f.log.Current()
		return current
	}
	f.catchUp(t.Context())
	if isCurrent() {
		t.Error("current before it was connected")
	}
	f.connected.Store(true)
	f.catchUp(t.Context())
	if !isCurrent() {
		t.Error("not current, connected and caught up")
	}
	f.connected.Store(false)
	f.log.Lose(errors.New("gone"))
	f.catchUp(t.Context())
	if isCurrent() {
		t.Error("current without a connection")
	}
	f.connected.Store(true)
	f.log.OnChange(func([]Change) { f.log.Lose(errors.New("gone again")) })
	if _, err := f.db.Exec(`update site set name = 'Other'`); err != nil {
		t.Fatal(err)
	}
	f.catchUp(t.Context())
	if isCurrent() {
		t.Error("current, though the connection broke while the log was read")
	}
}

// A connection that Postgres ends is made again, and what came in between is applied.
func TestAFollowerComesBack(t *testing.T) {
	t.Parallel()
	db, name := dbtest.NewNamed(t)
	f := newFollower(db)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f.Run(ctx, dbtest.URL(name))
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	for range 3 {
		await(t, "the follower's connection to be there, and to be ended", func() bool {
			var killed int
			err := db.Get(&killed, `select count(pg_terminate_backend(pid)) from pg_stat_activity
				where datname = current_database() and pid <> pg_backend_pid() and query ilike 'listen%'`)
			return err == nil && killed > 0
		})
		var position int64
		if _, err := db.Exec(`update site set description = description || 'x'`); err != nil {
			t.Fatal(err)
		}
		if err := db.Get(&position, `select max(position) from changes`); err != nil {
			t.Fatal(err)
		}
		patience, cancel := context.WithTimeout(t.Context(), time.Minute)
		if err := f.log.Wait(patience, position); err != nil {
			t.Errorf("position %d is never applied: %v", position, err)
		}
		cancel()
	}
	await(t, "the follower to be current", func() bool {
		_, current := f.log.Current()
		return current
	})
}

func await(t *testing.T, what string, isSo func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(time.Minute); !isSo(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// An answer that was read just before a story was due ends at that moment, even if the log was read since.
func TestAppearancesAreRememberedAfterTheirMoment(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	f := newFollower(db)
	due := time.Now().Add(300 * time.Millisecond).Truncate(time.Microsecond)
	db.MustExec(`insert into articles (slug, title, status, published_at) values ('due', 'Due', 'SCHEDULED', $1)`, due)
	f.catchUp(t.Context())
	await(t, "the story to be due", func() bool { return time.Now().After(due) })
	slug := []content.Dependency{{Key: content.Key{Kind: "article-slug", Name: "due"}}}
	for range 2 {
		db.MustExec(`insert into articles (slug, title, status) values ('other-' || random(), 'Other', 'PUBLISHED')`)
		f.catchUp(t.Context())
		if until := f.log.GoodUntil(due.Add(-time.Second), slug, 0); !until.Equal(due) {
			t.Errorf("an answer from before is good until %v", until)
		}
		if until := f.log.GoodUntil(time.Now(), slug, 0); !until.IsZero() {
			t.Errorf("an answer from after is good until %v", until)
		}
	}
	if f.log.setComing(nil, time.Now().Add(LongestFill+time.Second)); len(f.log.coming) > 0 {
		t.Errorf("remembered for ever: %v", f.log.coming)
	}
}
