//go:build unix

package database

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
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
	logged   int64 // bytes in its log file before it was launched
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
	port         = "5432" // it only names the socket
	// recoveryTime is how long Postgres may take to come up after a crash.
	recoveryTime = 5 * time.Minute
	shutdownTime = 30 * time.Second
	// lingerTime is how long the children of a killed Postgres are waited for.
	lingerTime = time.Minute
)

// StartLocal starts Postgres on the data directory and returns when it takes connections. The first start makes the
// cluster. A second server on the same directory is refused, and whatever a crash left behind is put right. The context
// bounds the start, not the life of the server.
func StartLocal(ctx context.Context, options LocalOptions) (*Local, error) {
	if err := makeDirs(options.Dir); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	dir, err := realPath(options.Dir)
	if err != nil {
		return nil, fmt.Errorf("the data directory: %w", err)
	}
	lock, err := lockFile(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, fmt.Errorf("the data directory %s: %w", dir, err)
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	cluster := filepath.Join(dir, "postgres")
	l := &Local{dir: cluster, socket: socketPath(cluster), log: options.Log, lock: lock, settings: options.Settings}
	l.stop = sync.OnceValue(l.shutDown)
	if err := l.start(ctx, options.Binaries); err != nil {
		_ = lock.Close()
		return nil, fmt.Errorf("start Postgres in %s: %w", dir, err)
	}
	go l.keepLogShort()
	return l, nil
}

// realPath is the one way to name a directory: the socket is found by it.
func realPath(path string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(absolute)
}

func (l *Local) start(ctx context.Context, binaries Binaries) error {
	var err error
	if l.owner, err = findOwner(l.dir); err != nil {
		return err
	}
	if err := l.owner.checkReach(ctx, filepath.Dir(l.dir)); err != nil {
		return err
	}
	major, err := clusterVersion(l.dir)
	if err != nil {
		return err
	}
	if l.programs, err = binaries.find(ctx, major); err != nil {
		return err
	}
	if err := l.owner.checkReach(ctx, l.programs.dir); err != nil {
		return err
	}
	if major == 0 {
		if err := l.initialise(ctx); err != nil {
			return err
		}
	}
	if err := l.settlePrevious(ctx); err != nil {
		return fmt.Errorf("after an earlier run: %w", err)
	}
	if err := l.owner.makeSocketDir(l.socket); err != nil {
		return fmt.Errorf("directory for the socket: %w", err)
	}
	return l.launchUntilReady(ctx)
}

// URL is the address for Open.
func (l *Local) URL() string { return localURL(l.socket, databaseName) }

func localURL(socket, name string) string {
	return fmt.Sprintf("host=%s port=%s user=%s dbname=%s sslmode=disable", socket, port, superuser, name)
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

func shortHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:6])
}
