//go:build unix && !linux

package database

import "syscall"

// dieWithParent does nothing here: a Postgres that outlived us is stopped at the next start.
func dieWithParent(*syscall.SysProcAttr) {}
