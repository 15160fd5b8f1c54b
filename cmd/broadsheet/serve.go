package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"strconv"
	"time"

	"broadsheet/internal/changes"
	"broadsheet/internal/config"
	"broadsheet/internal/content"
	"broadsheet/internal/database"
	"broadsheet/internal/server"
)

type serveCommand struct {
	config.Server
	Migrate bool `help:"Bring the database's schema up to date first."`
}

// Run serves until the program is told to stop.
func (c *serveCommand) Run(ctx context.Context) error {
	log := c.Logger(os.Stderr)
	listeners, err := listen(ctx, &c.Server)
	if err != nil {
		return err
	}
	defer listeners.close()
	db, err := connect(ctx, &c.Database, log, false)
	if err != nil {
		return err
	}
	if c.Migrate {
		_, err = database.Migrate(ctx, db.DB)
	}
	if err == nil {
		err = database.CheckMigrated(ctx, db.DB)
	}
	if err == nil {
		err = serve(ctx, &c.Server, server.Options{Log: log}, db, listeners)
	}
	return errors.Join(err, db.Close())
}

// besideCaches is the heap that the server may take for all but what it keeps, in bytes, before it collects more often.
const besideCaches = 128 << 20

// serve answers until ctx is done, or until the Postgres that we run is lost.
func serve(ctx context.Context, c *config.Server, options server.Options, db *connection, on *listeners) error {
	if os.Getenv("GOGC") == "" {
		// The live heap is small, and what an answer needs is garbage a moment later: collecting four times as
		// rarely halves the processor's time for tens of megabytes.
		debug.SetGCPercent(400)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		// What is kept is no garbage: from here on it is collected more often instead of growing fourfold. Rows in memory
		// are none of the garbage collector's.
		debug.SetMemoryLimit(c.CacheBytes + besideCaches)
	}
	addresses, err := c.Addresses(on.origin())
	if err != nil {
		return err
	}
	if options.Origin, err = c.Origin(on.origin()); err != nil {
		return err
	}
	if options.Trusted, err = c.Trusted(); err != nil {
		return err
	}
	options.DB, options.Limits, options.Private, options.Hub = db.DB, c.Limits(), on.operations != nil, c.WebSubHub
	options.Proxies = c.Proxies()
	log := changes.NewLog(options.Log)
	options.Content = content.New(db.DB, content.Options{Addresses: addresses, Memory: changes.NewMemory(log, c.MemoryBytes)})

	ctx, lost := context.WithCancelCause(ctx)
	defer lost(nil)
	go func() {
		select {
		case <-db.lost():
			lost(errPostgresLost)
		case <-ctx.Done():
		}
	}()
	following, err := follow(ctx, c, &options, db, log)
	if err != nil {
		return err
	}
	defer func() {
		lost(nil)
		following()
	}()
	options.Log.Info("serving", "address", on.origin(), "playground", on.origin()+"/playground")
	err = server.New(options).Run(ctx, server.Running{
		Public: on.public, Operations: on.operations, Answer: c.Timeout, Drain: c.Drain, Grace: c.Grace,
	})
	if cause := context.Cause(ctx); errors.Is(cause, errPostgresLost) {
		return errors.Join(cause, err)
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return errors.Join(err, options.Partners.Flush(last))
}

var errPostgresLost = errors.New("Postgres has ended under us; its own log in the data directory says why. Nothing that was written is lost: start again")

// listeners are opened before anything else, so that a port that is taken is told at once.
type listeners struct{ public, operations net.Listener }

func listen(ctx context.Context, c *config.Server) (*listeners, error) {
	var opened listeners
	for _, l := range []struct {
		address, flag string
		into          *net.Listener
	}{{c.Addr, "--addr", &opened.public}, {c.AdminAddr, "--admin-addr", &opened.operations}} {
		if l.address == "" {
			continue
		}
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", l.address)
		if err != nil {
			opened.close()
			return nil, fmt.Errorf("%w; choose another address with %s", err, l.flag)
		}
		*l.into = listener
	}
	if opened.public == nil {
		return nil, errors.New("--addr is empty; write it like 127.0.0.1:8080")
	}
	return &opened, nil
}

func (l *listeners) close() {
	for _, listener := range []net.Listener{l.public, l.operations} {
		if listener != nil {
			_ = listener.Close()
		}
	}
}

// origin is the address by which this machine reaches the server.
func (l *listeners) origin() string {
	address := l.public.Addr().(*net.TCPAddr)
	host := address.IP.String()
	if address.IP.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, strconv.Itoa(address.Port))
}
