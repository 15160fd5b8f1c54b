// Package database opens Postgres: somebody's, or one that Broadsheet runs by itself. It keeps the schema up to date.
package database

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// OldestPostgres is the oldest major version that the schema and the statements work with.
const OldestPostgres = 14

// Pool bounds the connections to Postgres. The zero value is a sensible one.
type Pool struct {
	MaxOpen int // 0: two for each core and at least 4, which keeps Postgres busy
}

func (p Pool) maxOpen() int {
	if p.MaxOpen > 0 {
		return p.MaxOpen
	}
	return max(4, 2*runtime.NumCPU())
}

// Open connects to the database that a URL or a lib/pq connection string names, and checks that it answers and is new
// enough.
func Open(ctx context.Context, url string, pool Pool) (*sqlx.DB, error) {
	config, err := pq.NewConfig(url)
	if err != nil {
		return nil, fmt.Errorf("the address of the database: %w", err)
	}
	config.ApplicationName = "broadsheet"
	if !strings.Contains(url, "sslmode") && os.Getenv("PGSSLMODE") == "" {
		config.SSLMode = pq.SSLModePrefer // as psql does; lib/pq alone would insist on TLS
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 10 * time.Second
	}
	if config.Runtime == nil {
		config.Runtime = make(map[string]string)
	}
	config.Runtime["TimeZone"] = "UTC" // times leave Postgres as the API shows them
	connector, err := pq.NewConnectorConfig(config)
	if err != nil {
		return nil, fmt.Errorf("the address of the database: %w", err)
	}
	db := sqlx.NewDb(sql.OpenDB(connector), "postgres")
	db.SetMaxOpenConns(pool.maxOpen())
	db.SetMaxIdleConns(pool.maxOpen()) // prepared statements live with their connections
	db.SetConnMaxIdleTime(10 * time.Minute)
	if err := checkVersion(ctx, db); err != nil {
		_ = db.Close()
		return nil, err
	}
	return db, nil
}

func checkVersion(ctx context.Context, db *sqlx.DB) error {
	var number int
	if err := db.GetContext(ctx, &number, `select current_setting('server_version_num')::int`); err != nil {
		return fmt.Errorf("connect to Postgres: %w", err)
	}
	if major := number / 10000; major < OldestPostgres {
		return fmt.Errorf("the database runs Postgres %d; version %d or later is needed", major, OldestPostgres)
	}
	return nil
}
