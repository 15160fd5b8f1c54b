// Package database opens Postgres: somebody's, or one that Broadsheet runs by itself. It keeps the schema up to date.
package database

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
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
// enough. Its errors say what to do, and never hold the password.
func Open(ctx context.Context, url string, pool Pool) (*sqlx.DB, error) {
	config, err := parse(url)
	if err != nil {
		return nil, fmt.Errorf("the address of the database: %w", err)
	}
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
		return nil, explain(err, config)
	}
	return db, nil
}

// otherScheme matches a URL of something else, which lib/pq would read as a strange connection string.
var otherScheme = regexp.MustCompile(`(?i)^[a-z0-9+.-]+://`)

func parse(url string) (pq.Config, error) {
	config, err := pq.NewConfig(url)
	foreign := otherScheme.MatchString(url) && !strings.HasPrefix(url, "postgres")
	if foreign || err != nil && !strings.HasPrefix(err.Error(), "pq: ") { // the others quote the address, password and all
		return pq.Config{}, errors.New("it does not look like postgres://user:password@host:5432/name, where special " +
			"characters of the password are written as %XX, or like host=… user=… password=… dbname=…")
	}
	if err != nil {
		return pq.Config{}, err
	}
	config.ApplicationName = cmp.Or(config.ApplicationName, "broadsheet")
	config.SSLMode = cmp.Or(config.SSLMode, pq.SSLModePrefer) // as psql does; lib/pq alone would insist on TLS
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 10 * time.Second
	}
	if config.Runtime == nil {
		config.Runtime = make(map[string]string)
	}
	config.Runtime["TimeZone"] = "UTC" // times leave Postgres as the API shows them
	// Each order has its index, so the best plan is the same for all values; to plan anew for each costs as much as to run.
	config.Runtime["plan_cache_mode"] = "force_generic_plan"
	return config, nil
}

// ListenAddress returns the address for a pq.Listener, which uses TLS then as Open does.
func ListenAddress(url string) string {
	config, err := pq.NewConfig(url)
	switch {
	case err != nil || config.SSLMode != "":
		return url
	case !strings.Contains(url, "://"):
		return url + " sslmode=prefer"
	case strings.Contains(url, "?"):
		return url + "&sslmode=prefer"
	default:
		return url + "?sslmode=prefer"
	}
}

func checkVersion(ctx context.Context, db *sqlx.DB) error {
	var number int
	if err := db.GetContext(ctx, &number, `select current_setting('server_version_num')::int`); err != nil {
		return err
	}
	if major := number / 10000; major < OldestPostgres {
		return fmt.Errorf("the server runs Postgres %d; version %d or later is needed", major, OldestPostgres)
	}
	return nil
}

// explain adds which server it was, and what to do about the common reasons.
func explain(err error, config pq.Config) error {
	server := net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))
	if strings.HasPrefix(config.Host, "/") {
		server = "the socket in " + config.Host
	}
	advice := ""
	var refusal *pq.Error
	switch errors.As(err, &refusal); {
	case refusal == nil:
	case refusal.Code == pqerror.InvalidPassword && config.Password == "":
		advice = ". The address has no password: give one"
	case refusal.Code == pqerror.InvalidPassword:
		advice = ". Is the password in the address right, and are its special characters written as %XX?"
	case refusal.Code == pqerror.InvalidCatalogName:
		advice = ". Make it with `createdb`, or name another one in the address"
	}
	return fmt.Errorf("connect to Postgres at %s as %s: %w%s", server, config.User, err, advice)
}
