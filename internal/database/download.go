package database

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

var downloadable = map[int]embeddedpostgres.PostgresVersion{
	0: embeddedpostgres.V17, 14: embeddedpostgres.V14, 15: embeddedpostgres.V15, 16: embeddedpostgres.V16,
	17: embeddedpostgres.V17, 18: embeddedpostgres.V18,
}

// download fetches the programs into the cache, once.
func (b Binaries) download(ctx context.Context, major int) (programs, error) {
	version, known := downloadable[major]
	if !known {
		return programs{}, fmt.Errorf("version %d is not offered for download", major)
	}
	home := filepath.Join(b.Cache, "postgres-"+string(version))
	if found, err := inspect(ctx, filepath.Join(home, "bin")); err == nil {
		return found, nil
	}
	done := make(chan error, 1)
	go func() { done <- b.fetch(version, home) }() // the library knows no context
	select {
	case err := <-done:
		if err != nil {
			return programs{}, err
		}
		return inspect(ctx, filepath.Join(home, "bin"))
	case <-ctx.Done():
		return programs{}, ctx.Err()
	}
}

// fetch downloads and unpacks. The library can only fetch and start in one; a locale that does not exist makes it stop
// in between, since how we start Postgres (as another user, without a TCP port) is not in its power.
func (b Binaries) fetch(version embeddedpostgres.PostgresVersion, home string) error {
	scratch, err := os.MkdirTemp("", "broadsheet-download-")
	if err != nil {
		return fmt.Errorf("download Postgres: %w", err)
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	config := embeddedpostgres.DefaultConfig().
		Version(version).
		Port(0).
		CachePath(filepath.Join(b.Cache, "archives")).
		BinariesPath(home).
		RuntimePath(filepath.Join(scratch, "runtime")).
		DataPath(filepath.Join(scratch, "data")).
		Locale("no-such-locale").
		Logger(io.Discard)
	if b.Repository != "" {
		config = config.BinaryRepositoryURL(b.Repository)
	}
	server := embeddedpostgres.NewDatabase(config)
	stopped := server.Start()
	if stopped == nil {
		return errors.Join(errors.New("the downloaded Postgres started where it should not have"), server.Stop())
	}
	if !exists(filepath.Join(home, "bin", "postgres")) {
		return stopped
	}
	return nil
}
