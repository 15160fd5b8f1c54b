//go:build unix

package database

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

// RunningLocal returns the address, for Open, of the Postgres that another Broadsheet runs on the data directory, so that
// a newsroom can be imported while it is being served. It returns false if none runs there.
func RunningLocal(dataDir string) (string, bool, error) {
	dir, err := filepath.Abs(dataDir)
	if err != nil {
		return "", false, err
	}
	file, err := os.Open(filepath.Join(dir, "lock"))
	if errors.Is(err, os.ErrNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	defer func() { _ = file.Close() }()
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); !errors.Is(err, syscall.EWOULDBLOCK) {
		return "", false, err
	}
	owner, err := findOwner()
	if err != nil {
		return "", false, err
	}
	socket, err := owner.socketDir(filepath.Join(dir, "postgres"))
	return (&Local{socket: socket}).URL(), err == nil, err
}
