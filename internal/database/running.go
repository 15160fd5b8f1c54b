//go:build unix

package database

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// RunningLocal returns the address, for Open, of the Postgres that another Broadsheet runs on the data directory, so that
// a newsroom can be imported while it is being served. It returns false if none runs there.
func RunningLocal(dataDir string) (string, bool, error) {
	dir, err := realPath(dataDir)
	if errors.Is(err, os.ErrNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("the data directory: %w", err)
	}
	file, err := os.Open(filepath.Join(dir, "lock"))
	if errors.Is(err, os.ErrNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("the data directory %s: %w", dir, err)
	}
	defer func() { _ = file.Close() }()
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); !errors.Is(err, syscall.EWOULDBLOCK) {
		return "", false, err
	}
	cluster := filepath.Join(dir, "postgres")
	owner, err := findOwner(cluster)
	if err != nil {
		return "", false, err
	}
	if err := owner.checkSocketDir(socketPath(cluster)); err != nil {
		return "", false, fmt.Errorf("the Broadsheet that runs on %s does not take connections: %w", dir, err)
	}
	return localURL(socketPath(cluster), databaseName), true, nil
}
