package changes

import (
	"net/http"
	"sync"
)

// How many requests may wait at the same time, streams among them.
const (
	mostWaiting        = 1000
	mostOfClient       = 8  // without a key: an address of IPv4, 64 bits of IPv6
	mostOfKnownPartner = 64 // however many its own servers are
)

// places are taken by requests that wait.
type places struct {
	mu    sync.Mutex
	taken int
	of    map[string]int // by client
}

// take returns a function that frees the place again, or the status that says why there is none.
func (p *places) take(client string, isPartner bool) (leave func(), refused int) {
	most := mostOfClient
	if isPartner {
		most = mostOfKnownPartner
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.of[client] >= most:
		return nil, http.StatusTooManyRequests
	case p.taken >= mostWaiting:
		return nil, http.StatusServiceUnavailable
	}
	p.taken++
	p.of[client]++
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.taken--
		if p.of[client]--; p.of[client] == 0 {
			delete(p.of, client)
		}
	}, 0
}
