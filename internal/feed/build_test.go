package feed

import (
	"errors"
	"io"
	"runtime/debug"
	"strings"
	"testing"
)

func TestBuildsAreToldApart(t *testing.T) {
	t.Parallel()
	stamped := func(revision, modified string) *debug.BuildInfo {
		return &debug.BuildInfo{Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: revision}, {Key: "vcs.modified", Value: modified}}}
	}
	program := func(text string) func() (io.ReadCloser, error) {
		return func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
	}
	const commit = "0123456789abcdef0123456789abcdef01234567"
	for _, test := range []struct {
		what        string
		one, other  *debug.BuildInfo
		a, b        string // what is in the programs' files
		areTheSame  bool
		isTheCommit bool
	}{
		{"one commit", stamped(commit, "false"), stamped(commit, "false"), "a", "b", true, true},
		{"other files in the same commit", stamped(commit, "true"), stamped(commit, "true"), "a", "b", false, false},
		{"a copy of a program", stamped(commit, "true"), stamped(commit, "true"), "a", "a", true, false},
		{"no commit", new(debug.BuildInfo), new(debug.BuildInfo), "a", "b", false, false},
		{"nothing known", nil, nil, "a", "b", false, false},
	} {
		one, other := identity(test.one, program(test.a)), identity(test.other, program(test.b))
		if one == "" || (one == other) != test.areTheSame || strings.HasPrefix(commit, one) != test.isTheCommit {
			t.Errorf("%s: %q and %q", test.what, one, other)
		}
	}
	unreadable := func() (io.ReadCloser, error) { return nil, errors.New("no such file") }
	if one := identity(nil, unreadable); one == "" || one == identity(nil, unreadable) {
		t.Errorf("two runs of a program that cannot be read are both %q", one)
	}
	if build() == "" {
		t.Error("this program is not told from others")
	}
}
