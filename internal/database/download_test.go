package database_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"broadsheet/internal/database"
)

// TestDownload serves a repository that is broken in one way after the other, and at last sound. It runs alone, since
// the environment and the umask, a strict one, are all of the process's.
func TestDownload(t *testing.T) {
	local := dataDir(t)
	start(t, local)
	jar := newJar(t, installed(t, local))
	t.Setenv("PATH", "/nonexistent")
	old := syscall.Umask(0o077)
	t.Cleanup(func() { syscall.Umask(old) })
	dir := dataDir(t)
	cache := filepath.Join(dir, "download")
	sum256, sum1 := fmt.Sprintf("%x", sha256.Sum256(jar)), fmt.Sprintf("%x", sha1.Sum(jar))
	cut := jar[:len(jar)/2]
	empty := newZip(t, "readme.txt", nil)
	halfArchive := newZip(t, "postgres-linux.txz", archiveIn(t, jar)[:1<<20])
	for _, test := range []struct {
		name       string
		repository repository
		want       string // the error; empty: it works
	}{
		{"nothing there", repository{}, ".jar: not found"},
		{"no checksum", repository{"jar": jar}, "no checksum to verify the download by"},
		{"wrong checksum", repository{"jar": jar, "jar.sha256": []byte(strings.Repeat("0", 64))}, "is damaged"},
		{"wrong old checksum", repository{"jar": jar, "jar.sha1": []byte(sum256)}, "is damaged"},
		{"cut off", repository{"jar": cut, "jar.sha256": []byte(sum256)}, "is damaged"},
		{"not a jar", newRepository(cut), "zip"},
		{"no archive", newRepository(empty), "no archive inside"},
		{"half an archive", newRepository(halfArchive), "unpack the download"},
		{"old checksum", repository{"jar": jar, "jar.sha1": []byte(sum1 + "  the.jar\n")}, ""},
		{"the version of the cluster", newRepository(jar), ""}, // what came first said to be the newest, and was not
		{"nothing there, but nothing needed", nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(test.repository)
			defer server.Close()
			started, err := database.StartLocal(context.Background(), database.LocalOptions{Dir: dir, Binaries: database.Binaries{
				Places: []string{}, Cache: cache, Repository: server.URL + "/maven2/",
			}})
			if test.want != "" {
				checkRefusal(t, err, test.want, cache)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			keep(t, started.URL())
			if err := started.Stop(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// checkRefusal wants an error that tells both what is wrong and what to do instead, and nothing left in the cache.
func checkRefusal(t *testing.T, err error, want, cache string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "Install it: ") {
		t.Errorf("got %v, want %q and the package to install", err, want)
	}
	if left, err := os.ReadDir(cache); err != nil || len(left) > 0 {
		t.Errorf("left in the cache: %v (%v)", left, err)
	}
}

// repository holds the files of a Maven repository by what follows the version in their names, whatever the version.
type repository map[string][]byte

func newRepository(jar []byte) repository {
	return repository{"jar": jar, "jar.sha256": fmt.Appendf(nil, "%x", sha256.Sum256(jar))}
}

func (r repository) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	path, known := strings.CutPrefix(request.URL.Path, "/maven2/io/zonky/test/postgres/embedded-postgres-binaries-")
	_, kind, _ := strings.Cut(path, ".0.")
	file, there := r[kind]
	if !known || !there {
		http.NotFound(w, request)
		return
	}
	_, _ = w.Write(file)
}

// newJar packs the programs of this machine as the repository does, with the libraries that they look for beside them.
func newJar(t *testing.T, dir string) []byte {
	t.Helper()
	var archive bytes.Buffer
	writer := tar.NewWriter(&archive)
	paths, err := filepath.Glob(filepath.Join(dir, "..", "lib", "*.so"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"postgres", "initdb", "pg_ctl"} {
		paths = append(paths, filepath.Join(dir, name))
	}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name, err := filepath.Rel(filepath.Dir(dir), path)
		if err != nil {
			t.Fatal(err)
		}
		header := &tar.Header{Name: name, Mode: 0o755, Size: int64(len(content)), Typeflag: tar.TypeReg}
		if err := writer.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := writer.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	xz := exec.Command("xz", "-0", "-c")
	xz.Stdin = &archive
	packed, err := xz.Output()
	if err != nil {
		t.Fatalf("this test needs the program xz, of the package xz-utils: %v", err)
	}
	return newZip(t, "postgres-linux-x86_64.txz", packed)
}

func newZip(t *testing.T, name string, content []byte) []byte {
	t.Helper()
	var file bytes.Buffer
	writer := zip.NewWriter(&file)
	entry, err := writer.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := entry.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// archiveIn returns the only file of a jar, with what follows it.
func archiveIn(t *testing.T, jar []byte) []byte {
	t.Helper()
	start := bytes.Index(jar, []byte("\xfd7zXZ\x00"))
	if start < 0 {
		t.Fatal("no archive in the jar")
	}
	return jar[start:]
}
