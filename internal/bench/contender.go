package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sync/atomic"
	"syscall"
)

// contender is a server that is measured, in a process of its own.
type contender struct {
	name    string
	address string // host:port
	process *exec.Cmd
	prepare func(context.Context, query) error // before a measurement; nil: nothing
	asked   atomic.Int64                       // so that each measurement goes on in the variables where the last one stopped
}

// The ways in which Broadsheet itself is measured.
const (
	cachedServer = "Broadsheet"
	plainServer  = "Broadsheet, no cache"
)

func startContenders(ctx context.Context, o options, databaseURL string) ([]*contender, error) {
	binary := o.binary
	if binary == "" {
		binary = filepath.Join(o.dir, "broadsheet")
		if output, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/broadsheet").CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build the program: %w: %s", err, output)
		}
	}
	var started []*contender
	for _, own := range []struct{ name, cache string }{{cachedServer, "67108864"}, {plainServer, "0"}} {
		server, err := start(ctx, own.name, binary, []string{"DATABASE_URL=" + databaseURL, "BROADSHEET_CACHE_BYTES=" + own.cache},
			"serve", "--addr", "127.0.0.1:0")
		if err != nil {
			return started, err
		}
		started = append(started, server)
	}
	own, err := os.Executable()
	if err != nil {
		return started, err
	}
	for _, name := range []string{limitMemory, limitStatement} {
		limit, err := start(ctx, name, own, []string{"DATABASE_URL=" + databaseURL}, "-limit", name)
		if err != nil {
			return started, err
		}
		started = append(started, limit)
	}
	memory := started[2]
	memory.prepare = func(ctx context.Context, q query) error { return copyAnswer(ctx, q, started[1], memory) }
	return started, nil
}

// copyAnswer gives L0 the bytes that Broadsheet answers the query with.
func copyAnswer(ctx context.Context, q query, from, to *contender) error {
	var answer json.RawMessage
	if err := post(ctx, from.address, q.document, q.variables[0], &answer); err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, "http://"+to.address+"/", bytes.NewReader(answer))
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// sameStories refuses to compare contenders that do not answer with the same stories in the same order.
func sameStories(ctx context.Context, q query, a, b *contender) error {
	var answers [2]json.RawMessage
	if err := errors.Join(post(ctx, a.address, q.document, q.variables[0], &answers[0]),
		post(ctx, b.address, q.document, q.keysets[0], &answers[1])); err != nil {
		return err
	}
	first, second := slugs(answers[0]), slugs(answers[1])
	if len(first) == 0 {
		return fmt.Errorf("%s: no story is answered: %.300s", q.name, answers[0])
	}
	if !slices.Equal(first, second) {
		return fmt.Errorf("%s: %s and %s answer with different stories:\n%s\n%s", q.name, a.name, b.name, first, second)
	}
	return nil
}

var slugMember = regexp.MustCompile(`"slug"\s?:\s?"([^"]*)"`)

func slugs(answer []byte) []string {
	var found []string
	for _, match := range slugMember.FindAllSubmatch(answer, -1) {
		found = append(found, string(match[1]))
	}
	slices.Sort(found)
	return found
}

var servingLine = regexp.MustCompile(`serving address=http://(\S+)`)

// start runs a server and returns when it says where it serves.
func start(ctx context.Context, name, program string, environ []string, args ...string) (*contender, error) {
	c := &contender{name: name, process: exec.CommandContext(ctx, program, args...)}
	c.process.Env = append(os.Environ(), environ...)
	stderr, err := c.process.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := c.process.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	lines := bufio.NewScanner(stderr)
	var last string
	for lines.Scan() {
		last = lines.Text()
		if found := servingLine.FindStringSubmatch(last); found != nil {
			c.address = found[1]
			go func() { _, _ = io.Copy(io.Discard, stderr) }() // its log has to go somewhere
			return c, nil
		}
	}
	return nil, errors.Join(fmt.Errorf("%s does not serve: %s", name, last), c.process.Wait())
}

func (c *contender) stop() {
	_ = c.process.Process.Signal(syscall.SIGTERM)
	_ = c.process.Wait()
}
