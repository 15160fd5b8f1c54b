//go:build unix

package database

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// owner is the system user that Postgres runs as: ourselves, or another one if we are root, since Postgres refuses root.
type owner struct {
	name       string
	credential *syscall.Credential // nil: ourselves
}

// findOwner returns the user that the cluster belongs to, or is going to belong to if it is not there yet.
func findOwner(cluster string) (owner, error) {
	if os.Geteuid() != 0 {
		return owner{name: "this user"}, nil
	}
	account, err := findAccount(cluster)
	if err != nil {
		return owner{}, err
	}
	uid, err1 := strconv.ParseUint(account.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(account.Gid, 10, 32)
	groups, err3 := supplementaryGroups(account)
	credential := &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid), Groups: groups}
	return owner{account.Username, credential}, errors.Join(err1, err2, err3)
}

// findAccount prefers the owner of the files to the user postgres, which may have been added after the cluster was made.
func findAccount(cluster string) (*user.User, error) {
	if uid, gid, ok := fileOwner(cluster); ok && uid != 0 {
		account := &user.User{Uid: strconv.Itoa(uid), Gid: strconv.Itoa(gid), Username: fmt.Sprintf("number %d", uid)}
		if known, err := user.LookupId(account.Uid); err == nil {
			account = known
		}
		return account, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if account, err := user.Lookup(name); err == nil {
			return account, nil
		}
	}
	return nil, errors.New("Postgres refuses to run as root, and there is no user postgres or nobody to run it as; " +
		"install the package of Postgres, or run Broadsheet as an ordinary user")
}

func fileOwner(path string) (uid, gid int, ok bool) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, 0, false
	}
	status, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return int(status.Uid), int(status.Gid), true
}

// supplementaryGroups let the owner into what was opened to a group of theirs.
func supplementaryGroups(account *user.User) ([]uint32, error) {
	ids, err := account.GroupIds()
	if err != nil {
		return nil, nil //nolint:nilerr // a user without an entry of their own is in no groups
	}
	var groups []uint32
	for _, id := range ids[:min(len(ids), 16)] { // macOS takes no more
		gid, err := strconv.ParseUint(id, 10, 32)
		if err != nil {
			return nil, err
		}
		groups = append(groups, uint32(gid))
	}
	return groups, nil
}

// command runs as the owner, in a session of its own so that Ctrl-C on the terminal does not reach it before us. When the
// context ends, all of that session's processes are killed. Its messages are English, whatever the locale, for us to read.
func (o owner) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: o.credential, Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// makeDirs makes a directory and the missing ones above it. Those of root are open to all whatever the umask says, since
// Postgres runs as another user; what is private inside is private by itself.
func makeDirs(path string) error {
	if os.Geteuid() != 0 {
		return os.MkdirAll(path, 0o755)
	}
	switch err := os.Mkdir(path, 0o755); {
	case errors.Is(err, os.ErrNotExist):
		if err := makeDirs(filepath.Dir(path)); err != nil {
			return err
		}
		return makeDirs(path)
	case errors.Is(err, os.ErrExist):
		return nil
	case err != nil:
		return err
	}
	return os.Chmod(path, 0o755)
}

// makePrivate makes a directory that only the owner can look into.
func (o owner) makePrivate(path string) error {
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	if o.credential == nil {
		return os.Chmod(path, 0o700)
	}
	return errors.Join(os.Chown(path, int(o.credential.Uid), int(o.credential.Gid)), os.Chmod(path, 0o700))
}

// checkReach names the directory that keeps the owner from getting to one of ours. Trying is the only way to tell that
// knows about groups and access lists.
func (o owner) checkReach(ctx context.Context, path string) error {
	if o.credential == nil || o.canEnter(ctx, path) {
		return nil
	}
	resolved, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	closed := resolved
	for dir := filepath.Dir(resolved); !o.canEnter(ctx, dir) && dir != closed; dir = filepath.Dir(dir) {
		closed = dir
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return fmt.Errorf("Postgres runs as the user %s, who cannot enter %s: allow it with `chmod o+x %s`, "+
		"or choose a place outside it", o.name, closed, closed)
}

func (o owner) canEnter(ctx context.Context, dir string) bool {
	return o.command(ctx, "/bin/sh", "-c", `cd "$1"`, "sh", dir).Run() == nil
}

// socketPath is where the socket of a cluster is: the path of a socket holds 107 bytes at the most, so that it cannot
// be in the data directory.
func socketPath(cluster string) string {
	return filepath.Join("/tmp", "broadsheet-"+shortHash(cluster))
}

// makeSocketDir makes the directory of the socket. Only the owner (and root) may enter it, which is what keeps others out
// of the database: inside, Postgres trusts everybody.
func (o owner) makeSocketDir(path string) error {
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	if err := o.checkSocketDir(path); err != nil {
		return err
	}
	// The process named in the file of a killed server may be a number that somebody else has by now.
	_ = os.Remove(filepath.Join(path, ".s.PGSQL."+port+".lock"))
	return o.makePrivate(path)
}

// checkSocketDir refuses a directory that somebody else put there: /tmp is open to all.
func (o owner) checkSocketDir(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	uid, _, ok := fileOwner(path)
	ours := uid == os.Geteuid() || o.credential != nil && uid == int(o.credential.Uid)
	if !info.IsDir() || !ok || !ours {
		return fmt.Errorf("%s belongs to somebody else; remove it", path)
	}
	return nil
}
