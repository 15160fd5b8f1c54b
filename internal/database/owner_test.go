package database_test

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"broadsheet/internal/database"
)

// needRoot skips what only root can do. Everybody else runs as an ordinary user all the while.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can start Postgres as another user")
	}
}

// asOrdinaryUser is run once more, by a process that is not root's.
const asOrdinaryUser = "^(TestDataSurvivesA.*|TestCtrlC.*|TestRunningOneIsJoined|TestSecondServer.*)$"

func TestAsAnOrdinaryUser(t *testing.T) {
	t.Parallel()
	needRoot(t)
	dir := openDir(t)
	if err := os.Chown(dir, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	self := filepath.Join(dir, "database.test") // where go test puts it, only root can look
	copyProgram(t, executable(t), self)
	cmd := exec.Command(self, "-test.run", asOrdinaryUser, "-test.v")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "TMPDIR="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	output, err := cmd.CombinedOutput()
	if err != nil || strings.Count(string(output), "--- PASS") < 6 || strings.Contains(string(output), "--- SKIP") {
		t.Fatalf("%v\n%s", err, output)
	}
}

func copyProgram(t *testing.T, from, to string) {
	t.Helper()
	source, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = source.Close() }()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(target, source)
	if err := errors.Join(err, target.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestDirectoryThatPostgresCannotEnterIsNamed(t *testing.T) {
	t.Parallel()
	needRoot(t)
	closed := filepath.Join(openDir(t), "closed")
	if err := os.MkdirAll(filepath.Join(closed, "below"), 0o700); err != nil {
		t.Fatal(err)
	}
	options := database.LocalOptions{Dir: filepath.Join(closed, "below", "data")}
	_, err := database.StartLocal(context.Background(), options)
	if err == nil || !strings.Contains(err.Error(), "cannot enter "+closed+": allow it with `chmod o+x "+closed+"`") {
		t.Fatalf("got %v, want it to name %s", err, closed)
	}
	other := dataDir(t)
	start(t, other)
	_, gid := ownerOf(t, filepath.Join(other, "postgres"))
	for _, dir := range []string{closed, filepath.Join(closed, "below")} { // the group is enough
		if err := errors.Join(os.Chown(dir, 0, gid), os.Chmod(dir, 0o710)); err != nil {
			t.Fatal(err)
		}
	}
	keep(t, startWith(t, options).URL())
}

// TestClusterStaysItsOwners: a user postgres that is added later cannot read what nobody made.
func TestClusterStaysItsOwners(t *testing.T) {
	t.Parallel()
	needRoot(t)
	dir := dataDir(t)
	local := start(t, dir)
	keep(t, local.URL())
	if err := local.Stop(); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(filepath.Join(dir, "postgres"), func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, 12345, 12345))
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := kept(t, start(t, dir).URL()); n != 1 {
		t.Fatalf("%d rows, want 1", n)
	}
}

// TestStrictUmask runs alone, since a umask is all of the process's.
func TestStrictUmask(t *testing.T) {
	old := syscall.Umask(0o077)
	t.Cleanup(func() { syscall.Umask(old) })
	keep(t, start(t, dataDir(t)).URL())
}
