package main

import (
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"broadsheet/internal/database/dbtest"
)

// emptyDatabase is the environment for a database without any schema.
func emptyDatabase(t *testing.T) []string {
	t.Helper()
	db, name := dbtest.NewNamed(t)
	if _, err := db.Exec(`drop schema public cascade; create schema public`); err != nil {
		t.Fatal(err)
	}
	return []string{"DATABASE_URL=" + dbtest.URL(name)}
}

func TestMigrateThenServe(t *testing.T) {
	t.Parallel()
	environ := emptyDatabase(t)

	for _, args := range [][]string{{"serve", "--addr", "127.0.0.1:0"}, {"check"}} {
		if code, output := command(t, environ, args...).result(); code != exitFailed || !strings.Contains(output, "broadsheet migrate up") {
			t.Errorf("%v on an empty database: exit code %d, %s", args, code, output)
		}
	}
	var atOnce sync.WaitGroup
	for range 4 {
		atOnce.Go(func() {
			if code, output := command(t, environ, "migrate", "up").result(); code != exitDone {
				t.Errorf("migrate up: exit code %d, %s", code, output)
			}
		})
	}
	atOnce.Wait()
	if code, output := command(t, environ, "migrate", "status").result(); code != exitDone || strings.Contains(output, "pending") {
		t.Errorf("migrate status: exit code %d, %s", code, output)
	}
	if code, output := command(t, environ, "check").result(); code != exitDone {
		t.Errorf("check: exit code %d, %s", code, output)
	}

	server := command(t, environ, "serve", "--addr", "127.0.0.1:0").serving()
	if answer := server.query(`{ site { name } }`); !strings.Contains(answer, "Newsroom") {
		t.Errorf("site: %s", answer)
	}
	if status, body := server.get("/readyz"); status != http.StatusOK {
		t.Errorf("readyz: %d %s", status, body)
	}
	if code := server.end(syscall.SIGTERM); code != exitDone {
		t.Errorf("SIGTERM: exit code %d\n%s", code, server.text())
	}
}

func TestMigrateDownAsksFirst(t *testing.T) {
	t.Parallel()
	environ := emptyDatabase(t)
	for _, step := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"migrate", "up"}, exitDone, "applied"},
		{[]string{"migrate", "up"}, exitDone, "up to date"},
		{[]string{"migrate", "down"}, exitFailed, "--yes"},
		{[]string{"migrate", "down", "--yes"}, exitDone, "took back"},
	} {
		if code, output := command(t, environ, step.args...).result(); code != step.code || !strings.Contains(output, step.says) {
			t.Errorf("%v: exit code %d, %s", step.args, code, output)
		}
	}
}

func TestOperationsOnAListenerOfTheirOwn(t *testing.T) {
	t.Parallel()
	_, name := dbtest.NewNamed(t)
	admin := freeAddress(t)
	server := command(t, []string{"DATABASE_URL=" + dbtest.URL(name)}, "serve", "--addr", "127.0.0.1:0", "--admin-addr", admin).serving()
	if status, _ := server.get("/metrics"); status != http.StatusNotFound {
		t.Errorf("/metrics among the public routes: %d", status)
	}
	response, err := http.Get("http://" + admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	if status, body := read(t, response); status != http.StatusOK || !strings.Contains(body, "broadsheet_request_seconds") {
		t.Errorf("/metrics: %d %s", status, body)
	}
}

// freeAddress is one that nobody listens on now.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

func TestCalledWrongly(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	nowhere := []string{"DATABASE_URL=postgres://127.0.0.1:1/none"}
	for name, call := range map[string]struct {
		args []string
		code int
		says string
	}{
		"no command":      {nil, exitUsage, "serve"},
		"unknown command": {[]string{"srve"}, exitUsage, "srve"},
		"unknown flag":    {[]string{"serve", "--port=1"}, exitUsage, "--port"},
		"bad duration":    {[]string{"serve", "--grace=soon"}, exitUsage, "--grace"},
		"no database":     {[]string{"serve", "--addr", "127.0.0.1:0"}, exitFailed, "connect"},
		"bad proxy":       {[]string{"serve", "--trusted-proxies=10.0.0.0/8,proxy"}, exitUsage, "10.0.0.0/8 or 192.0.2.7"},
		"address taken":   {[]string{"serve", "--addr", taken.Addr().String()}, exitFailed, "--addr"},
		"bad site":        {[]string{"check", "--site-url=ftp://x"}, exitFailed, "ftp://x"},
		"bad pattern":     {[]string{"check", "--article-path=stories"}, exitFailed, "{slug}"},
	} {
		code, output := command(t, nowhere, call.args...).result()
		if code != call.code || !strings.Contains(output, call.says) {
			t.Errorf("%s: exit code %d (want %d), %s", name, code, call.code, output)
		}
	}
}

func TestHelpNamesEveryEnvironmentVariable(t *testing.T) {
	t.Parallel()
	code, output := command(t, nil, "serve", "--help").result()
	if code != exitDone {
		t.Fatalf("exit code %d, %s", code, output)
	}
	for _, variable := range []string{"DATABASE_URL", "BROADSHEET_ADDR", "BROADSHEET_ADMIN_ADDR", "BROADSHEET_DATA_DIR", "BROADSHEET_SITE_URL", "BROADSHEET_LOG", "BROADSHEET_TRUSTED_PROXIES", "BROADSHEET_RATE_LIMIT_COMPAT"} {
		if !regexp.MustCompile(`\$` + variable + `\b`).MatchString(output) {
			t.Errorf("--help does not name %s", variable)
		}
	}
}
