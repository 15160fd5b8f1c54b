package server

import (
	"net"
	"sync"
	"time"
)

// net/http writes through a buffer of this size: an answer that is longer leaves it in two parts, each of which is a call
// of the system and a packet, and wakes up the client.
const bufferOfHTTP = 4 << 10

// mostHeld is how long the first part waits for the second, which mostly comes at once.
const mostHeld = time.Millisecond

// joinedListener accepts connections that write both parts together.
type joinedListener struct{ net.Listener }

func (l joinedListener) Accept() (net.Conn, error) {
	connection, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	joined := &joinedConn{Conn: connection}
	joined.timer = time.AfterFunc(time.Hour, joined.release)
	joined.timer.Stop()
	return joined, nil
}

// joinedConn holds a full buffer back until the next write.
type joinedConn struct {
	net.Conn

	mu    sync.Mutex
	held  []byte
	timer *time.Timer
}

// Write holds what is as long as a full buffer, since more follows then, except where a whole answer is just as long.
func (c *joinedConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case len(c.held) > 0:
		c.timer.Stop()
		parts := net.Buffers{c.held, p}
		_, err := parts.WriteTo(c.Conn)
		if c.held = c.held[:0]; err != nil {
			return 0, err
		}
		return len(p), nil
	case len(p) == bufferOfHTTP:
		c.held = append(c.held, p...)
		c.timer.Reset(mostHeld)
		return len(p), nil
	default:
		return c.Conn.Write(p)
	}
}

// release writes what is held, unless somebody else is writing. An error comes again at the next write.
func (c *joinedConn) release() {
	if !c.mu.TryLock() { // who writes takes it along, or is stuck, and to be ended by Close
		return
	}
	defer c.mu.Unlock()
	if len(c.held) > 0 {
		_, _ = c.Conn.Write(c.held)
		c.held = c.held[:0]
	}
}

// Close writes what is held before.
func (c *joinedConn) Close() error {
	c.timer.Stop()
	c.release()
	return c.Conn.Close()
}

// CloseWrite is asked for by net/http where it ends a connection.
func (c *joinedConn) CloseWrite() error {
	c.release()
	if tcp, is := c.Conn.(interface{ CloseWrite() error }); is {
		return tcp.CloseWrite()
	}
	return nil
}
