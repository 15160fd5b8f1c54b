package database

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
)

// Binaries says where Postgres's programs are looked for. The zero value looks on PATH, then in the usual places, and
// downloads them if they are in none.
type Binaries struct {
	Dir        string   // only here, if given
	Places     []string // patterns of directories to look in after PATH; nil: the usual ones
	Repository string   // address of a Maven repository with the binaries; empty: the public one
	Cache      string   // directory for what was downloaded, used by one process at a time; empty: nothing is downloaded
}

// usualPlaces are the directories of Debian, Red Hat, SUSE, Alpine, Homebrew on either processor, and Postgres.app.
var usualPlaces = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/usr/lib/postgresql*/bin",
	"/usr/libexec/postgresql*",
	"/opt/homebrew/opt/postgresql@*/bin",
	"/usr/local/opt/postgresql@*/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
	"/usr/local/pgsql/bin",
	"/usr/bin",
}

// programs is a directory with Postgres's programs of one major version.
type programs struct {
	dir   string
	major int
}

func (p programs) path(name string) string { return filepath.Join(p.dir, name) }

// find returns the programs of the major version, or the newest that are new enough if it is 0.
func (b Binaries) find(ctx context.Context, major int) (programs, error) {
	var found []programs
	for _, dir := range b.candidates() {
		if p, err := inspect(ctx, dir); err == nil {
			found = append(found, p)
		}
	}
	fitting := slices.DeleteFunc(slices.Clone(found), func(p programs) bool {
		return p.major < OldestPostgres || major != 0 && p.major != major
	})
	if len(fitting) > 0 {
		return slices.MaxFunc(fitting, func(a, b programs) int { return cmp.Compare(a.major, b.major) }), nil
	}
	if err := ctx.Err(); err != nil {
		return programs{}, err
	}
	if b.Dir != "" {
		return programs{}, fmt.Errorf("no programs of Postgres %s in %s", wanted(major), b.Dir)
	}
	if b.Cache == "" {
		return programs{}, fmt.Errorf("Postgres %s is not installed. Install it: %s", wanted(major), installHint(major))
	}
	downloaded, err := b.download(ctx, major)
	if err != nil {
		return programs{}, fmt.Errorf("Postgres %s is not installed, and downloading it failed (%w). Install it: %s",
			wanted(major), err, installHint(major))
	}
	return downloaded, nil
}

func (b Binaries) candidates() []string {
	if b.Dir != "" {
		return []string{b.Dir}
	}
	var dirs []string
	if onPath, err := exec.LookPath("postgres"); err == nil {
		if resolved, err := filepath.EvalSymlinks(onPath); err == nil {
			dirs = append(dirs, filepath.Dir(resolved))
		}
	}
	places := b.Places
	if places == nil {
		places = usualPlaces
	}
	for _, place := range places {
		matches, _ := filepath.Glob(place)
		dirs = append(dirs, matches...)
	}
	return dirs
}

var versionOutput = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// inspect tells whether a directory has all programs, and their version.
func inspect(ctx context.Context, dir string) (programs, error) {
	for _, name := range []string{"postgres", "initdb", "pg_ctl"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return programs{}, err
		}
	}
	output, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return programs{}, fmt.Errorf("ask %s for the version of its postgres: %w", dir, err)
	}
	match := versionOutput.FindSubmatch(output)
	if match == nil {
		return programs{}, errors.New("postgres --version says nothing known")
	}
	major, err := strconv.Atoi(string(match[1]))
	return programs{dir, major}, err
}

func wanted(major int) string {
	if major == 0 {
		return fmt.Sprintf("%d or later", OldestPostgres)
	}
	return fmt.Sprintf("%d (the version that made the data directory)", major)
}

func installHint(major int) string {
	suffix := ""
	if major != 0 {
		suffix = strconv.Itoa(major)
	}
	switch {
	case runtime.GOOS == "darwin":
		return "brew install postgresql@" + cmp.Or(suffix, "17")
	case exists("/etc/debian_version") && suffix != "":
		return "apt-get install postgresql-" + suffix
	case exists("/etc/debian_version"):
		return "apt-get install postgresql"
	case exists("/etc/redhat-release"):
		return "dnf install postgresql-server"
	case exists("/etc/alpine-release"):
		return "apk add postgresql" + suffix
	default:
		return "the package postgresql of your system"
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
