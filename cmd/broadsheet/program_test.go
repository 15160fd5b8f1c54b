package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"broadsheet/internal/database/dbtest"
)

// asProgram makes the test binary be the program, so that tests run the real thing in a process of its own.
const asProgram = "BROADSHEET_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(run(os.Args[1:]))
	}
	dbtest.Main(m)
}

// patience is how long a test waits for something that has to come.
const patience = 2 * time.Minute

// program is a run of broadsheet.
type program struct {
	*exec.Cmd
	t      *testing.T
	origin string // where it serves
	ended  chan error

	mu     sync.Mutex
	output bytes.Buffer // stdout and stderr
}

func command(t *testing.T, environ []string, args ...string) *program {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &program{t: t, Cmd: exec.Command(executable, args...), ended: make(chan error, 1)}
	p.Env = append(os.Environ(), append(environ, asProgram+"=1")...)
	return p
}

// result runs the program to its end.
func (p *program) result() (exitCode int, output string) {
	p.t.Helper()
	text, err := p.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	return p.ProcessState.ExitCode(), string(text)
}

var servingLine = regexp.MustCompile(`msg=serving address=(\S+)`)

// serving starts the program and returns when it answers.
func (p *program) serving() *program {
	p.t.Helper()
	pipe, err := p.StderrPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	p.Stdout = (*programOutput)(p)
	if err := p.Start(); err != nil {
		p.t.Fatal(err)
	}
	origin := make(chan string, 1)
	go p.follow(pipe, origin)
	p.t.Cleanup(func() { _ = p.Process.Kill() })
	select {
	case p.origin = <-origin:
	case err := <-p.ended:
		p.t.Fatalf("%v ended before it served: %v\n%s", p.Args[1:], err, p.text())
	case <-time.After(patience):
		p.t.Fatalf("%v does not come to serve\n%s", p.Args[1:], p.text())
	}
	return p
}

func (p *program) follow(stderr io.Reader, origin chan<- string) {
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		_, _ = (*programOutput)(p).Write(append(lines.Bytes(), '\n'))
		if found := servingLine.FindStringSubmatch(lines.Text()); found != nil {
			origin <- found[1]
		}
	}
	p.ended <- p.Wait()
}

type programOutput program

func (o *programOutput) Write(text []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.output.Write(text)
}

func (p *program) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// end sends a signal and returns the exit code.
func (p *program) end(signal syscall.Signal) int {
	p.t.Helper()
	if err := p.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
	return p.exitCode()
}

// exitCode waits for the end.
func (p *program) exitCode() int {
	p.t.Helper()
	select {
	case err := <-p.ended:
		if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
			p.t.Fatal(err)
		}
		return p.ProcessState.ExitCode()
	case <-time.After(patience):
		p.t.Fatalf("%v does not end\n%s", p.Args[1:], p.text())
		return 0
	}
}

func (p *program) get(path string) (status int, body string) {
	p.t.Helper()
	response, err := http.Get(p.origin + path)
	if err != nil {
		p.t.Fatal(err)
	}
	return read(p.t, response)
}

// query asks over GraphQL and returns the answer as it is.
func (p *program) query(text string) string {
	p.t.Helper()
	response, err := http.Post(p.origin+"/graphql", "application/json", strings.NewReader(`{"query": "`+text+`"}`))
	if err != nil {
		p.t.Fatal(err)
	}
	_, body := read(p.t, response)
	return body
}

func read(t *testing.T, response *http.Response) (int, string) {
	t.Helper()
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// dataDir is a directory that another user can reach, since Postgres does not run as root.
func dataDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "broadsheet-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "data")
}
