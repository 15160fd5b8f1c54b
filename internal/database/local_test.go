package database_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"broadsheet/internal/database"
)

func TestDataSurvivesAStop(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	local := start(t, dir)
	keep(t, local.URL())
	if err := local.Stop(); err != nil {
		t.Fatal(err)
	}
	local = start(t, dir)
	keep(t, local.URL())
	if n := kept(t, local.URL()); n != 2 {
		t.Fatalf("after a clean stop: %d rows, want 2", n)
	}
}

func TestALongLogIsPutAsideAtTheStart(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	if err := start(t, dir).Stop(); err != nil {
		t.Fatal(err)
	}
	const long = 17 << 20
	if err := os.Truncate(filepath.Join(dir, "postgres.log"), long); err != nil {
		t.Fatal(err)
	}
	start(t, dir)
	older, err := os.Stat(filepath.Join(dir, "postgres.log.1"))
	if err != nil || older.Size() != long {
		t.Errorf("what came before is not kept: %v", err)
	}
	if log := postgresLog(t, dir); len(log) > 1<<20 || !strings.Contains(log, "ready to accept connections") {
		t.Errorf("the log has %d bytes", len(log))
	}
}

// TestStopCutsConnections: what was committed stays, and Postgres is not left to recover at the next start.
func TestStopCutsConnections(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	local := start(t, dir)
	keep(t, local.URL())
	busyChild(t, local.URL())
	idle, err := open(t, local.URL()).Beginx()
	if err != nil {
		t.Fatal(err)
	}
	idle.MustExec("insert into kept values (2)")
	if err := local.Stop(); err != nil {
		t.Fatal(err)
	}
	if n := kept(t, start(t, dir).URL()); n != 1 {
		t.Fatalf("%d rows, want the one that was committed", n)
	}
	if log := postgresLog(t, dir); strings.Contains(log, "not properly shut down") || strings.Contains(log, "immediate shutdown") {
		t.Fatalf("it was not a clean stop:\n%s", log)
	}
}

// TestCtrlCDoesNotReachPostgres sends what a terminal does: a signal to the whole group of processes.
func TestCtrlCDoesNotReachPostgres(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	s := startServer(t, dir)
	group, err := syscall.Getpgid(postmaster(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	if group == s.Process.Pid {
		t.Fatal("Postgres is in Broadsheet's group of processes")
	}
	if err := syscall.Kill(-s.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	s.expect(t, "answers")
	if err := s.Wait(); err != nil {
		t.Fatal(err)
	}
	start(t, dir)
	if log := postgresLog(t, dir); strings.Contains(log, "not properly shut down") {
		t.Fatalf("it was not a clean stop:\n%s", log)
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

func TestRunningOneIsJoined(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	if _, running, err := database.RunningLocal(dir); running || err != nil {
		t.Fatalf("before there is a directory: %v, %v", running, err)
	}
	s := startServer(t, dir)
	url, running, err := database.RunningLocal(dir)
	if err != nil || !running {
		t.Fatalf("while it runs: %v, %v", running, err)
	}
	keep(t, url)
	s.kill(t)
	if _, running, err := database.RunningLocal(dir); running || err != nil {
		t.Fatalf("after it was killed: %v, %v", running, err)
	}
	start(t, dir)
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

func TestVariablesOfLibpqDoNotMatter(t *testing.T) {
	t.Setenv("PGPORT", "6543")
	t.Setenv("PGDATA", "/nonexistent")
	t.Setenv("PGHOST", "nowhere.invalid")
	t.Setenv("LC_ALL", "tlh_KL.UTF-8")
	keep(t, start(t, dataDir(t)).URL())
}
