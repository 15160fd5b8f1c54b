// Package edge tells those who keep our answers elsewhere what has changed: caches further out drop it, and hubs pass it
// on. Of several nodes on a database one tells each of them, whichever is first.
package edge

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/prometheus/client_golang/prometheus"

	"broadsheet/internal/changes"
)

// Options of Couriers.
type Options struct {
	Caches          []string // such as varnish+http://127.0.0.1:6081/; see NewCouriers
	FastlyToken     string
	CloudflareToken string
	Hub             string // address of a WebSub hub; empty: there is none
	Origin          string // where the world reaches the feeds, for the hub
}

// Couriers are one for each destination.
type Couriers struct {
	couriers []*courier
	tellings *prometheus.CounterVec
	behind   *prometheus.GaugeVec
}

// destination is somebody to be told. Its name is kept in the database, and holds no secret.
type destination interface {
	name() string
	// waits tells whether it wants to hear of a change only when every answer shows it, and not at once and then again.
	waits() bool
	// tell says what has changed, up to a position.
	tell(ctx context.Context, changed []changes.Change, position int64) error
	// tellEverything says that all may have changed, up to a position.
	tellEverything(ctx context.Context, position int64) error
}

// patience bounds one request to a destination.
const patience = 10 * time.Second

// NewCouriers returns couriers that listen to the log, which nobody may follow yet. An address of a cache begins with its
// kind:
//
//	varnish+http://127.0.0.1:6081/                       PURGE with the header xkey-purge, as docs/varnish.vcl takes it
//	fastly+https://api.fastly.com/service/ID             the token needs the scope purge_select
//	cloudflare+https://api.cloudflare.com/client/v4/zones/ID
func NewCouriers(db *sqlx.DB, log *changes.Log, logger *slog.Logger, options Options) (*Couriers, error) {
	c := &Couriers{
		tellings: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "broadsheet_edge_deliveries_total", Help: "Deliveries of changes to caches further out and to hubs, by outcome: told, everything (nobody knew what, so all of it) or failed.",
		}, []string{"destination", "outcome"}),
		behind: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "broadsheet_edge_behind", Help: "Changes that a destination had not been told of when this node last looked.",
		}, []string{"destination"}),
	}
	client := &http.Client{Timeout: patience}
	var all []destination
	for _, address := range options.Caches {
		cache, err := newPurger(address, options, client)
		if err != nil {
			return nil, err
		}
		all = append(all, cache)
	}
	if options.Hub != "" {
		all = append(all, &hub{address: options.Hub, origin: options.Origin, client: client, db: db})
	}
	for _, to := range all {
		one := &courier{destination: to, db: db, log: logger, couriers: c, woken: make(chan struct{}, 1)}
		log.OnChange(func([]changes.Change) { one.wake() })
		c.couriers = append(c.couriers, one)
	}
	return c, nil
}

// Run tells the destinations of changes until ctx is done.
func (c *Couriers) Run(ctx context.Context) {
	var running sync.WaitGroup
	for _, one := range c.couriers {
		running.Go(func() { one.run(ctx) })
	}
	running.Wait()
}

// Describe and Collect make the couriers' figures part of a Prometheus registry.
func (c *Couriers) Describe(to chan<- *prometheus.Desc) {
	c.tellings.Describe(to)
	c.behind.Describe(to)
}

// Collect implements prometheus.Collector.
func (c *Couriers) Collect(to chan<- prometheus.Metric) {
	c.tellings.Collect(to)
	c.behind.Collect(to)
}
