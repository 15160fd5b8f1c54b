package edge

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"broadsheet/internal/cache"
	"broadsheet/internal/changes"
	"broadsheet/internal/content"
)

// purger drops from a cache further out what was made from what has changed.
type purger struct {
	kind   kind
	label  string
	base   *url.URL
	token  string
	client *http.Client
}

// kind is how a sort of cache is spoken to.
type kind struct {
	most  int // keys in one request
	purge func(p *purger, keys []string) (*http.Request, error)
}

// mostKeys is the number of keys from which on everything costs less.
const mostKeys = 2000

func kindOf(scheme string) (kind, bool) {
	switch scheme {
	case "varnish":
		return varnish, true
	case "fastly":
		return fastly, true
	case "cloudflare":
		return cloudflare, true
	default:
		return kind{}, false
	}
}

func newPurger(address string, options Options, client *http.Client) (*purger, error) {
	name, rest, _ := strings.Cut(address, "+")
	spoken, known := kindOf(name)
	u, err := url.Parse(rest)
	if !known || err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%s is not a cache that can be purged; write --purge like varnish+http://127.0.0.1:6081/, "+
			"fastly+https://api.fastly.com/service/ID or cloudflare+https://api.cloudflare.com/client/v4/zones/ID", (&url.URL{Opaque: name}).Redacted())
	}
	p := &purger{kind: spoken, base: u, client: client}
	p.token = map[string]string{"fastly": options.FastlyToken, "cloudflare": options.CloudflareToken}[name]
	if name != "varnish" && p.token == "" {
		return nil, fmt.Errorf("purging %s needs a token; set BROADSHEET_%s_TOKEN", name, strings.ToUpper(name))
	}
	public := *u
	public.User, public.RawQuery = nil, ""
	p.label = name + "+" + public.String()
	return p, nil
}

func (p *purger) name() string { return p.label }
func (p *purger) waits() bool  { return false }

func (p *purger) tell(ctx context.Context, changed []changes.Change, position int64) error {
	keys := keysOf(changed)
	if len(keys) > mostKeys {
		return p.tellEverything(ctx, position)
	}
	return p.purge(ctx, keys, position)
}

func (p *purger) tellEverything(ctx context.Context, position int64) error {
	return p.purge(ctx, []string{cache.EveryAnswer}, position)
}

func (p *purger) purge(ctx context.Context, keys []string, position int64) error {
	for batch := range slices.Chunk(keys, p.kind.most) {
		request, err := p.kind.purge(p, batch)
		if err != nil {
			return err
		}
		if err := p.send(ctx, request, position); err != nil {
			return err
		}
	}
	return nil
}

// keysOf are the keys that answers carry which were made from what has changed, each once.
func keysOf(changed []changes.Change) []string {
	var announced []content.Announcement
	for _, change := range changed {
		for _, a := range change.Announced {
			if a.From == 0 && !a.Late() { // what comes later is announced again then; who reads late has answers for themselves
				announced = append(announced, a)
			}
		}
	}
	if len(announced) == 0 {
		return nil
	}
	return cache.SurrogateKeys(announced)
}

func (p *purger) send(ctx context.Context, request *http.Request, position int64) error {
	request.Header.Set("Broadsheet-Position", strconv.FormatInt(position, 10))
	return send(ctx, p.client, request)
}

// send returns an error unless the answer has a status of success.
func send(ctx context.Context, client *http.Client, request *http.Request) error {
	request.Header.Set("User-Agent", "Broadsheet")
	response, err := client.Do(request.WithContext(ctx))
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.CopyN(io.Discard, response.Body, 64<<10) // so that the connection can be used again
	if response.StatusCode/100 == 2 {
		return nil
	}
	seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
	return &refusal{response.Status, time.Duration(seconds) * time.Second}
}

// refusal is an answer that says no.
type refusal struct {
	status     string
	retryAfter time.Duration // 0: it does not say
}

func (r *refusal) Error() string { return "answered " + r.status }

// varnish is Varnish with the module xkey and docs/varnish.vcl, or configuration to the same effect.
var varnish = kind{
	most: 256, // a header of Varnish's holds 8 KiB unless told otherwise
	purge: func(p *purger, keys []string) (*http.Request, error) {
		return p.request("PURGE", p.base.String(), nil, "Xkey-Purge", strings.Join(keys, " "))
	},
}

// fastly speaks to https://www.fastly.com/documentation/reference/api/purging/.
var fastly = kind{
	most: 256,
	purge: func(p *purger, keys []string) (*http.Request, error) {
		return p.request(http.MethodPost, p.base.JoinPath("purge").String(), nil, "Fastly-Key", p.token, "Surrogate-Key", strings.Join(keys, " "))
	},
}

// cloudflare speaks to https://developers.cloudflare.com/api/resources/cache/.
var cloudflare = kind{
	most: 30,
	purge: func(p *purger, keys []string) (*http.Request, error) {
		body, err := json.Marshal(map[string][]string{"tags": keys})
		if err != nil {
			return nil, err
		}
		return p.request(http.MethodPost, p.base.JoinPath("purge_cache").String(), body, "Authorization", "Bearer "+p.token, "Content-Type", "application/json")
	},
}

// request has headers in pairs of name and value.
func (p *purger) request(method, address string, body []byte, headers ...string) (*http.Request, error) {
	request, err := http.NewRequest(method, address, bytes.NewReader(body)) //nolint:noctx // send gives it one
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	return request, nil
}
