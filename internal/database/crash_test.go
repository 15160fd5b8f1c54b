package database_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"broadsheet/internal/database"
)

func TestDataSurvivesAKilledPostgres(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	local := start(t, dir)
	keep(t, local.URL())
	kill(t, postmaster(t, dir))
	<-local.Exited()
	if err := local.Stop(); err != nil {
		t.Fatal(err)
	}
	if n := kept(t, start(t, dir).URL()); n != 1 {
		t.Fatalf("after kill -9: %d rows, want 1", n)
	}
}

// TestStartWaitsForChildrenOfAKilledPostgres keeps one of them busy, so that it does not notice, until the start says
// that it waits.
func TestStartWaitsForChildrenOfAKilledPostgres(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	local := start(t, dir)
	keep(t, local.URL())
	child := busyChild(t, local.URL())
	kill(t, postmaster(t, dir))
	<-local.Exited()
	if err := local.Stop(); err != nil {
		t.Fatal(err)
	}
	waited := false
	restarted := startWith(t, database.LocalOptions{Dir: dir, Log: slog.New(onLog(func(message string) {
		if strings.HasPrefix(message, "wait for the processes") {
			waited = true
			kill(t, child)
		}
	}))})
	if n := kept(t, restarted.URL()); n != 1 || !waited {
		t.Fatalf("%d rows, want 1; waited: %v", n, waited)
	}
}

// busyChild makes a process of Postgres run in a circle, and returns its number once it does.
func busyChild(t *testing.T, url string) int {
	t.Helper()
	db := open(t, url)
	conn, err := db.Connx(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	if err := conn.GetContext(context.Background(), &pid, "select pg_backend_pid()"); err != nil {
		t.Fatal(err)
	}
	go func() {
		_, _ = conn.ExecContext(context.Background(), "do $$ begin perform pg_advisory_lock(1); loop end loop; end $$")
	}()
	for running := false; !running; {
		if err := db.Get(&running, "select exists (select from pg_locks where locktype = 'advisory' and granted)"); err != nil {
			t.Fatal(err)
		}
	}
	return pid
}

func TestDataSurvivesAKilledBroadsheet(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	killed := startServer(t, dir)
	url, running, err := database.RunningLocal(dir)
	if err != nil || !running {
		t.Fatal(running, err)
	}
	keep(t, url)
	killed.kill(t)
	if n := kept(t, start(t, dir).URL()); n != 1 {
		t.Fatalf("after kill -9 of Broadsheet: %d rows, want 1", n)
	}
}

func TestDataSurvivesBothKilled(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	killed := startServer(t, dir)
	url, _, err := database.RunningLocal(dir)
	if err != nil {
		t.Fatal(err)
	}
	keep(t, url)
	if err := syscall.Kill(killed.Process.Pid, syscall.SIGSTOP); err != nil { // it is not to notice
		t.Fatal(err)
	}
	kill(t, postmaster(t, dir))
	killed.kill(t)
	if n := kept(t, start(t, dir).URL()); n != 1 {
		t.Fatalf("after kill -9 of both: %d rows, want 1", n)
	}
}

// TestPostgresThatOutlivedBroadsheetIsStopped: not all systems can tie a child's life to its parent's.
func TestPostgresThatOutlivedBroadsheetIsStopped(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	local := start(t, dir)
	keep(t, local.URL())
	if err := local.Stop(); err != nil {
		t.Fatal(err)
	}
	startOrphan(t, dir)
	logged := ""
	restarted := startWith(t, database.LocalOptions{Dir: dir, Log: slog.New(onLog(func(message string) { logged = message }))})
	if n := kept(t, restarted.URL()); n != 1 || !strings.HasPrefix(logged, "stop the Postgres") {
		t.Fatalf("%d rows, want 1; logged %q", n, logged)
	}
}

// startOrphan starts a Postgres on the cluster that no Broadsheet owns.
func startOrphan(t *testing.T, dir string) {
	t.Helper()
	cluster := dir + "/postgres"
	cmd := exec.Command(installed(t, dir)+"/pg_ctl", "start", "-w", "-D", cluster, "-l", cluster+"/log",
		"-o", "-c listen_addresses= -k "+cluster)
	cmd.Dir = "/"
	cmd.SysProcAttr = asOwnerOf(t, cluster)
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
}

// TestNumberOfAKilledPostgresMayBeReused: Postgres alone would refuse to start as long as the other process lives.
func TestNumberOfAKilledPostgresMayBeReused(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	local := start(t, dir)
	keep(t, local.URL())
	left, err := os.ReadFile(pidFile(dir))
	if err != nil {
		t.Fatal(err)
	}
	if err := local.Stop(); err != nil {
		t.Fatal(err)
	}
	other := exec.Command("/bin/sh", "-c", "read line")
	other.Dir = "/"
	other.SysProcAttr = asOwnerOf(t, dir+"/postgres")
	held, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = held.Close(), other.Wait() })
	_, rest, _ := strings.Cut(string(left), "\n")
	err = os.WriteFile(pidFile(dir), fmt.Appendf(nil, "%d\n%s", other.Process.Pid, rest), 0o600)
	uid, gid := ownerOf(t, dir+"/postgres")
	if err := errors.Join(err, os.Chown(pidFile(dir), uid, gid)); err != nil {
		t.Fatal(err)
	}
	if n := kept(t, start(t, dir).URL()); n != 1 {
		t.Fatalf("%d rows, want 1", n)
	}
}

// TestUnfinishedClusterIsMadeAnew: initdb may be cut off.
func TestUnfinishedClusterIsMadeAnew(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	if err := os.MkdirAll(dir+"/postgres.unfinished-1", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/postgres.unfinished-1/PG_VERSION", []byte("15\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	keep(t, start(t, dir).URL())
	if _, err := os.Stat(dir + "/postgres.unfinished-1"); !os.IsNotExist(err) {
		t.Fatalf("what was left is still there: %v", err)
	}
}

func TestStartThatIsCancelledLeavesNothingRunning(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	ctx, cancel := context.WithCancel(context.Background())
	log := slog.New(onLog(func(string) { cancel() })) // as it begins to make the cluster
	if _, err := database.StartLocal(ctx, database.LocalOptions{Dir: dir, Log: log}); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled start: %v", err)
	}
	keep(t, start(t, dir).URL())
}
