package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync/atomic"
	"syscall"
)

// contender is a server that is measured, in a process of its own.
type contender struct {
	name    string
	address string // host:port
	process *exec.Cmd
	asked   atomic.Int64 // so that each measurement goes on in the variables where the last one stopped
}

func startContenders(ctx context.Context, o options, databaseURL string) ([]*contender, error) {
	binary := o.binary
	if binary == "" {
		binary = filepath.Join(o.dir, "broadsheet")
		if output, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/broadsheet").CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build the program: %w: %s", err, output)
		}
	}
	broadsheet, err := start(ctx, "Broadsheet", binary, []string{"DATABASE_URL=" + databaseURL, "BROADSHEET_LOG_LEVEL=info"},
		"serve", "--addr", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return []*contender{broadsheet}, nil
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
