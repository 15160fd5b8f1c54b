//go:build unix

package database

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Local is a Postgres that Broadsheet runs by itself, in one data directory, reached through a private socket.
type Local struct {
	dir      string // the cluster's
	socket   string
	programs programs
	owner    owner
	log      *slog.Logger
	lock     *os.File
	process  *exec.Cmd
	exited   chan struct{}
	stop     func() error
	settings []string
}

// LocalOptions say where and how.
type LocalOptions struct {
	Dir      string       // the data directory; made if missing
	Binaries Binaries     // where Postgres's programs are
	Log      *slog.Logger // discarded if nil
	Settings []string     // further settings, as name=value
}

const (
	superuser    = "broadsheet"
	databaseName = "broadsheet"
	// recoveryTime is how long Postgres may take to come up after a crash.
	recoveryTime = 5 * time.Minute
	shutdownTime = 30 * time.Second
)

// StartLocal starts Postgres on the data directory and returns when it takes connections. The first start makes the
// cluster. A second server on the same directory is refused, and whatever a crash left behind is put right.
func StartLocal(ctx context.Context, options LocalOptions) (*Local, error) {
	dir, err := filepath.Abs(options.Dir)
	if err != nil {
		return nil, err
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	owner, err := findOwner()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	lock, err := lockFile(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, fmt.Errorf("the data directory %s: %w", dir, err)
	}
	l := &Local{dir: filepath.Join(dir, "postgres"), owner: owner, log: options.Log, lock: lock, settings: options.Settings}
	l.stop = sync.OnceValue(l.shutDown)
	if err := l.start(ctx, options.Binaries); err != nil {
		_ = lock.Close()
		return nil, fmt.Errorf("start Postgres in %s: %w", dir, err)
	}
	return l, nil
}

// URL is the address for Open.
func (l *Local) URL() string {
	return fmt.Sprintf("host=%s user=%s dbname=%s sslmode=disable", l.socket, superuser, databaseName)
}

// Exited is closed when the server has ended, whether Stop was called or not.
func (l *Local) Exited() <-chan struct{} { return l.exited }

// Stop ends the server cleanly: connections are cut, everything is on disk. Calling it again does nothing.
func (l *Local) Stop() error { return l.stop() }

func (l *Local) shutDown() error {
	defer func() { _ = l.lock.Close() }()
	defer func() { _ = os.RemoveAll(l.socket) }()
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGKILL} {
		if err := l.process.Process.Signal(signal); errors.Is(err, os.ErrProcessDone) {
			return nil
		}
		select {
		case <-l.exited:
			return nil
		case <-time.After(shutdownTime):
		}
	}
	return fmt.Errorf("Postgres in %s does not end", l.dir)
}

func (l *Local) start(ctx context.Context, binaries Binaries) error {
	if err := l.owner.checkReach(l.dir); err != nil {
		return err
	}
	major, err := clusterVersion(l.dir)
	if err != nil {
		return err
	}
	if l.programs, err = binaries.find(ctx, major); err != nil {
		return err
	}
	if major == 0 {
		if err := l.initialise(ctx); err != nil {
			return err
		}
	}
	if l.socket, err = l.owner.socketDir(l.dir); err != nil {
		return fmt.Errorf("directory for the socket: %w", err)
	}
	l.stopOrphan()
	if err := l.launch(); err != nil {
		return err
	}
	if err := l.waitUntilReady(ctx); err != nil {
		return errors.Join(err, l.Stop())
	}
	return nil
}

// clusterVersion returns the major version that made the cluster, 0 if there is none yet.
func clusterVersion(dir string) (int, error) {
	text, err := os.ReadFile(filepath.Join(dir, "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

// initialise makes the cluster under another name first, so that one that was begun and not finished is never used.
func (l *Local) initialise(ctx context.Context) error {
	l.log.InfoContext(ctx, "make a database cluster", "directory", l.dir, "postgres", l.programs.major)
	unfinished := l.dir + ".unfinished"
	if err := errors.Join(os.RemoveAll(unfinished), l.owner.makeDir(unfinished)); err != nil {
		return err
	}
	args := []string{"-D", unfinished, "-U", superuser, "-A", "trust", "-E", "UTF8", "--data-checksums", "--no-instructions"}
	output, err := l.owner.command(l.programs.path("initdb"), append(args, "--locale=C.UTF-8")...).CombinedOutput()
	if err != nil && strings.Contains(string(output), "locale") {
		if err := errors.Join(os.RemoveAll(unfinished), l.owner.makeDir(unfinished)); err != nil {
			return err
		}
		output, err = l.owner.command(l.programs.path("initdb"), append(args, "--locale=C")...).CombinedOutput()
	}
	if err != nil {
		return fmt.Errorf("initdb: %w: %s", err, lastLines(string(output)))
	}
	return os.Rename(unfinished, l.dir)
}

// stopOrphan ends a server that outlived a Broadsheet that was killed. We hold the lock, so nobody else owns it.
func (l *Local) stopOrphan() {
	text, err := os.ReadFile(filepath.Join(l.dir, "postmaster.pid"))
	if err != nil {
		return
	}
	line, _, _ := strings.Cut(string(text), "\n")
	// The number may be another process's by now: only one that runs on this very directory is signalled. What else
	// is left of a crash, Postgres clears away by itself.
	if pid, err := strconv.Atoi(strings.TrimSpace(line)); err == nil && worksIn(pid, l.dir) {
		_ = l.owner.command(l.programs.path("pg_ctl"), "stop", "-D", l.dir, "-m", "fast", "-w", "-t", "30").Run()
	}
}

// worksIn tells whether the process is one whose command line or working directory names the directory.
func worksIn(pid int, dir string) bool {
	if cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid)); err == nil {
		return cwd == dir
	}
	output, err := exec.Command("ps", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && strings.Contains(string(output), dir)
}

func (l *Local) launch() error {
	logFile, err := os.OpenFile(filepath.Join(filepath.Dir(l.dir), "postgres.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	defer func() { _ = logFile.Close() }()
	settings := append([]string{
		"listen_addresses=", "unix_socket_directories=" + l.socket, "unix_socket_permissions=0700",
		"shared_buffers=256MB", "timezone=UTC", "log_timezone=UTC",
	}, l.settings...)
	args := []string{"-D", l.dir}
	for _, setting := range settings {
		args = append(args, "-c", setting)
	}
	l.process = l.owner.command(l.programs.path("postgres"), args...)
	l.process.Stdout, l.process.Stderr = logFile, logFile
	dieWithParent(l.process.SysProcAttr)
	l.exited = make(chan struct{})
	started := make(chan error)
	go func() {
		// The kernel ties a child to the thread that made it, not to the process.
		runtime.LockOSThread()
		defer close(l.exited)
		err := l.process.Start()
		started <- err
		if err == nil {
			_ = l.process.Wait()
		}
	}()
	return <-started
}

func (l *Local) waitUntilReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, recoveryTime)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := l.ensureDatabase(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-l.exited:
			return fmt.Errorf("it ended at once: %s", l.lastLog())
		case <-ctx.Done():
			return fmt.Errorf("it does not take connections: %w", err)
		case <-tick.C:
		}
	}
}

// ensureDatabase connects and makes our database if the cluster is new.
func (l *Local) ensureDatabase(ctx context.Context) error {
	db, err := sql.Open("postgres", strings.Replace(l.URL(), "dbname="+databaseName, "dbname=postgres", 1))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	var there bool
	if err := db.QueryRowContext(ctx, `select exists (select from pg_database where datname = $1)`, databaseName).Scan(&there); err != nil || there {
		return err
	}
	_, err = db.ExecContext(ctx, `create database `+databaseName)
	return err
}

func (l *Local) lastLog() string {
	file, err := os.Open(filepath.Join(filepath.Dir(l.dir), "postgres.log"))
	if err != nil {
		return err.Error()
	}
	defer func() { _ = file.Close() }()
	if info, err := file.Stat(); err == nil && info.Size() > 4096 {
		_, _ = file.Seek(-4096, io.SeekEnd)
	}
	text, _ := io.ReadAll(file)
	return lastLines(string(text))
}

func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "; ")
}

func shortHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:6])
}
