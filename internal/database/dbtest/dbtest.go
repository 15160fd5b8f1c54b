// Package dbtest gives each test a migrated database of its own, on a throw-away Postgres that the test process starts.
//
//	func TestMain(m *testing.M) { dbtest.Main(m) }
//
//	func TestSomething(t *testing.T) {
//		t.Parallel()
//		db := dbtest.New(t)
//	}
package dbtest

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jmoiron/sqlx"

	"broadsheet/internal/database"
)

var (
	server *database.Local
	admin  *sqlx.DB
	number atomic.Int64
)

// Main starts the server, runs the tests and stops the server. It does not return.
func Main(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "dbtest:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	ctx := context.Background()
	dir, err := os.MkdirTemp("/tmp", "broadsheet-test-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.Chmod(dir, 0o755); err != nil { // its Postgres may run as another user
		return 0, err
	}
	server, err = database.StartLocal(ctx, database.LocalOptions{Dir: dir, Settings: []string{
		"fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=300",
	}})
	if err != nil {
		return 0, err
	}
	defer func() { _ = server.Stop() }()
	admin, err = database.Open(ctx, server.URL(), database.Pool{})
	if err != nil {
		return 0, err
	}
	defer func() { _ = admin.Close() }()
	template, err := database.Open(ctx, URL(templateName), database.Pool{})
	if err != nil {
		return 0, err
	}
	_, err = database.Migrate(ctx, template)
	if err != nil {
		return 0, err
	}
	if err := template.Close(); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

// templateName is the database that the tests' databases are copied from.
const templateName = "postgres"

// URL is the address of a database of the test server, for running the program itself against it.
func URL(name string) string {
	return strings.Replace(server.URL(), "dbname=broadsheet", "dbname="+name, 1)
}

// New returns a migrated, empty database that is dropped when the test ends.
func New(tb testing.TB) *sqlx.DB {
	tb.Helper()
	db, _ := NewNamed(tb)
	return db
}

// NewNamed is New with the name of the database, for URL.
func NewNamed(tb testing.TB) (*sqlx.DB, string) {
	tb.Helper()
	if admin == nil {
		tb.Fatal("dbtest.Main has to be the package's TestMain")
	}
	name := fmt.Sprintf("test_%d", number.Add(1))
	if _, err := admin.Exec("create database " + name + " template " + templateName); err != nil {
		tb.Fatal(err)
	}
	db, err := database.Open(context.Background(), URL(name), database.Pool{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = db.Close()
		if _, err := admin.Exec("drop database " + name + " with (force)"); err != nil {
			tb.Error(err)
		}
	})
	return db, name
}
