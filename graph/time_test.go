package graph_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"broadsheet/graph"
	"broadsheet/internal/database/dbtest"
)

func TestTimeCancelsTheQuery(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	limits := graph.DefaultLimits()
	limits.Time = 100 * time.Millisecond
	door := openDoor(t, db, limits, io.Discard)
	release := lockSite(t, db)
	for accept, status := range map[string]int{legacyType: http.StatusOK, responseType: http.StatusGatewayTimeout} {
		came := post(t, door, "{ site { name } }", nil, "Accept", accept)
		if came.status != status || came.code() != "TIMEOUT" || string(came.Data) != "null" {
			t.Errorf("%s: %d %s", accept, came.status, came.text)
		}
	}
	until(t, "no query is left", func() bool { return waiting(t, db) == 0 })
	release()
	limits.Time = time.Minute
	if came := post(t, openDoor(t, db, limits, io.Discard), "{ site { name } }", nil); len(came.Errors) > 0 {
		t.Errorf("afterwards: %s", came.text)
	}
}

func TestNoTimeAtAll(t *testing.T) {
	t.Parallel()
	limits := graph.DefaultLimits()
	limits.Time = 0
	door := openDoor(t, dbtest.New(t), limits, io.Discard)
	for accept, status := range map[string]int{legacyType: http.StatusOK, responseType: http.StatusGatewayTimeout} {
		came := post(t, door, "{ site { name } }", nil, "Accept", accept)
		if came.status != status || came.code() != "TIMEOUT" {
			t.Errorf("%s: %d %s", accept, came.status, came.text)
		}
		came.wantRefusal(t, "no time")
	}
}

// Who leaves takes the query with them; the layer above learns it from the status.
func TestClientThatLeaves(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	limits := graph.DefaultLimits()
	limits.Time = time.Hour
	handler := doorTo(t, db, limits, io.Discard)
	statuses := make(chan int, 1)
	door := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, r)
		statuses <- recorder.Code
	}))
	t.Cleanup(door.Close)
	release := lockSite(t, db)
	defer release()
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, door.URL+"?query="+url.QueryEscape("{ site { name } }"), nil)
		if err == nil {
			_, err = door.Client().Do(request)
		}
		left <- err
	}()
	until(t, "the query waits", func() bool { return waiting(t, db) == 1 })
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("the client: %v", err)
	}
	until(t, "no query is left", func() bool { return waiting(t, db) == 0 })
	if status := <-statuses; status != 499 {
		t.Errorf("status %d, want 499", status)
	}
}

// One request cannot take all connections to the database.
func TestManyRootFieldsLeaveRoomForOthers(t *testing.T) {
	t.Parallel()
	db, name := dbtest.NewNamed(t)
	pool, err := sqlx.Open("postgres", dbtest.URL(name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = pool.Close() }()
	pool.SetMaxOpenConns(5)
	door := openDoor(t, pool, graph.DefaultLimits(), io.Discard)
	release := lockSite(t, db)
	answered := make(chan *reply, 1)
	go func() {
		defer close(answered)
		answered <- post(t, door, "{"+repeat(20, "a%d:site{name}")+"}", nil)
	}()
	until(t, "its queries wait", func() bool { return waiting(t, db) == 4 })
	if came := post(t, door, `{campaign(slug:"none"){id}}`, nil); len(came.Errors) > 0 {
		t.Errorf("meanwhile: %s", came.text)
	}
	release()
	if came := <-answered; came == nil || len(came.Errors) > 0 || strings.Count(came.text, "Newsroom") != 20 {
		t.Errorf("the many: %+v", came)
	}
}

// lockSite keeps everybody from reading the table until it is released.
func lockSite(t *testing.T, db *sqlx.DB) (release func()) {
	t.Helper()
	lock, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock.Exec(`lock table site`); err != nil {
		t.Fatal(err)
	}
	return func() { _ = lock.Rollback() }
}

// waiting counts the queries of this database that wait for a lock.
func waiting(t *testing.T, db *sqlx.DB) (queries int) {
	t.Helper()
	err := db.Get(&queries, `select count(*) from pg_stat_activity
		where datname = current_database() and state = 'active' and wait_event_type = 'Lock'`)
	if err != nil {
		t.Fatal(err)
	}
	return queries
}

func until(t *testing.T, what string, isSo func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(time.Minute); !isSo(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
