package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of the times in /proc/PID/stat: USER_HZ, which is 100 on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// cpuOf is the processor time of a process, that of its children not counted.
func cpuOf(pid int) time.Duration {
	fields := statOf(pid)
	if len(fields) < 15 {
		return 0
	}
	return ticks(fields[11]) + ticks(fields[12])
}

// cpuOfChildren is the processor time of a process's children, those that have ended included.
func cpuOfChildren(pid int) time.Duration {
	var total time.Duration
	if fields := statOf(pid); len(fields) > 15 {
		total = ticks(fields[13]) + ticks(fields[14])
	}
	entries, _ := filepath.Glob("/proc/[0-9]*")
	for _, entry := range entries {
		child, _ := strconv.Atoi(filepath.Base(entry))
		if fields := statOf(child); len(fields) > 15 && fields[1] == strconv.Itoa(pid) {
			total += ticks(fields[11]) + ticks(fields[12])
		}
	}
	return total
}

// statOf are the fields of /proc/PID/stat from the third on, the state: the second may hold spaces (proc(5)).
func statOf(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	return strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
}

func ticks(field string) time.Duration {
	count, _ := strconv.ParseInt(field, 10, 64)
	return time.Duration(count) * tick
}

// residentOf is the memory that a process holds and the most that it has held, in bytes (VmRSS and VmHWM, proc(5)).
func residentOf(pid int) (now, most int) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(text)) {
		var name string
		var kilobytes int
		_, _ = fmt.Sscan(line, &name, &kilobytes)
		switch name {
		case "VmRSS:":
			now = kilobytes << 10
		case "VmHWM:":
			most = kilobytes << 10
		}
	}
	return now, most
}

// postmasterOf is the process of the Postgres that runs in a directory.
func postmasterOf(dir string) (int, error) {
	text, err := os.ReadFile(filepath.Join(dir, "postgres", "postmaster.pid"))
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return strconv.Atoi(line)
}
