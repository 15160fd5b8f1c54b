//go:build unix

package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// errLingering is a start that failed because children of a killed server still use its memory.
var errLingering = errors.New("processes of a Postgres that was killed are still at work on the data; end them and start again")

// launchUntilReady starts the server. Children of one that was killed may live on for a moment, and are waited for.
func (l *Local) launchUntilReady(ctx context.Context) error {
	patience, cancel := context.WithTimeout(ctx, lingerTime)
	defer cancel()
	for attempt := 0; ; attempt++ {
		if err := l.launch(); err != nil {
			return err
		}
		err := l.waitUntilReady(ctx)
		if err == nil {
			return nil
		}
		if !errors.Is(err, errLingering) || patience.Err() != nil {
			return errors.Join(err, l.Stop())
		}
		if attempt == 0 {
			l.log.WarnContext(ctx, "wait for the processes of a killed Postgres to end", "directory", l.dir)
		}
		select {
		case <-patience.Done(): // one last attempt
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (l *Local) launch() error {
	if err := shorten(l.logPath(), mostLog); err != nil {
		return err
	}
	logFile, err := os.OpenFile(l.logPath(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	defer func() { _ = logFile.Close() }()
	if l.logged, err = logFile.Seek(0, io.SeekEnd); err != nil {
		return err
	}
	settings := append([]string{
		"listen_addresses=", "port=" + port, "unix_socket_directories=" + l.socket, "unix_socket_permissions=0700",
		"shared_buffers=256MB", "timezone=UTC", "log_timezone=UTC", "lc_messages=C",
		"random_page_cost=1.1", // as on any disk of today: else joins read small tables whole
	}, l.settings...)
	args := []string{"-D", l.dir}
	for _, setting := range settings {
		args = append(args, "-c", setting)
	}
	l.process = l.owner.command(context.Background(), l.programs.path("postgres"), args...) // it ends by Stop alone
	l.process.Stdout, l.process.Stderr = logFile, logFile
	dieWithParent(l.process.SysProcAttr)
	return l.run()
}

func (l *Local) run() error {
	process, exited, started := l.process, make(chan struct{}), make(chan error)
	l.exited = exited
	go func() {
		// The kernel ties a child to the thread that made it, not to the process.
		runtime.LockOSThread()
		defer close(exited)
		err := process.Start()
		started <- err
		if err == nil {
			_ = process.Wait()
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
			said := l.lastLog()
			if strings.Contains(said, "pre-existing shared memory block") {
				return errLingering
			}
			return fmt.Errorf("it ended at once: %s", said)
		case <-ctx.Done():
			return fmt.Errorf("it does not take connections: %w", err)
		case <-tick.C:
		}
	}
}

// ensureDatabase connects and makes our database if the cluster is new.
func (l *Local) ensureDatabase(ctx context.Context) error {
	db, err := sql.Open("postgres", localURL(l.socket, "postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	var there bool
	err = db.QueryRowContext(ctx, `select exists (select from pg_database where datname = $1)`, databaseName).Scan(&there)
	if err != nil || there {
		return err
	}
	_, err = db.ExecContext(ctx, `create database `+databaseName)
	return err
}

func (l *Local) logPath() string { return filepath.Join(filepath.Dir(l.dir), "postgres.log") }

// lastLog returns the last lines that the server wrote since it was launched.
func (l *Local) lastLog() string {
	file, err := os.Open(l.logPath())
	if err != nil {
		return err.Error()
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return err.Error()
	}
	from := max(l.logged, info.Size()-4096)
	text, _ := io.ReadAll(io.NewSectionReader(file, from, info.Size()-from))
	return lastLines(string(text))
}

func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "; ")
}

func isAlive(pid int) bool {
	return pid > 0 && !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}

// worksIn tells whether the process is one whose working directory is the one given, or whose command line names it.
func worksIn(pid int, dir string) bool {
	if cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid)); err == nil {
		return cwd == dir
	}
	output, err := exec.Command("ps", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && strings.Contains(string(output), dir)
}
