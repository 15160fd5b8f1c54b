// Package server is the product on one page: every route and every middleware.
package server

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"broadsheet/graph"
	"broadsheet/internal/cache"
	"broadsheet/internal/changes"
	"broadsheet/internal/content"
	"broadsheet/internal/database"
	"broadsheet/internal/demo"
	"broadsheet/internal/feed"
	"broadsheet/internal/partner"
	"broadsheet/internal/web"
	"broadsheet/internal/widget"
)

// Options of a Server.
type Options struct {
	DB       *sqlx.DB
	Content  *content.Service
	Limits   graph.Limits
	Trusted  *graph.Trusted         // documents that may be asked for by their ids; nil: none
	Cache    *cache.Responses       // nil: no answer is kept
	Partners *partner.Partners      // nil: everybody is the public
	Metrics  []prometheus.Collector // of what runs beside the server
	Changes  *changes.Log           // what the node hears; nil: nobody can wait for changes
	Log      *slog.Logger
	Proxies  []netip.Prefix // networks of the proxies before the server, whose word on the client's address is taken
	Origin   string         // where the world reaches this server, such as https://content.example.org
	Hub      string         // address of a WebSub hub that is told when feeds change; empty if there is none
	Demo     bool           // whether the demo newsroom's images are served
	Private  bool           // whether operations are on a listener of their own, and not among the public routes
}

// Server has the routes of Broadsheet.
type Server struct {
	// Public is the handler for everybody.
	Public http.Handler
	// Operations is the handler for those who run the server: health and metrics.
	Operations http.Handler

	db       *sqlx.DB
	log      *slog.Logger
	draining atomic.Bool
	stopping context.Context // done when what would never end has to
	stop     context.CancelFunc
}

// New returns a server on a migrated database.
func New(o Options) *Server {
	s := &Server{db: o.DB, log: o.Log}
	s.stopping, s.stop = context.WithCancel(context.Background())
	metrics := newMetrics(o.DB)
	metrics.registry.MustRegister(o.Metrics...)
	if o.Cache != nil {
		metrics.registry.MustRegister(o.Cache)
	}
	if o.Partners != nil {
		metrics.registry.MustRegister(o.Partners)
	}
	if memory := o.Content.Memory(); memory != nil {
		metrics.registry.MustRegister(memoryMetrics(memory)...)
	}

	operations := http.NewServeMux()
	operations.HandleFunc("GET /healthz", alive)
	operations.HandleFunc("GET /readyz", s.ready)
	operations.Handle("GET /metrics", promhttp.HandlerFor(metrics.registry, promhttp.HandlerOpts{}))

	public := http.NewServeMux()
	public.Handle("/{$}", web.Landing(landingPage(o)))
	playground := web.Playground("/graphql")
	public.Handle("/playground", playground)
	public.Handle("/playground/", playground)
	public.Handle("/graphql", identified(o, partner.Door{Name: "graphql", Refuse: refuseGraphQL}, cached(o, graph.NewHandler(o.Content, o.Limits, o.Trusted, o.Log))))
	feeds := feed.NewHandler(o.Content, feed.Options{Origin: o.Origin, Hub: o.Hub, Log: o.Log})
	syndicated := identified(o, partner.Door{Name: "feed", Addressed: true}, cached(o, feeds))
	public.Handle("/feeds/", syndicated)
	public.Handle("/retractions", syndicated)
	sitemaps := partner.Door{Name: "sitemap"}                     // for search engines, whatever the licence of feeds
	public.Handle("/sitemap.xml", identified(o, sitemaps, feeds)) // of all that there is: every change is one of it
	public.Handle("/news-sitemap.xml", identified(o, sitemaps, feeds))
	public.Handle("/sitemaps/", identified(o, sitemaps, cached(o, feeds)))
	stream := changes.NewHandler(changes.Options{Content: o.Content, Log: o.Log, Changes: o.Changes, Stop: s.stopping.Done(), Client: partner.ClientOf})
	public.Handle("/changes", identified(o, partner.Door{Name: "changes"}, stream))
	if o.Limits.Introspection {
		public.Handle("GET /graphql/schema.graphqls", graph.SchemaHandler())
	}
	frames := widget.NewHandler(widget.Options{Content: o.Content, Origin: o.Origin, Log: o.Log})
	embeds := identified(o, partner.Door{Name: "embed", Addressed: true, Refuse: func(w http.ResponseWriter, r *http.Request, problem *partner.Problem) {
		frames.Refuse(w, r, problem.Status, problem.Detail)
	}}, cached(o, frames))
	if o.Partners != nil {
		public.Handle("GET /usage", o.Partners.UsageDoor())
	}
	public.Handle("/oembed", embeds)
	public.Handle("/embed/", embeds)
	files := widget.Files()
	public.Handle("/embed", files)
	public.Handle("/embed.js", files)
	public.Handle("/embed/assets/", files)
	if o.Demo {
		public.Handle("GET /demo/", demo.Handler())
	}
	public.HandleFunc("GET /healthz", alive)
	public.HandleFunc("GET /readyz", s.ready)
	if !o.Private {
		public.Handle("GET /metrics", operations)
	}

	s.Public = withClient(o.Proxies, withTrace(o.Log, metrics, withRecovery(o.Log, public)))
	s.Operations = withRecovery(o.Log, operations)
	return s
}

// identified finds out who asks before anything of a door, also the cache, answers them.
func identified(o Options, as partner.Door, door http.Handler) http.Handler {
	if o.Partners == nil {
		return door
	}
	return o.Partners.Identify(as, door)
}

func refuseGraphQL(w http.ResponseWriter, r *http.Request, problem *partner.Problem) {
	graph.Refuse(w, r, problem.Status, problem.Code, problem.Detail)
}

// cached puts the cache before a door.
func cached(o Options, door http.Handler) http.Handler {
	if o.Cache == nil {
		return door
	}
	return o.Cache.Before(door, o.Limits.BodyBytes)
}

func landingPage(o Options) web.LandingPage {
	doors := []web.Door{
		{Path: "/playground", Title: "Playground", Description: "Write queries against this newsroom, with the schema's documentation beside them."},
		{Path: "/graphql", Title: "GraphQL", Description: "Articles, authors, tags and all that hangs on them, nested as deep as a page needs, by POST or GET."},
	}
	doors = append(doors,
		web.Door{Path: "/embed", Title: "Embeds", Description: "Cards, lists and counters for the pages of partners: choose, look, copy the snippet. Small, and without cookies."})
	if o.Limits.Introspection {
		doors = append(doors, web.Door{Path: "/graphql/schema.graphqls", Title: "Schema", Description: "The whole contract as text, for code generators."})
	}
	doors = append(doors,
		web.Door{Path: "/feeds/latest.rss", Title: "RSS", Description: "The newest stories as a feed; as Atom, JSON Feed and ninjs, too, and by tag and author."},
		web.Door{Path: "/sitemap.xml", Title: "Sitemap", Description: "All addresses for search engines; what is new stands in /news-sitemap.xml."},
		web.Door{Path: "/retractions", Title: "Retractions", Description: "Stories that were taken back, in order, for partners who have to take them down."},
		web.Door{Path: "/changes", Title: "Changes", Description: "What changed after a position, for those who keep copies; also as a stream of events."},
		web.Door{Path: "/healthz", Title: "Alive", Description: "Whether the process runs."},
		web.Door{Path: "/readyz", Title: "Ready", Description: "Whether the database answers and its schema is up to date."})
	if o.Partners != nil {
		doors = append(doors, web.Door{Path: "/usage", Title: "Usage", Description: "What a partner used in the last 30 days, by day and door, for those who show their key."})
	}
	if !o.Private {
		doors = append(doors, web.Door{Path: "/metrics", Title: "Metrics", Description: "Counters and histograms for Prometheus."})
	}
	return web.LandingPage{Endpoint: "/graphql", Doors: doors, Feeds: []web.Feed{
		{Path: "/feeds/latest.rss", MediaType: "application/rss+xml"},
		{Path: "/feeds/latest.atom", MediaType: "application/atom+xml"},
		{Path: "/feeds/latest.json", MediaType: "application/feed+json"},
	}, Newsroom: func(ctx context.Context) (string, string, error) {
		site, err := o.Content.Site(ctx)
		if err != nil {
			return "", "", err
		}
		return site.Name, site.Description, nil
	}}
}

func newMetrics(db *sqlx.DB) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "broadsheet_request_seconds", Help: "Time to answer, by door and status.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 15),
		}, []string{"door", "status"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "broadsheet_requests_in_flight", Help: "Requests being answered.",
		}),
		statements: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "broadsheet_statements_total", Help: "SQL statements run to answer requests, by door.",
		}, []string{"door"}),
		operations: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "broadsheet_graphql_operations_total", Help: "GraphQL operations, by whether a plan answered (else gqlgen executed or refused them), and by how the document was named.",
		}, []string{"planned", "document"}),
	}
	m.registry.MustRegister(m.seconds, m.inFlight, m.statements, m.operations, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collectors.NewDBStatsCollector(db.DB, "broadsheet"))
	return m
}

func alive(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "alive"})
}

// ready tells a load balancer whether to send requests here.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	checks, status := map[string]string{"database": "ok", "migrations": "ok"}, http.StatusOK
	if err := s.db.PingContext(ctx); err != nil {
		checks["database"], checks["migrations"], status = "unreachable", "unknown", http.StatusServiceUnavailable
	} else if pending, err := database.Pending(ctx, s.db); err != nil || pending > 0 {
		checks["migrations"], status = "pending", http.StatusServiceUnavailable
	}
	if s.draining.Load() {
		checks["server"], status = "stopping", http.StatusServiceUnavailable
	}
	writeJSON(w, status, checks)
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}
