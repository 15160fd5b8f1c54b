//go:build unix

package database

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

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

// initialise makes the cluster under another name first, so that one that was begun and not finished is never used. The
// name is a new one each time: an initdb that outlived us may still be writing to the last.
func (l *Local) initialise(ctx context.Context) error {
	l.log.InfoContext(ctx, "make a database cluster", "directory", l.dir, "postgres", l.programs.major)
	leftovers, _ := filepath.Glob(l.dir + ".unfinished-*")
	for _, leftover := range leftovers {
		_ = os.RemoveAll(leftover)
	}
	unfinished, err := os.MkdirTemp(filepath.Dir(l.dir), filepath.Base(l.dir)+".unfinished-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(unfinished) }()
	output, err := l.initdb(ctx, unfinished, "C.UTF-8")
	if err != nil && strings.Contains(output, "invalid locale") {
		output, err = l.initdb(ctx, unfinished, "C")
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err != nil {
		return fmt.Errorf("initdb: %w: %s", err, lastLines(output))
	}
	return errors.Join(os.Rename(unfinished, l.dir), syncPath(filepath.Dir(l.dir)))
}

// initdb lets everybody in who can reach the server ("trust"). That is safe since the only way to it is the socket, in a
// directory that nobody but the owner and root may enter; a password would have to lie in a file beside it, behind the same
// permissions.
func (l *Local) initdb(ctx context.Context, dir, locale string) (string, error) {
	if err := l.owner.makePrivate(dir); err != nil {
		return "", err
	}
	output, err := l.owner.command(ctx, l.programs.path("initdb"), "-D", dir, "-U", superuser, "-A", "trust",
		"-E", "UTF8", "--locale="+locale, "--data-checksums", "--no-instructions").CombinedOutput()
	return string(output), err
}

// settlePrevious deals with a server that an earlier run left behind. We hold the lock, so nobody else owns it.
func (l *Local) settlePrevious(ctx context.Context) error {
	path := filepath.Join(l.dir, "postmaster.pid")
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	line, rest, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	switch {
	case err != nil || !isAlive(pid):
		return nil //nolint:nilerr // Postgres clears it away by itself, or says what is wrong
	case worksIn(pid, l.dir):
		l.log.WarnContext(ctx, "stop the Postgres that an earlier run left behind", "process", pid)
		_ = l.owner.command(ctx, l.programs.path("pg_ctl"), "stop", "-D", l.dir, "-m", "fast", "-w", "-t",
			strconv.Itoa(int(recoveryTime.Seconds()))).Run() // if it did not end, our own one is going to say so
		return nil
	}
	// The number is another process's by now, and Postgres would take that for its predecessor. Our own number it knows
	// to be no server. What else the file tells, about shared memory, it goes on to check.
	return os.WriteFile(path, fmt.Appendf(nil, "%d\n%s", os.Getpid(), rest), 0o600)
}
