// Package browsertest opens pages in a headless Chromium for tests, and fails a test whose page complains.
package browsertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long a test may use its browser.
const patience = 90 * time.Second

// Chromium starts a browser with a fresh profile and returns the context for chromedp.Run, which ends with the test.
//
// When the test is over it fails if the page wrote a warning or an error to its console, threw an exception, could not
// load something, or broke its Content-Security-Policy, unless the complaint has one of the expected texts in it; and if
// one of those is missed. Without a browser it fails too, unless BROADSHEET_NO_BROWSER=1 asks to skip.
func Chromium(t *testing.T, expected ...string) context.Context {
	t.Helper()
	if os.Getenv("BROADSHEET_NO_BROWSER") == "1" {
		t.Skip("BROADSHEET_NO_BROWSER=1")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(executable(t)),
		chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true),
		chromedp.WindowSize(1440, 900),
	)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium refuses to start as root otherwise
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)

	complaints := &complaints{expected: expected}
	if err := complaints.listen(ctx); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	t.Cleanup(func() { complaints.report(t) })
	return ctx
}

func executable(t *testing.T) string {
	t.Helper()
	for _, name := range []string{
		"chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
		"/Applications/Chromium.app/Contents/MacOS/Chromium",
	} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("this test needs Chromium: install the package chromium (Debian: apt-get install chromium), " +
		"or set BROADSHEET_NO_BROWSER=1 to leave out the tests that open a browser")
	return ""
}

// complaints are what a page said that a good page does not say.
type complaints struct {
	expected []string
	mutex    sync.Mutex
	list     []string
}

func (c *complaints) listen(ctx context.Context) error {
	if err := chromedp.Listen(ctx, c.hear); err != nil {
		return err
	}
	if _, err := chromedp.Call(ctx, log.Enable, cdp.Empty{}); err != nil {
		return err
	}
	_, err := chromedp.Call(ctx, audits.Enable, cdp.Empty{})
	return err
}

func (c *complaints) hear(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		c.add("%s %s", e.ExceptionDetails.Text, text(e.ExceptionDetails.Exception))
	case *runtime.EventConsoleAPICalled:
		switch e.Type {
		case runtime.ConsoleAPICalledTypeError, runtime.ConsoleAPICalledTypeWarning, runtime.ConsoleAPICalledTypeAssert:
			c.add("console.%s: %s", e.Type, text(e.Args...))
		}
	case *log.EventEntryAdded:
		switch e.Entry.Level {
		case log.EntryLevelError, log.EntryLevelWarning:
			c.add("%s %s: %s %s", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL)
		}
	case *audits.EventIssueAdded:
		if issue := e.Issue.Details.ContentSecurityPolicyIssueDetails; issue != nil {
			c.add("content security policy: %s broken by %s", issue.ViolatedDirective, issue.BlockedURL)
		}
	}
}

func (c *complaints) add(format string, arguments ...any) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.list = append(c.list, fmt.Sprintf(format, arguments...))
}

func (c *complaints) report(t *testing.T) {
	t.Helper()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	heard := map[string]bool{}
	for _, complaint := range c.list {
		i := slices.IndexFunc(c.expected, func(text string) bool { return strings.Contains(complaint, text) })
		if i < 0 {
			t.Errorf("the page complained: %s", complaint)
			continue
		}
		heard[c.expected[i]] = true
	}
	for _, text := range c.expected {
		if !heard[text] {
			t.Errorf("the page did not complain of %s", text)
		}
	}
}

func text(values ...*runtime.RemoteObject) string {
	var words []string
	for _, value := range values {
		switch {
		case value == nil:
		case value.Description != "":
			words = append(words, value.Description)
		default:
			words = append(words, string(value.Value))
		}
	}
	return strings.Join(words, " ")
}

// PrefersColors makes the page believe that its reader prefers the scheme "light" or "dark".
func PrefersColors(scheme string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		preference := &emulation.MediaFeature{Name: "prefers-color-scheme", Value: scheme}
		params := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{preference}}
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, params)
		return err
	})
}

// Screenshot keeps a picture of the page as name.png in the folder that BROADSHEET_ARTIFACTS names; without it the
// picture goes when the test is over.
func Screenshot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	folder := os.Getenv("BROADSHEET_ARTIFACTS")
	if folder == "" {
		folder = t.TempDir()
	}
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatalf("take a screenshot of %s: %v", name, err)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, name+".png"), picture, 0o644); err != nil {
		t.Fatal(err)
	}
}
