package server

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// withClient puts the client's address in the place of that of the proxy before us, so that who counts or logs addresses
// need not know of proxies. Nothing is believed but what the proxies wrote that are trusted.
func withClient(trusted []netip.Prefix, next http.Handler) http.Handler {
	if len(trusted) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
			if client := proxies(trusted).client(plain(peer.Addr()), r.Header); client != plain(peer.Addr()) {
				r.RemoteAddr = netip.AddrPortFrom(client, 0).String() // its port is not known
			}
		}
		next.ServeHTTP(w, r)
	})
}

// proxies are the networks of those that are trusted.
type proxies []netip.Prefix

func (p proxies) trust(address netip.Addr) bool {
	return slices.ContainsFunc(p, func(network netip.Prefix) bool { return network.Contains(address) })
}

// client is the right-most address in X-Forwarded-For, or in Forwarded (RFC 7239), that is no trusted proxy's: what stands
// left of it was written by whoever liked to. Many proxies write one of the two headers and pass the other on as it came,
// so that both have to say the same; else the peer is the last who is known.
func (p proxies) client(peer netip.Addr, header http.Header) netip.Addr {
	if !p.trust(peer) {
		return peer
	}
	usual, standard := header["X-Forwarded-For"], header["Forwarded"]
	byUsual, byStandard := p.follow(peer, addresses(usual)), p.follow(peer, nodes(standard))
	switch {
	case len(standard) == 0:
		return byUsual
	case len(usual) == 0 || byUsual == byStandard:
		return byStandard
	default:
		return peer
	}
}

// follow goes from us towards the client, as far as somebody trusted leads.
func (p proxies) follow(peer netip.Addr, hops []string) netip.Addr {
	for _, hop := range slices.Backward(hops) {
		next, known := parseHop(hop)
		if !known { // hidden, or nonsense
			break
		}
		if peer = next; !p.trust(peer) {
			break
		}
	}
	return peer
}

// addresses are the entries of X-Forwarded-For.
func addresses(header []string) []string {
	return strings.Split(strings.Join(header, ","), ",")
}

// nodes are what stands after «for» in the elements of Forwarded; empty in those without one.
func nodes(header []string) (found []string) {
	for _, rest := range header {
		for rest != "" {
			var element, pair, node string
			element, rest = cutUnquoted(rest, ',')
			for element != "" {
				pair, element = cutUnquoted(element, ';')
				if name, value, _ := strings.Cut(pair, "="); strings.EqualFold(strings.TrimSpace(name), "for") {
					node = strings.Trim(strings.TrimSpace(value), `"`)
				}
			}
			found = append(found, node)
		}
	}
	return found
}

// cutUnquoted cuts at the first such sign outside of a quoted string (RFC 9110, section 5.6.4).
func cutUnquoted(text string, sign byte) (before, after string) {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == sign && !quoted:
			return text[:i], text[i+1:]
		}
	}
	return text, ""
}

// parseHop reads an address that may have a port: 192.0.2.1, 192.0.2.1:80, 2001:db8::1, [2001:db8::1] or [2001:db8::1]:80.
func parseHop(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if at, err := netip.ParseAddrPort(text); err == nil {
		return plain(at.Addr()), true
	}
	address, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	return plain(address), err == nil
}

// plain writes an address in one way: IPv4 as such, and no zone, which means something to one machine alone.
func plain(address netip.Addr) netip.Addr { return address.Unmap().WithZone("") }

// host is an address without its port, for the log.
func host(remote string) string {
	if at, err := netip.ParseAddrPort(remote); err == nil {
		return plain(at.Addr()).String()
	}
	return remote
}
