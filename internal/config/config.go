// Package config holds what is set from outside, by flags or by the environment.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"broadsheet/graph"
	"broadsheet/internal/cache"
	"broadsheet/internal/content"
	"broadsheet/internal/database"
	"broadsheet/internal/edge"
)

// Server is the configuration of a running server.
type Server struct {
	Addr        string        `help:"Address to listen on." default:"127.0.0.1:8080" env:"BROADSHEET_ADDR"`
	SiteURL     string        `help:"Address of the newsroom's own site; public addresses begin with it. Default: the server's own address." env:"BROADSHEET_SITE_URL"`
	PublicURL   string        `help:"Address at which the world reaches this server, for feeds and embeds. Default: the server's own address." env:"BROADSHEET_PUBLIC_URL"`
	ArticlePath string        `help:"Path of an article on the site." default:"/{slug}/" env:"BROADSHEET_ARTICLE_PATH"`
	AuthorPath  string        `help:"Path of an author on the site." default:"/author/{slug}/" env:"BROADSHEET_AUTHOR_PATH"`
	TagPath     string        `help:"Path of a tag on the site." default:"/tag/{slug}/" env:"BROADSHEET_TAG_PATH"`
	AdminAddr   string        `help:"Address of a listener for /metrics, /healthz and /readyz; /metrics is then nowhere else." env:"BROADSHEET_ADMIN_ADDR"`
	Drain       time.Duration `help:"How long to go on answering, no longer ready, when told to stop, so that load balancers notice." default:"0s" env:"BROADSHEET_DRAIN"`
	Grace       time.Duration `help:"How long requests may then take to finish." default:"15s" env:"BROADSHEET_GRACE"`

	TrustedProxies  []Network `help:"Addresses of the proxies before this server, such as 10.0.0.0/8 or 192.0.2.7; separated by commas. A client's address is then the right-most one in X-Forwarded-For or Forwarded (RFC 7239) that is none of theirs: in the log, and where wrong keys are slowed down. Without it, what those headers say is passed over." placeholder:"CIDR" env:"BROADSHEET_TRUSTED_PROXIES"`
	RateLimitCompat bool      `help:"Tell partners what is left of their quota in X-RateLimit-Limit, -Remaining and -Reset (seconds of Unix time), too, for clients that do not know RateLimit." env:"BROADSHEET_RATE_LIMIT_COMPAT"`

	MemoryBytes int64         `help:"Memory for rows that were read, in bytes, each for as long as it is right; 33554432 at the least, or 0, which keeps none." default:"67108864" env:"BROADSHEET_MEMORY_BYTES"`
	CacheBytes  int64         `help:"Memory for finished answers, in bytes; 0 keeps none." default:"67108864" env:"BROADSHEET_CACHE_BYTES"`
	CacheShared time.Duration `help:"How long caches further out, which hear of no change, may keep an answer." default:"0s" env:"BROADSHEET_CACHE_SHARED"`
	CacheStale  time.Duration `help:"How long answers that were right when the database was lost go on being given." default:"10m" env:"BROADSHEET_CACHE_STALE"`

	ChangesKept time.Duration `help:"How long changes are kept for those who follow them." default:"720h" env:"BROADSHEET_CHANGES_KEPT"`

	Purge           []string `help:"Caches further out that are told what to drop: varnish+http://127.0.0.1:6081/, fastly+https://api.fastly.com/service/ID, cloudflare+https://api.cloudflare.com/client/v4/zones/ID; separated by commas. Needs --cache-shared." placeholder:"URL" env:"BROADSHEET_PURGE"`
	FastlyToken     string   `help:"Token that may purge at Fastly." env:"BROADSHEET_FASTLY_TOKEN"`
	CloudflareToken string   `help:"Token that may purge at Cloudflare." env:"BROADSHEET_CLOUDFLARE_TOKEN"`

	WebSubHub string `name:"websub-hub" help:"Address of a WebSub hub that feeds name, and that is told when they change." env:"BROADSHEET_WEBSUB_HUB"`

	MaxBodyBytes  int64         `name:"graphql-max-body-bytes" help:"Bytes of a GraphQL request." default:"262144" env:"BROADSHEET_GRAPHQL_MAX_BODY_BYTES"`
	MaxTokens     int           `name:"graphql-max-tokens" help:"Tokens of a GraphQL document." default:"2000" env:"BROADSHEET_GRAPHQL_MAX_TOKENS"`
	MaxDepth      int           `name:"graphql-max-depth" help:"Levels of fields inside fields." default:"16" env:"BROADSHEET_GRAPHQL_MAX_DEPTH"`
	MaxAliases    int           `name:"graphql-max-aliases" help:"Aliases in a document." default:"30" env:"BROADSHEET_GRAPHQL_MAX_ALIASES"`
	MaxDirectives int           `name:"graphql-max-directives" help:"Directives in a document." default:"50" env:"BROADSHEET_GRAPHQL_MAX_DIRECTIVES"`
	MaxFields     int           `name:"graphql-max-fields" help:"Fields of a GraphQL document." default:"500" env:"BROADSHEET_GRAPHQL_MAX_FIELDS"`
	MaxFragments  int           `name:"graphql-max-fragments" help:"Fragments and their uses in a document." default:"50" env:"BROADSHEET_GRAPHQL_MAX_FRAGMENTS"`
	MaxComplexity int           `name:"graphql-max-complexity" help:"Fields to answer, those of lists counted as often as the page holds." default:"20000" env:"BROADSHEET_GRAPHQL_MAX_COMPLEXITY"`
	Timeout       time.Duration `name:"graphql-timeout" help:"Time of one operation." default:"10s" env:"BROADSHEET_GRAPHQL_TIMEOUT"`
	Documents     string        `name:"graphql-documents" help:"Manifest of trusted documents, or directory of manifests and documents, that clients ask for by their ids." env:"BROADSHEET_GRAPHQL_DOCUMENTS"`
	DocumentsMode string        `name:"graphql-documents-mode" help:"Whether other documents are executed: open, prefer (with a warning in the log) or only (not)." enum:"open,prefer,only" default:"open" env:"BROADSHEET_GRAPHQL_DOCUMENTS_MODE"`
	Introspection bool          `name:"graphql-introspection" help:"Let clients ask for the schema." default:"true" negatable:"" env:"BROADSHEET_GRAPHQL_INTROSPECTION"`

	Database
	Log
}

// Database says which Postgres is used.
type Database struct {
	DatabaseURL string `help:"Address of a Postgres of your own, as psql takes it. Without it Broadsheet runs one by itself in the data directory." env:"DATABASE_URL"`
	DataDir     string `help:"Data directory of the Postgres that Broadsheet runs by itself." default:"${data_dir}" env:"BROADSHEET_DATA_DIR"`
	PostgresBin string `help:"Directory with Postgres's programs, if they are in none of the usual places." env:"BROADSHEET_POSTGRES_BIN"`
	Repository  string `name:"postgres-repository" help:"Maven repository to download Postgres from where it is not installed." env:"BROADSHEET_POSTGRES_REPOSITORY"`
	PoolSize    int    `help:"Connections to Postgres. Default: two for each core, at least 4." env:"BROADSHEET_POOL_SIZE"`
}

// Log says how to log.
type Log struct {
	Format string     `name:"log" help:"Form of the log: text or json." enum:"text,json" default:"text" env:"BROADSHEET_LOG"`
	Level  slog.Level `name:"log-level" help:"debug, info, warn or error. Requests that a kept answer is given to are logged at debug." default:"info" env:"BROADSHEET_LOG_LEVEL"`
}

// Limits are the limits of the GraphQL door.
func (s *Server) Limits() graph.Limits {
	limits := graph.DefaultLimits()
	limits.BodyBytes, limits.Tokens, limits.Depth = s.MaxBodyBytes, s.MaxTokens, s.MaxDepth
	limits.Aliases, limits.Directives, limits.Fields = s.MaxAliases, s.MaxDirectives, s.MaxFields
	limits.Fragments, limits.Complexity = s.MaxFragments, s.MaxComplexity
	limits.Time, limits.Introspection = s.Timeout, s.Introspection
	return limits
}

// Trusted reads the trusted documents; nil if there are none.
func (s *Server) Trusted() (*graph.Trusted, error) {
	mode := graph.TrustedMode(s.DocumentsMode)
	if s.Documents == "" && mode != graph.TrustedOpen {
		return nil, fmt.Errorf("--graphql-documents-mode %s needs documents: name them with --graphql-documents", mode)
	}
	if s.Documents == "" {
		return nil, nil
	}
	return graph.LoadTrusted(s.Documents, mode, s.Limits())
}

// Proxies are the networks of the trusted proxies.
func (s *Server) Proxies() []netip.Prefix {
	proxies := make([]netip.Prefix, len(s.TrustedProxies))
	for i, network := range s.TrustedProxies {
		proxies[i] = network.Prefix
	}
	return proxies
}

// Network is an address, or all that begin alike.
type Network struct{ netip.Prefix }

// UnmarshalText reads 192.0.2.7, 10.0.0.0/8, 2001:db8::1 or 2001:db8::/32.
func (n *Network) UnmarshalText(text []byte) error {
	if address, err := netip.ParseAddr(string(text)); err == nil && address.Zone() == "" {
		address = address.Unmap()
		n.Prefix = netip.PrefixFrom(address, address.BitLen())
		return nil
	}
	prefix, err := netip.ParsePrefix(string(text))
	if err != nil || prefix.Addr().Is4In6() {
		return fmt.Errorf("%q is no network; write it like 10.0.0.0/8 or 192.0.2.7", text)
	}
	n.Prefix = prefix.Masked()
	return nil
}

// Cache says what is kept of finished answers.
func (s *Server) Cache() cache.Options {
	return cache.Options{Bytes: s.CacheBytes, Shared: s.CacheShared, Stale: s.CacheStale}
}

// Origin is the address at which the world reaches the server, without a slash at the end.
func (s *Server) Origin(own string) (string, error) {
	if s.PublicURL == "" {
		return own, nil
	}
	u, err := url.Parse(s.PublicURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("%q is not the address of a server; write --public-url like https://content.example.org", s.PublicURL)
	}
	return u.Scheme + "://" + u.Host, nil
}

// Edge says who is told of changes besides the nodes. Origin is that of the feeds.
func (s *Server) Edge(origin string) (edge.Options, error) {
	if len(s.Purge) > 0 && (s.CacheShared == 0 || s.CacheBytes == 0) {
		return edge.Options{}, errors.New("--purge is given, but caches further out are told to keep nothing; set --cache-shared, such as 1h, and keep --cache-bytes above 0")
	}
	return edge.Options{Caches: s.Purge, FastlyToken: s.FastlyToken, CloudflareToken: s.CloudflareToken, Hub: s.WebSubHub, Origin: origin}, nil
}

// Addresses are how public addresses are made, for a server that is reached at the origin.
func (s *Server) Addresses(origin string) (*content.Addresses, error) {
	return content.NewAddresses(cmp.Or(s.SiteURL, origin), s.ArticlePath, s.AuthorPath, s.TagPath)
}

// Pool bounds the connections to Postgres.
func (d *Database) Pool() database.Pool { return database.Pool{MaxOpen: d.PoolSize} }

// Local says how to run a Postgres of our own.
func (d *Database) Local(log *slog.Logger) database.LocalOptions {
	return database.LocalOptions{Dir: d.DataDir, Log: log, Binaries: database.Binaries{
		Dir: d.PostgresBin, Repository: d.Repository, Cache: filepath.Join(d.DataDir, "download"),
	}}
}

// DefaultDataDir is where data goes by the XDG Base Directory Specification; for root, whose home no other user can
// look into, below /var/lib.
func DefaultDataDir() string {
	if os.Geteuid() == 0 {
		return "/var/lib/broadsheet"
	}
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "broadsheet")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = os.TempDir()
	}
	return filepath.Join(home, ".local", "share", "broadsheet")
}

// Logger writes in the form that is set.
func (l *Log) Logger(to io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: l.Level}
	if l.Format == "json" {
		return slog.New(slog.NewJSONHandler(to, options))
	}
	return slog.New(slog.NewTextHandler(to, options))
}
