package feed

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"runtime/debug"
	"strconv"
	"sync"
	"time"
)

// build tells this program from others, which may write the same articles otherwise. All servers of one build agree on it.
var build = sync.OnceValue(func() string {
	info, _ := debug.ReadBuildInfo()
	return identity(info, func() (io.ReadCloser, error) {
		path, err := os.Executable()
		if err != nil {
			return nil, err
		}
		return os.Open(path)
	})
})

// identity is the commit that the program was built from, shortened. If none is known, or it was not all, it is made of the
// program's file; and of the time if that cannot be read, so that nobody takes this run for another.
func identity(info *debug.BuildInfo, open func() (io.ReadCloser, error)) string {
	if commit := cleanCommit(info); commit != "" {
		return commit
	}
	sum := sha256.New()
	program, err := open()
	if err == nil {
		_, err = io.Copy(sum, program)
		_ = program.Close()
	}
	if err != nil {
		return strconv.FormatInt(time.Now().UnixNano(), 16)
	}
	return short(hex.EncodeToString(sum.Sum(nil)))
}

// cleanCommit is empty if nobody knows, or if files were changed since.
func cleanCommit(info *debug.BuildInfo) string {
	if info == nil {
		return ""
	}
	settings := make(map[string]string)
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if settings["vcs.modified"] != "false" {
		return ""
	}
	return short(settings["vcs.revision"])
}

func short(text string) string { return text[:min(len(text), 12)] }
