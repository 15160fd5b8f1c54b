package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"
)

// sample is what one measurement gives.
type sample struct {
	perSecond   float64
	p50, p99    time.Duration
	serverCPU   time.Duration // for one request
	postgresCPU time.Duration // for one request
	bytes       int           // of an answer, in the mean
	resident    int           // bytes of memory of the server, afterwards
	peak        int           // at the most since it began
}

// measure asks the contender a query on all connections for the time that is set.
func measure(ctx context.Context, o options, c *contender, q query, postmaster int) (sample, error) {
	requests, err := q.requests(ctx, c)
	if err != nil {
		return sample{}, err
	}
	if c.prepare != nil {
		if err := c.prepare(ctx, q); err != nil {
			return sample{}, err
		}
	}
	least := 0
	if len(requests) <= differentArticles { // what can be kept is to be kept by now
		least = len(requests)
	}
	if _, err := load(ctx, o, c, requests, least, o.duration/5); err != nil {
		return sample{}, err
	}
	server, postgres := cpuOf(c.process.Process.Pid), cpuOfChildren(postmaster)
	done, err := load(ctx, o, c, requests, 0, o.duration)
	if err != nil {
		return sample{}, err
	}
	resident, peak := residentOf(c.process.Process.Pid)
	count := len(done.latencies)
	slices.Sort(done.latencies)
	return sample{
		perSecond: float64(count) / done.took.Seconds(),
		p50:       done.latencies[count/2], p99: done.latencies[count*99/100],
		serverCPU:   (cpuOf(c.process.Process.Pid) - server) / time.Duration(count),
		postgresCPU: (cpuOfChildren(postmaster) - postgres) / time.Duration(count),
		bytes:       int(done.bytes) / count,
		resident:    resident, peak: peak,
	}, nil
}

// answers are what came back.
type answers struct {
	latencies []time.Duration
	bytes     int64
	took      time.Duration
}

// load asks on all connections for a time, and at least so many requests.
func load(ctx context.Context, o options, c *contender, requests [][]byte, least int, duration time.Duration) (*answers, error) {
	begun, last := time.Now(), c.asked.Load()+int64(least)
	parts, failures := make([]answers, o.connections), make([]error, o.connections)
	var wait sync.WaitGroup
	for i := range o.connections {
		wait.Go(func() { failures[i] = parts[i].ask(ctx, c, requests, last, begun.Add(duration)) })
	}
	wait.Wait()
	all := &answers{took: time.Since(begun)}
	for _, part := range parts {
		all.latencies = append(all.latencies, part.latencies...)
		all.bytes += part.bytes
	}
	if len(all.latencies) == 0 {
		failures = append(failures, errors.New("no answer came"))
	}
	return all, errors.Join(failures...)
}

// ask sends one request after the other on one connection. The client is as plain as can be, since it shares the
// machine with the server: it reads the status, the length and that many bytes.
func (a *answers) ask(ctx context.Context, c *contender, requests [][]byte, last int64, until time.Time) error {
	connection, err := new(net.Dialer).DialContext(ctx, "tcp", c.address)
	if err != nil {
		return err
	}
	defer func() { _ = connection.Close() }()
	reader := bufio.NewReaderSize(connection, 64<<10)
	for (c.asked.Load() < last || time.Now().Before(until)) && ctx.Err() == nil {
		request := requests[int(c.asked.Add(1))%len(requests)]
		sent := time.Now()
		if _, err := connection.Write(request); err != nil {
			return err
		}
		length, err := readAnswer(reader)
		if err != nil {
			return err
		}
		a.latencies = append(a.latencies, time.Since(sent))
		a.bytes += int64(length)
	}
	return ctx.Err()
}

func readAnswer(reader *bufio.Reader) (length int, err error) {
	line, err := reader.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	length = -1
	switch {
	case bytes.HasPrefix(line, []byte("HTTP/1.1 304")):
		length = 0
	case !bytes.HasPrefix(line, []byte("HTTP/1.1 200")):
		return 0, fmt.Errorf("answered: %s", line)
	}
	for len(line) > 2 {
		if line, err = reader.ReadSlice('\n'); err != nil {
			return 0, err
		}
		if rest, found := bytes.CutPrefix(line, []byte("Content-Length: ")); found {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(rest))); err != nil {
				return 0, err
			}
		}
	}
	if length < 0 {
		return 0, errors.New("the answer does not say its length")
	}
	_, err = reader.Discard(length)
	return length, err
}
