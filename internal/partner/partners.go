package partner

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/prometheus/client_golang/prometheus"

	"broadsheet/internal/changes"
)

// Partners is what a node knows of them. It is safe for concurrent use.
type Partners struct {
	db         *sqlx.DB
	changes    *changes.Log
	log        *slog.Logger
	now        func() time.Time
	compatible bool // see Options

	known    atomic.Pointer[directory]
	outdated atomic.Bool // the last attempt to read it failed
	loading  sync.Mutex
	flushing sync.Mutex
	mu       sync.Mutex
	meters   map[int64]*meter
	failures *failures

	outcomes *prometheus.CounterVec
}

// Options of Partners.
type Options struct {
	Log *slog.Logger
	Now func() time.Time // time.Now if nil
	// Compatible adds the fields X-RateLimit-Limit, -Remaining and -Reset to answers to partners.
	Compatible bool
}

// New returns the partners in a migrated database. It listens to the log of changes, which nobody may follow yet: once a
// change of a key is applied, the node acts by it.
func New(ctx context.Context, db *sqlx.DB, log *changes.Log, options Options) (*Partners, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	p := &Partners{
		db: db, changes: log, log: options.Log, now: options.Now, compatible: options.Compatible, meters: make(map[int64]*meter), failures: newFailures(),
		outcomes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "broadsheet_partner_requests_total", Help: "Requests with a key, by what came of it: served, unauthenticated, throttled or over_quota.",
		}, []string{"outcome"}),
	}
	log.OnChange(func(changed []changes.Change) {
		if concernsPartners(changed) {
			p.reload(ctx)
		}
	})
	if err := p.Load(ctx); err != nil {
		return nil, err
	}
	return p, p.Flush(ctx)
}

// Intervals of Run: how often what was used is added to the database, and how often the directory is read again while
// changes may go unheard.
const (
	flushEvery  = time.Second
	reloadEvery = 2 * time.Second
)

// Run keeps the partners up to date and adds up what they use, until ctx is done. What is used after that is in the
// database after Flush.
func (p *Partners) Run(ctx context.Context) {
	flush, reload := time.NewTicker(flushEvery), time.NewTicker(reloadEvery)
	defer flush.Stop()
	defer reload.Stop()
	heard := false // whether all changes after the last reading are
	for {
		select {
		case <-ctx.Done():
			return
		case <-flush.C:
			if err := p.Flush(ctx); err != nil && ctx.Err() == nil {
				p.log.Warn("what partners use cannot be written; it is kept until it can", "error", err)
			}
		case <-reload.C:
			_, current := p.changes.Current()
			if !current || !heard || p.outdated.Load() {
				p.reload(ctx)
			}
			heard = current
		}
	}
}

// longestLoad bounds how long the log of changes may wait for a directory.
const longestLoad = 5 * time.Second

func (p *Partners) reload(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, longestLoad)
	defer cancel()
	err := p.Load(ctx)
	if p.outdated.Store(err != nil); err != nil {
		p.log.Warn("partners cannot be read; those known before are served", "error", err)
	}
}

func (p *Partners) meterOf(partner int64) *meter {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.meters[partner] == nil {
		p.meters[partner] = newMeter(p.now())
	}
	return p.meters[partner]
}

// Describe and Collect make the figures part of a Prometheus registry.
func (p *Partners) Describe(to chan<- *prometheus.Desc) { p.outcomes.Describe(to) }

// Collect implements prometheus.Collector.
func (p *Partners) Collect(to chan<- prometheus.Metric) { p.outcomes.Collect(to) }
