package database

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

var downloadable = map[int]embeddedpostgres.PostgresVersion{
	0: embeddedpostgres.V17, 14: embeddedpostgres.V14, 15: embeddedpostgres.V15, 16: embeddedpostgres.V16,
	17: embeddedpostgres.V17, 18: embeddedpostgres.V18,
}

const (
	publicRepository = "https://repo1.maven.org/maven2"
	downloadTime     = 10 * time.Minute
	downloadBytes    = 256 << 20
)

// download fetches the programs into the cache, once. They are put in place whole or not at all.
func (b Binaries) download(ctx context.Context, major int) (programs, error) {
	version, known := downloadable[major]
	if !known {
		return programs{}, fmt.Errorf("version %d is not offered for download", major)
	}
	home := filepath.Join(b.Cache, "postgres-"+string(version))
	if found, err := inspect(ctx, filepath.Join(home, "bin")); err == nil {
		return found, nil
	}
	scratch, err := b.scratch()
	if err != nil {
		return programs{}, err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	archive, err := b.fetch(ctx, string(version), scratch)
	if err != nil {
		return programs{}, err
	}
	unpacked := filepath.Join(scratch, "unpacked")
	if err := unpack(version, archive, unpacked); err != nil {
		return programs{}, err
	}
	if _, err := inspect(ctx, filepath.Join(unpacked, "bin")); err != nil {
		return programs{}, fmt.Errorf("the downloaded programs do not work: %w", err)
	}
	if err := errors.Join(publish(unpacked), os.RemoveAll(home), os.Rename(unpacked, home), syncPath(b.Cache)); err != nil {
		return programs{}, err
	}
	return inspect(ctx, filepath.Join(home, "bin"))
}

// scratch makes an empty directory in the cache, and clears away those of downloads that were cut off.
func (b Binaries) scratch() (string, error) {
	if err := makeDirs(b.Cache); err != nil {
		return "", err
	}
	leftovers, _ := filepath.Glob(filepath.Join(b.Cache, "unfinished-*"))
	for _, leftover := range leftovers {
		_ = os.RemoveAll(leftover)
	}
	return os.MkdirTemp(b.Cache, "unfinished-")
}

// fetch downloads the archive of a version and returns its path. The library would do it too, but it takes what it got if
// there is no checksum, cannot be stopped, and does not tell why it failed.
func (b Binaries) fetch(ctx context.Context, version, dir string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, downloadTime)
	defer cancel()
	artifact := "embedded-postgres-binaries-" + platform()
	address := fmt.Sprintf("%s/io/zonky/test/postgres/%s/%s/%s-%[3]s.jar",
		strings.TrimSuffix(cmp.Or(b.Repository, publicRepository), "/"), artifact, version, artifact)
	jar, err := get(ctx, address)
	if err != nil {
		return "", err
	}
	if err := verify(ctx, address, jar); err != nil {
		return "", err
	}
	path := filepath.Join(dir, artifact+"-"+version+".txz")
	if err := extract(jar, path); err != nil {
		return "", fmt.Errorf("%s: %w", address, err)
	}
	return path, nil
}

// platform is the repository's name of the system and the processor.
func platform() string {
	name := runtime.GOOS + "-" + runtime.GOARCH
	if runtime.GOARCH == "arm64" {
		name += "v8"
	}
	if exists("/etc/alpine-release") {
		name += "-alpine"
	}
	return name
}

var errNotFound = errors.New("not found")

func get(ctx context.Context, address string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return nil, fmt.Errorf("%s: %w", address, errNotFound)
	default:
		return nil, fmt.Errorf("%s: %s", address, response.Status)
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, response.Body, downloadBytes))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", address, err)
	}
	return body, nil
}

// verify compares with the checksum beside the file; without one the file is refused. SHA-1 will do where there is
// nothing better: it finds damage. Against forgery no checksum helps that comes from the same place, but TLS does.
func verify(ctx context.Context, address string, file []byte) error {
	sum256, sum1 := sha256.Sum256(file), sha1.Sum(file)
	is := sum256[:]
	published, err := get(ctx, address+".sha256")
	if errors.Is(err, errNotFound) {
		is = sum1[:]
		published, err = get(ctx, address+".sha1")
	}
	if err != nil {
		return fmt.Errorf("no checksum to verify the download by: %w", err)
	}
	should, _, _ := strings.Cut(strings.TrimSpace(string(published)), " ")
	if !strings.EqualFold(should, hex.EncodeToString(is)) {
		return fmt.Errorf("%s is damaged: its checksum is %x, not %.128q", address, is, should)
	}
	return nil
}

// extract writes the archive that is inside the jar.
func extract(jar []byte, path string) error {
	reader, err := zip.NewReader(bytes.NewReader(jar), int64(len(jar)))
	if err != nil {
		return err
	}
	for _, entry := range reader.File {
		if !strings.HasSuffix(entry.Name, ".txz") {
			continue
		}
		inside, err := fs.ReadFile(reader, entry.Name)
		if err != nil {
			return err
		}
		return os.WriteFile(path, inside, 0o600)
	}
	return errors.New("no archive inside")
}

// unpack leaves the work to the library. It can only unpack and start in one; a locale that does not exist makes it stop
// in between, since how we start Postgres (as another user, without a TCP port) is not in its power.
func unpack(version embeddedpostgres.PostgresVersion, archive, home string) error {
	work := archive + ".work"
	server := embeddedpostgres.NewDatabase(embeddedpostgres.DefaultConfig().
		Version(version).
		Port(0).
		CachePath(filepath.Dir(archive)).
		BinaryRepositoryURL("file:none"). // it has the archive
		BinariesPath(home).
		RuntimePath(work).
		DataPath(filepath.Join(work, "data")).
		Locale("no-such-locale").
		Logger(io.Discard))
	stopped := server.Start()
	if stopped == nil {
		return errors.Join(errors.New("the downloaded Postgres started where it should not have"), server.Stop())
	}
	if !exists(filepath.Join(home, "bin", "postgres")) {
		return fmt.Errorf("unpack the download: %w", stopped)
	}
	return nil
}

// publish lets everybody read and run what is in a directory, whatever our umask, and brings it to disk, so that a power
// cut after the renaming does not leave half of it.
func publish(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Type()&fs.ModeSymlink != 0 {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		mode := info.Mode().Perm() | 0o444
		if mode&0o100 != 0 {
			mode |= 0o111
		}
		return errors.Join(os.Chmod(path, mode), syncPath(path))
	})
}

// syncPath brings a file or the entries of a directory to disk.
func syncPath(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
