package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

const flagship = `{ article(slug: \"the-night-the-harbour-lights-went-out\") { title } campaign(slug: \"membership\") { joined } }`

func demoProgram(t *testing.T, dir string, args ...string) *program {
	t.Helper()
	return command(t, []string{"DATABASE_URL="}, append([]string{"demo", "--addr", "127.0.0.1:0", "--data-dir", dir}, args...)...)
}

func requireFlagship(t *testing.T, p *program) {
	t.Helper()
	answer := p.query(flagship)
	if !strings.Contains(answer, `"title":"`) || !strings.Contains(answer, `"joined":`) || strings.Contains(answer, "errors") {
		t.Fatalf("the demo newsroom is not there: %s", answer)
	}
}

func TestDemoKeepsItsDataThroughEveryEnd(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)

	first := demoProgram(t, dir, "--articles", "10").serving()
	requireFlagship(t, first)
	for _, path := range []string{"/", "/playground", "/healthz", "/readyz", "/metrics", "/graphql/schema.graphqls", "/demo/images/logo.svg"} {
		if status, body := first.get(path); status != 200 {
			t.Errorf("GET %s: %d %s", path, status, body)
		}
	}
	if code, output := demoProgram(t, dir).result(); code != exitFailed || !strings.Contains(output, "another Broadsheet") {
		t.Errorf("a second demo on the same directory: exit code %d, %s", code, output)
	}
	if code := first.end(syscall.SIGTERM); code != exitDone {
		t.Fatalf("SIGTERM: exit code %d\n%s", code, first.text())
	}

	second := demoProgram(t, dir).serving()
	requireFlagship(t, second)
	if answer := second.query(`{ article(slug: \"measured-9\") { slug } }`); !strings.Contains(answer, "measured-9") {
		t.Errorf("a synthetic article is lost: %s", answer)
	}
	second.end(syscall.SIGKILL)

	third := demoProgram(t, dir).serving()
	requireFlagship(t, third)
	killPostgres(t, dir)
	if code := third.exitCode(); code != exitFailed || !strings.Contains(third.text(), "Postgres has ended") {
		t.Errorf("Postgres was killed: exit code %d\n%s", code, third.text())
	}

	fourth := demoProgram(t, dir).serving()
	requireFlagship(t, fourth)
	if code := fourth.end(os.Interrupt.(syscall.Signal)); code != exitDone {
		t.Errorf("Ctrl-C: exit code %d\n%s", code, fourth.text())
	}
}

func killPostgres(t *testing.T, dir string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "postgres", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}
