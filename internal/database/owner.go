//go:build unix

package database

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// owner is the system user that Postgres runs as: ourselves, or another one if we are root, since Postgres refuses root.
type owner struct {
	name       string
	credential *syscall.Credential // nil: ourselves
}

func findOwner() (owner, error) {
	if os.Geteuid() != 0 {
		return owner{name: "this user"}, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		account, err = user.Lookup("nobody")
	}
	if err != nil {
		return owner{}, errors.New("Postgres refuses to run as root, and there is no user postgres or nobody to run it as")
	}
	uid, err1 := strconv.ParseUint(account.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(account.Gid, 10, 32)
	credential := &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return owner{account.Username, credential}, errors.Join(err1, err2)
}

// command runs as the owner, in a session of its own so that Ctrl-C on the terminal does not reach it before us.
func (o owner) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: o.credential, Setsid: true}
	return cmd
}

// makeDir makes a directory that only the owner can look into.
func (o owner) makeDir(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	if o.credential == nil {
		return os.Chmod(path, 0o700)
	}
	return errors.Join(os.Chown(path, int(o.credential.Uid), int(o.credential.Gid)), os.Chmod(path, 0o700))
}

// checkReach tells whether the owner can get to a directory through those above it.
func (o owner) checkReach(path string) error {
	if o.credential == nil {
		return nil
	}
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		status, ok := info.Sys().(*syscall.Stat_t)
		if ok && info.Mode().Perm()&0o001 == 0 && status.Uid != o.credential.Uid {
			return fmt.Errorf("Postgres runs as the user %s, who cannot get into %s; choose a data directory such as /var/lib/broadsheet",
				o.name, dir)
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

// socketDir returns a short private directory for the socket of a data directory: the path of a socket holds 107 bytes at
// the most, and only the owner (and root) may connect.
func (o owner) socketDir(dataDir string) (string, error) {
	dir := filepath.Join("/tmp", "broadsheet-"+shortHash(dataDir))
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", err
	}
	status, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !ok || int(status.Uid) != os.Geteuid() && int(status.Uid) != o.uid() {
		return "", fmt.Errorf("%s belongs to somebody else; remove it", dir)
	}
	return dir, o.makeDir(dir)
}

func (o owner) uid() int {
	if o.credential == nil {
		return os.Geteuid()
	}
	return int(cmp.Or(o.credential.Uid, 0))
}
