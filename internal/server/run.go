package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Running says how a server listens and how it stops.
type Running struct {
	Public     net.Listener
	Operations net.Listener  // nil: none of its own
	Answer     time.Duration // most time that an answer may take; a bit more is left for sending it
	Drain      time.Duration // how long to go on answering, no longer ready, before new connections are refused
	Grace      time.Duration // how long requests may then take to finish
}

// Run serves until ctx is done and then lets the requests that are being answered finish. Its error is nil if all did.
func (s *Server) Run(ctx context.Context, how Running) error {
	public := s.newHTTPServer(s.Public, how.Answer)
	defer s.stop()
	servers, failed := []*http.Server{public}, make(chan error, 2)
	go func() { failed <- public.Serve(joinedListener{how.Public}) }()
	if how.Operations != nil {
		operations := s.newHTTPServer(s.Operations, how.Answer)
		servers = append(servers, operations)
		go func() { failed <- operations.Serve(how.Operations) }()
	}
	select {
	case err := <-failed:
		return errors.Join(err, shutDown(context.Background(), servers))
	case <-ctx.Done():
	}
	s.draining.Store(true)
	s.log.Info("stopping", "drain", how.Drain, "grace", how.Grace)
	time.Sleep(how.Drain)
	s.stop()
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), how.Grace)
	defer cancel()
	return shutDown(grace, servers)
}

// newHTTPServer bounds everything that a slow or hostile client could keep open.
func (s *Server) newHTTPServer(handler http.Handler, answer time.Duration) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      answer + 30*time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
}

// shutDown cuts off what is still being answered when ctx is done.
func shutDown(ctx context.Context, servers []*http.Server) error {
	var all error
	for _, server := range servers {
		if err := server.Shutdown(ctx); err != nil {
			all = errors.Join(all, fmt.Errorf("requests were cut off: %w", err), server.Close())
		}
	}
	return all
}
