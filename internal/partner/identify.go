package partner

import (
	"context"
	"net/http"
	"strings"
	"time"

	"broadsheet/internal/content"
)

// Door is what Identify stands before.
type Door struct {
	Name string // for the usage
	// Addressed says that tokens in the address count, and the public licence, as at feeds and embeds.
	Addressed bool
	// Refuse answers in the door's own tongue; nil: problem details (RFC 9457).
	Refuse func(http.ResponseWriter, *http.Request, *Problem)
}

// Identify finds out who asks, holds them to their quota, counts what they use, and has the door answer by their licence.
// It asks no database. Who shows no key is the public.
func (p *Partners) Identify(door Door, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown, given := presented(r, door.Addressed)
		if !given {
			if public := p.known.Load().public; door.Addressed && public != nil {
				r = r.WithContext(content.WithAudience(r.Context(), public))
			}
			next.ServeHTTP(w, r)
			return
		}
		caller, problem := p.authenticate(shown, r.RemoteAddr)
		if problem == nil {
			problem = p.serve(w, r, door, caller, shown.inAddress, next)
		}
		if problem != nil {
			door.refuse(w, r, problem)
		}
	})
}

// serve returns why the caller may not be served now; nil if they were.
func (p *Partners) serve(w http.ResponseWriter, r *http.Request, door Door, caller *caller, inAddress bool, next http.Handler) *Problem {
	now := p.now()
	at, short := caller.meter.admit(now, caller.ID, door.Name)
	if short != nil {
		p.outcomes.WithLabelValues("over_quota").Inc()
		caller.meter.writeQuota(w.Header(), now, p.compatible)
		return overQuota(short)
	}
	p.outcomes.WithLabelValues("served").Inc()
	answer := &metered{ResponseWriter: w, meter: caller.meter, at: at, now: now, light: r.Method == http.MethodHead,
		inAddress: inAddress, compatible: p.compatible}
	defer answer.count() // also of a handler that aborts its answer by a panic
	ctx := context.WithValue(content.WithAudience(r.Context(), caller.audience), callerKey{}, caller)
	next.ServeHTTP(answer, r.WithContext(ctx))
	return nil
}

type callerKey struct{}

// presentation is a credential as it was shown.
type presentation struct {
	text      string
	inAddress bool // a token
	basic     bool
}

// presented looks for a credential: Authorization: Bearer (RFC 6750), X-API-Key, the password of Authorization: Basic (RFC
// 7617), which some readers of feeds know alone, or a token in the address.
func presented(r *http.Request, addressed bool) (shown presentation, given bool) {
	if authorization := r.Header.Get("Authorization"); authorization != "" {
		if scheme, rest, _ := strings.Cut(authorization, " "); strings.EqualFold(scheme, "Bearer") {
			return presentation{text: strings.TrimSpace(rest)}, true
		}
		_, password, basic := r.BasicAuth()
		return presentation{text: password, basic: basic}, true
	}
	if key := r.Header.Get("X-Api-Key"); key != "" {
		return presentation{text: key}, true
	}
	if addressed && strings.Contains(r.URL.RawQuery, "token=") {
		if query := r.URL.Query(); query.Has("token") {
			return presentation{text: query.Get("token"), inAddress: true}, true
		}
	}
	return presentation{}, false
}

// authenticate tells whose credential it is.
func (p *Partners) authenticate(shown presentation, remote string) (*caller, *Problem) {
	found, refusal := p.recognise(shown)
	switch {
	case refusal == "":
		return found, nil
	case found == nil: // of those who know a secret, nobody is suspected
		if wait := p.failures.note(remote, p.now()); wait > 0 {
			p.outcomes.WithLabelValues("throttled").Inc()
			return nil, tooManyFailures(wait)
		}
	}
	p.outcomes.WithLabelValues("unauthenticated").Inc()
	return nil, unauthenticated(refusal, shown.basic)
}

// recognise returns whose credential it is, and why it opens nothing, if it does not. Nothing tells an unknown key from a
// wrong secret.
func (p *Partners) recognise(shown presentation) (found *caller, refusal string) {
	parsed, ok := parseCredential(shown.text)
	if found = p.known.Load().find(parsed); !ok {
		found = nil
	}
	switch {
	case ok && shown.inAddress && !parsed.token:
		return nil, "A key must not stand in an address, which gets around. Put the token there that belongs to it: " + tokenPrefix + "…"
	case ok && parsed.token && !shown.inAddress:
		return nil, "This is a token, for the addresses of feeds and embeds. Here the key is wanted: " + keyPrefix + "…"
	case found == nil:
		return nil, "The key is not one that this server gave out. Check that it is complete, or ask the newsroom for one."
	}
	switch found.State(p.now()) {
	case revoked:
		return found, "The key " + found.Prefix() + " was revoked. Ask the newsroom for a new one."
	case expired:
		return found, "The key " + found.Prefix() + " expired at " + found.ExpiresAt.UTC().Format(time.RFC3339) + ". Ask the newsroom for a new one."
	}
	return found, ""
}
