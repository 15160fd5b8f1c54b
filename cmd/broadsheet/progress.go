package main

import (
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress is a bar on a terminal, and nothing elsewhere.
type progress struct{ bar *progressbar.ProgressBar }

func newProgress(what string, total int64, options ...progressbar.Option) progress {
	if !term.IsTerminal(int(os.Stderr.Fd())) {
		return progress{progressbar.DefaultSilent(total)}
	}
	return progress{progressbar.NewOptions64(total, append([]progressbar.Option{
		progressbar.OptionSetDescription(what), progressbar.OptionSetWriter(os.Stderr),
		progressbar.OptionThrottle(100 * time.Millisecond), progressbar.OptionClearOnFinish(),
		progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true), progressbar.OptionFullWidth(),
	}, options...)...)}
}

func (p progress) set(done, total int64) {
	p.bar.ChangeMax64(total)
	_ = p.bar.Set64(done)
}

func (p progress) finish() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
