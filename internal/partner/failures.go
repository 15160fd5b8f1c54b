package partner

import (
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"broadsheet/internal/content"
)

// failures slows down who tries keys. A right key is always served, so that nobody can lock a partner out who comes from
// the same address, such as that of a proxy before us: what is kept from the others is the difference between one wrong
// key and the next, and 256 bits are found at no speed.
type failures struct {
	mu     sync.Mutex
	recent *simplelru.LRU[netip.Prefix, *attempts]
}

// attempts are tokens in a bucket.
type attempts struct {
	left float64
	at   time.Time
}

const (
	attemptsAtOnce = 10
	attemptEvery   = 6 * time.Second
	addressesKept  = 10_000
)

func newFailures() *failures {
	recent, err := simplelru.NewLRU[netip.Prefix, *attempts](addressesKept, nil)
	if err != nil {
		panic(err) // the size is a constant
	}
	return &failures{recent: recent}
}

// note counts a failure, and returns how long to wait before the next; zero: there may be more at once.
func (f *failures) note(remote string, now time.Time) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	from := network(remote)
	tried, known := f.recent.Get(from)
	if !known {
		tried = &attempts{attemptsAtOnce, now}
		f.recent.Add(from, tried)
	}
	tried.left = min(attemptsAtOnce, tried.left+now.Sub(tried.at).Seconds()/attemptEvery.Seconds())
	tried.at = now
	if tried.left < 1 {
		return time.Duration((1 - tried.left) * float64(attemptEvery))
	}
	tried.left--
	return 0
}

// ClientOf names who asks, where what one client takes is bound: the partner, as the request was identified, else the
// network that it comes from.
func ClientOf(r *http.Request) (name string, isPartner bool) {
	if audience := content.AudienceOf(r.Context()); audience != nil {
		return audience.Name, true
	}
	return network(r.RemoteAddr).String(), false
}

// network is what one client commands: an address of IPv4, 64 bits of IPv6.
func network(remote string) netip.Prefix {
	address, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Prefix{} // such as of a Unix socket: all together
	}
	bits, ip := 64, address.Addr().Unmap()
	if ip.Is4() {
		bits = 32
	}
	prefix, _ := ip.Prefix(bits) // there are that many
	return prefix
}
