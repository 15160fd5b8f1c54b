package database_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"broadsheet/internal/database"
	"broadsheet/internal/database/dbtest"
)

// secret is a password that no error may show.
const secret = "hunter2"

func TestErrorsOfOpenSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	local := start(t, dir)
	guard(t, dir, local.URL())
	open(t, strings.Replace(local.URL(), "user=broadsheet", "user=guarded password="+secret, 1))
	for name, test := range map[string]struct{ url, want string }{
		"port":           {"postgres://me:" + secret + "@localhost:fifty/name", "look like postgres://user:password@host"},
		"unescaped":      {"postgres://me:" + secret + "/#@localhost/name", "written as %XX"},
		"scheme":         {"mysql://me:" + secret + "@localhost/name?a=b", "look like postgres://"},
		"words":          {"localhost " + secret, "look like postgres://"},
		"sslmode":        {"postgres://me:" + secret + "@localhost/name?sslmode=maybe", `"maybe" is not supported`},
		"nobody there":   {"postgres://me:" + secret + "@127.0.0.1:1/name", "connect to Postgres at 127.0.0.1:1 as me"},
		"no such host":   {"postgres://me:" + secret + "@nowhere.invalid/name", "nowhere.invalid:5432"},
		"database":       {strings.Replace(local.URL(), "dbname=broadsheet", "dbname=absent", 1), "createdb"},
		"password":       {strings.Replace(local.URL(), "user=broadsheet", "user=guarded password=wrong", 1), "Is the password"},
		"no password":    {strings.Replace(local.URL(), "user=broadsheet", "user=guarded", 1), "has no password"},
		"unknown user":   {strings.Replace(local.URL(), "user=broadsheet", "user=absent", 1), `role "absent" does not exist`},
		"server too old": {local.URL() + " search_path=old,pg_catalog", "runs Postgres 13; version 14 or later is needed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := database.Open(context.Background(), test.url, database.Pool{})
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), secret) {
				t.Fatalf("got %v, want it to contain %q and no password", err, test.want)
			}
		})
	}
}

// guard makes a user with a password, and a function that makes the server look old to who has it in the search path.
func guard(t *testing.T, dir, url string) {
	t.Helper()
	path := filepath.Join(dir, "postgres", "pg_hba.conf")
	rules, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append([]byte("local all guarded scram-sha-256\n"), rules...), 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, url).MustExec(`create user guarded password '` + secret + `'; create schema old;
		create function old.current_setting(text) returns text language sql as $$ select '130021' $$`)
	open(t, strings.Replace(url, "dbname=broadsheet", "dbname=postgres", 1)).MustExec(`select pg_reload_conf()`)
}

func TestApplicationName(t *testing.T) {
	t.Parallel()
	_, name := dbtest.NewNamed(t)
	for given, want := range map[string]string{"": "broadsheet", "application_name=import": "import"} {
		var got string
		if err := open(t, dbtest.URL(name)+" "+given).Get(&got, "show application_name"); err != nil || got != want {
			t.Errorf("with %q: %q, want %q (%v)", given, got, want, err)
		}
	}
}

// TestTLSIsPreferredUnlessSaidOtherwise looks at the first message of a connection, which asks for TLS or does not.
func TestTLSIsPreferredUnlessSaidOtherwise(t *testing.T) {
	t.Parallel()
	for given, wantTLS := range map[string]bool{
		"postgres://me:x@%s/sslmode":                   true,
		"postgres://me:sslmode=disable@%s/name":        true,
		"postgres://me:x@%s/name?sslmode=disable":      false,
		"postgres://me:x@%s/name?sslmode=require":      true,
		"postgres://me:x@%s/name?application_name=ssl": true,
	} {
		t.Run(given, func(t *testing.T) {
			t.Parallel()
			address, asked := listen(t)
			if _, err := database.Open(context.Background(), strings.Replace(given, "%s", address, 1), database.Pool{}); err == nil {
				t.Fatal("opened what is no Postgres")
			}
			if got := <-asked; got != wantTLS {
				t.Fatalf("asked for TLS: %v, want %v", got, wantTLS)
			}
		})
	}
}

// listen takes one connection, tells whether its client asks for TLS (the request of section 55.2.10 of Postgres's
// manual), and closes.
func listen(t *testing.T) (address string, asked <-chan bool) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	answer := make(chan bool, 1)
	go func() {
		defer func() { _ = listener.Close() }()
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		message := make([]byte, 8)
		_, err = io.ReadFull(conn, message)
		answer <- err == nil && binary.BigEndian.Uint32(message[4:]) == 80877103
		_ = conn.Close()
	}()
	return listener.Addr().String(), answer
}
