//go:build unix

package database

import (
	"errors"
	"io"
	"os"
	"time"
)

const (
	mostLog      = 16 << 20 // bytes of Postgres's log; as many again of what came before are kept beside it
	betweenLooks = time.Minute
)

// keepLogShort works until the server has ended. Postgres's own logging_collector begins new files, and deletes none.
func (l *Local) keepLogShort() {
	tick := time.NewTicker(betweenLooks)
	defer tick.Stop()
	for {
		select {
		case <-l.exited:
			return
		case <-tick.C:
			if err := shorten(l.logPath(), mostLog); err != nil {
				l.log.Warn("the log of Postgres cannot be shortened", "error", err)
			}
		}
	}
}

// shorten moves what a log holds, if it is more than so many bytes, to a file beside it whose name ends in .1, in place of
// what is there. Whoever appends to the log goes on at its new end; what is appended at that moment may be lost.
func shorten(path string, most int64) error {
	log, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	info, err := log.Stat()
	if err != nil || info.Size() <= most {
		return err
	}
	older, err := os.OpenFile(path+".1", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	_, err = io.Copy(older, log)
	return errors.Join(err, older.Close(), log.Truncate(0))
}
