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
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// contender is a server that is measured, in a process of its own, or a way to ask it.
type contender struct {
	name    string
	address string // host:port
	process *exec.Cmd
	form    requestForm                        // how it is asked
	prepare func(context.Context, query) error // before a measurement; nil: nothing
	asked   atomic.Int64                       // so that each measurement goes on in the variables where the last one stopped
}

// The ways in which Broadsheet itself is measured.
const (
	cachedServer = "Broadsheet"
	cachedByGet  = "Broadsheet, by GET"
	cachedByAPQ  = "Broadsheet, by APQ"
	cachedAgain  = "Broadsheet, by 304"
	memoryServer = "Broadsheet, no answers kept"
	plainServer  = "Broadsheet, nothing kept"
)

// benchSite is the newsroom's own site: addresses begin with it, L1's too.
const benchSite = "http://news.example"

// own are the settings of each way.
func (o options) own() map[string][]string {
	memory := "BROADSHEET_MEMORY_BYTES=" + strconv.FormatInt(o.memory, 10)
	return map[string][]string{
		cachedServer: {memory},
		memoryServer: {memory, "BROADSHEET_CACHE_BYTES=0"},
		plainServer:  {"BROADSHEET_MEMORY_BYTES=0", "BROADSHEET_CACHE_BYTES=0"},
	}
}

// field are the servers that stand on one newsroom.
type field struct {
	*newsroom
	contenders []*contender
	queries    []query
}

// remember has a server read the whole newsroom once, and show each page of the feed, as far as its memory holds it.
func remember(ctx context.Context, c *contender) error {
	fmt.Fprintf(os.Stderr, "%s reads everything\n", c.name)
	if _, err := walk(ctx, c.address, everything, variables{}, 0); err != nil {
		return err
	}
	for vars := (variables{}); ; {
		var answer struct {
			Data struct {
				Articles struct {
					PageInfo struct {
						EndCursor   string
						HasNextPage bool
					}
				}
			}
		}
		if err := post(ctx, c.address, feed, vars, &answer); err != nil {
			return err
		}
		page := answer.Data.Articles.PageInfo
		if vars["after"] = page.EndCursor; !page.HasNextPage {
			return nil
		}
	}
}

// enter starts the contenders of these names on a newsroom.
func enter(ctx context.Context, o options, news *newsroom, names ...string) (*field, error) {
	f := &field{newsroom: news}
	own, err := os.Executable()
	if err != nil {
		return f, err
	}
	for _, name := range names {
		program, args, environ := own, []string{"-limit", name}, []string{"DATABASE_URL=" + news.postgres.URL()}
		if settings, ok := o.own()[name]; ok {
			program, args = o.binary, []string{"serve", "--addr", "127.0.0.1:0", "--site-url", benchSite}
			environ = append(environ, settings...)
		}
		server, err := start(ctx, name, program, environ, args...)
		if err != nil {
			return f, err
		}
		f.contenders = append(f.contenders, server)
	}
	f.queries, err = readQueries(ctx, f.contenders[0].address, o.growth)
	f.queries = slices.DeleteFunc(f.queries, func(q query) bool { return !o.queries.MatchString(q.name) })
	return f, err
}

// called returns the contender of the name, nil if there is none.
func (f *field) called(name string) *contender {
	i := slices.IndexFunc(f.contenders, func(c *contender) bool { return c.name == name })
	if i < 0 {
		return nil
	}
	return f.contenders[i]
}

func (f *field) leave() {
	for _, c := range f.contenders {
		c.stop()
	}
	_ = f.close()
}

// build makes the program to measure, unless one is given.
func build(ctx context.Context, o *options) error {
	if o.binary != "" {
		return nil
	}
	o.binary = filepath.Join(o.dir, "broadsheet")
	if output, err := exec.CommandContext(ctx, "go", "build", "-o", o.binary, "./cmd/broadsheet").CombinedOutput(); err != nil {
		return fmt.Errorf("build the program: %w: %s", err, output)
	}
	return nil
}

// copyAnswer gives L0 the bytes that Broadsheet answers the query with.
func copyAnswer(ctx context.Context, q query, from, to *contender) error {
	answer, err := q.ask(ctx, from)
	if err != nil {
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

// sameAnswers refuses to compare contenders that do not answer the same.
func sameAnswers(ctx context.Context, q query, a, b *contender) error {
	var texts [2]string
	for i, c := range []*contender{a, b} {
		answer, err := q.ask(ctx, c)
		if err != nil {
			return err
		}
		if texts[i], err = q.compared(answer); err != nil {
			return fmt.Errorf("%s, %s: %w: %.300s", q.name, c.name, err, answer)
		}
	}
	first, second := texts[0], texts[1]
	for i := range max(len(first), len(second)) {
		if i >= len(first) || i >= len(second) || first[i] != second[i] {
			i = max(0, min(i, len(first), len(second))-100)
			return fmt.Errorf("%s: %s and %s answer differently:\n%.300s\n%.300s", q.name, a.name, b.name, first[i:], second[i:])
		}
	}
	return nil
}

// compared is what has to be the same in an answer: without the cursors, and how times are written; of a feed, the items
// of stories that stand.
func (q query) compared(answer []byte) (string, error) {
	if q.feed != "" {
		const item = "<item>\n"
		items := strings.Split(string(answer), item)[1:]
		items = slices.DeleteFunc(items, func(text string) bool { return strings.HasPrefix(text, "<title>Retracted</title>") })
		if len(items) != 100 {
			return "", fmt.Errorf("%d items", len(items))
		}
		return strings.Join(items, item), nil
	}
	var tree any
	if err := json.Unmarshal(answer, &tree); err != nil {
		return "", err
	}
	text := fmt.Sprint(plain(tree))
	if !strings.Contains(text, "slug") {
		return "", errors.New("no story is answered")
	}
	return text, nil
}

// plain takes away what may differ.
func plain(value any) any {
	switch value := value.(type) {
	case map[string]any:
		delete(value, "endCursor")
		for name, member := range value {
			value[name] = plain(member)
		}
	case []any:
		for i := range value {
			value[i] = plain(value[i])
		}
	case string:
		if at, err := time.Parse(time.RFC3339, value); err == nil {
			return at.UTC()
		}
	}
	return value
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

// by returns the same server, asked another way.
func (c *contender) by(name string) *contender {
	forms := map[string]requestForm{cachedByGet: getText, cachedByAPQ: getDigest, cachedAgain: getAgain}
	return &contender{name: name, address: c.address, process: c.process, form: forms[name]}
}

// takes tells whether the contender is asked the query: a way to ask is for GraphQL or for feeds alone, and L1 has no
// sitemap.
func (c *contender) takes(q query) bool {
	switch {
	case q.feed == "":
		return c.form != getAgain
	case strings.HasPrefix(q.feed, textsPath):
		return c.form == plainly || c.form == getAgain
	default:
		return (c.form == plainly || c.form == getAgain) && c.name != limitStatement
	}
}

func (c *contender) stop() {
	if c.process.ProcessState != nil {
		return
	}
	_ = c.process.Process.Signal(syscall.SIGTERM)
	_ = c.process.Wait()
}
