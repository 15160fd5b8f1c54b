package database

import "syscall"

// dieWithParent makes the kernel stop Postgres, in its fast but clean way, when our process ends without doing so.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGINT }
