package database_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jmoiron/sqlx"

	"broadsheet/internal/database"
	"broadsheet/internal/database/dbtest"
)

// serveVariable turns the test binary into a Broadsheet that runs the Postgres of the data directory it names.
const serveVariable = "BROADSHEET_TEST_SERVE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(serveVariable); dir != "" {
		if err := serve(dir); err != nil {
			fmt.Println("failed:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	dbtest.Main(m)
}

// serve says "ready", and upon Ctrl-C whether the database still answers.
func serve(dir string) error {
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	local, err := database.StartLocal(context.Background(), database.LocalOptions{Dir: dir})
	if err != nil {
		return err
	}
	fmt.Println("ready")
	<-interrupted
	db, err := database.Open(context.Background(), local.URL(), database.Pool{})
	if err != nil {
		return err
	}
	fmt.Println("answers")
	if err := db.Close(); err != nil {
		return err
	}
	return local.Stop()
}

// server is a Broadsheet in a process, and a process group, of its own.
type server struct {
	*exec.Cmd
	output *bufio.Scanner
}

func startServer(t *testing.T, dir string) *server {
	t.Helper()
	s := &server{Cmd: exec.Command(executable(t))}
	s.Env = append(os.Environ(), serveVariable+"="+dir)
	s.Stderr = os.Stderr
	s.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	pipe, err := s.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.output = bufio.NewScanner(pipe)
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = s.Process.Kill(), s.Wait() })
	s.expect(t, "ready")
	return s
}

func executable(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func (s *server) expect(t *testing.T, line string) {
	t.Helper()
	if !s.output.Scan() || s.output.Text() != line {
		t.Fatalf("the other Broadsheet says %q, want %q", s.output.Text(), line)
	}
}

// kill ends the process without letting it do anything.
func (s *server) kill(t *testing.T) {
	t.Helper()
	if err := s.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = s.Wait()
}

func start(t *testing.T, dir string) *database.Local {
	t.Helper()
	return startWith(t, database.LocalOptions{Dir: dir})
}

func startWith(t *testing.T, options database.LocalOptions) *database.Local {
	t.Helper()
	local, err := database.StartLocal(context.Background(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = local.Stop() })
	return local
}

func open(t *testing.T, url string) *sqlx.DB {
	t.Helper()
	db, err := database.Open(context.Background(), url, database.Pool{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// openDir is a directory that another user can reach, since Postgres does not run as root.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "broadsheet-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func dataDir(t *testing.T) string {
	t.Helper()
	return filepath.Join(openDir(t), strings.Repeat("long-", 20), "data")
}

// keep commits a row.
func keep(t *testing.T, url string) {
	t.Helper()
	open(t, url).MustExec("create table if not exists kept (x int); insert into kept values (1)")
}

func kept(t *testing.T, url string) int {
	t.Helper()
	var n int
	if err := open(t, url).Get(&n, "select count(*) from kept"); err != nil {
		t.Fatal(err)
	}
	return n
}

// pidFile names the process of a running Postgres, on its first line.
func pidFile(dir string) string { return filepath.Join(dir, "postgres", "postmaster.pid") }

func postmaster(t *testing.T, dir string) int {
	t.Helper()
	text, err := os.ReadFile(pidFile(dir))
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// postgresLog is what Postgres wrote since the data directory was made.
func postgresLog(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "postgres.log"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// onLog calls a function with each message that is logged.
type onLog func(message string)

func (f onLog) Enabled(context.Context, slog.Level) bool { return true }

func (f onLog) Handle(_ context.Context, record slog.Record) error {
	f(record.Message)
	return nil
}

func (f onLog) WithAttrs([]slog.Attr) slog.Handler { return f }

func (f onLog) WithGroup(string) slog.Handler { return f }

// installed is the directory of the programs that run a cluster.
func installed(t *testing.T, dir string) string {
	t.Helper()
	options, err := os.ReadFile(filepath.Join(dir, "postgres", "postmaster.opts"))
	if err != nil {
		t.Fatal(err)
	}
	program, _, _ := strings.Cut(string(options), " ")
	return filepath.Dir(program)
}

// ownerOf returns the user and the group that a file belongs to.
func ownerOf(t *testing.T, path string) (uid, gid int) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	status := info.Sys().(*syscall.Stat_t)
	return int(status.Uid), int(status.Gid)
}

// asOwnerOf runs a program as the user that a file belongs to.
func asOwnerOf(t *testing.T, path string) *syscall.SysProcAttr {
	t.Helper()
	if os.Geteuid() != 0 {
		return &syscall.SysProcAttr{}
	}
	uid, gid := ownerOf(t, path)
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}
