package database_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"broadsheet/internal/database"
)

func start(t *testing.T, dir string) *database.Local {
	t.Helper()
	local, err := database.StartLocal(context.Background(), database.LocalOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = local.Stop() })
	return local
}

// dataDir is a directory that another user can reach, since Postgres does not run as root.
func dataDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "broadsheet-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, strings.Repeat("long-", 20), "data")
}

func count(t *testing.T, local *database.Local, prepare string) int {
	t.Helper()
	db, err := database.Open(context.Background(), local.URL(), database.Pool{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.Exec(prepare); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := db.Get(&n, "select count(*) from kept"); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestDataSurvivesStopAndKill(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	local := start(t, dir)
	count(t, local, "create table kept (x int); insert into kept values (1)")
	if err := local.Stop(); err != nil {
		t.Fatal(err)
	}
	local = start(t, dir)
	if n := count(t, local, "insert into kept values (2)"); n != 2 {
		t.Fatalf("after a clean stop: %d rows, want 2", n)
	}
	kill(t, dir)
	<-local.Exited()
	if err := local.Stop(); err != nil {
		t.Fatal(err)
	}
	if n := count(t, start(t, dir), "select 1"); n != 2 {
		t.Fatalf("after kill -9: %d rows, want 2", n)
	}
}

func kill(t *testing.T, dir string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "postgres", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	for _, digit := range strings.SplitN(string(text), "\n", 2)[0] {
		pid = pid*10 + int(digit-'0')
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

func TestSecondServerOnOneDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	start(t, dir)
	_, err := database.StartLocal(context.Background(), database.LocalOptions{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "another Broadsheet") {
		t.Fatalf("second start: %v", err)
	}
}

func TestMissingBinariesAreNamed(t *testing.T) {
	t.Parallel()
	_, err := database.StartLocal(context.Background(), database.LocalOptions{
		Dir: dataDir(t), Binaries: database.Binaries{Dir: t.TempDir()},
	})
	if err == nil || !strings.Contains(err.Error(), "no programs of Postgres 14 or later") {
		t.Fatalf("start without programs: %v", err)
	}
}

func TestServersMigrateAtOnce(t *testing.T) {
	t.Parallel()
	local := start(t, dataDir(t))
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			db, err := database.Open(context.Background(), local.URL(), database.Pool{})
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = db.Close() }()
			if _, err := database.Migrate(context.Background(), db); err != nil {
				t.Error(err)
			}
			if pending, err := database.Pending(context.Background(), db); err != nil || pending != 0 {
				t.Errorf("pending after migrating: %d, %v", pending, err)
			}
		})
	}
	wait.Wait()
}
