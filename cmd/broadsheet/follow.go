package main

import (
	"context"
	"sync"

	"broadsheet/internal/cache"
	"broadsheet/internal/changes"
	"broadsheet/internal/config"
	"broadsheet/internal/database"
	"broadsheet/internal/edge"
	"broadsheet/internal/partner"
	"broadsheet/internal/server"
)

// follow starts all that lives by the log of changes. Wait returns when they have ended, after ctx is done.
func follow(ctx context.Context, c *config.Server, options *server.Options, db *connection, log *changes.Log) (wait func(), err error) {
	if c.CacheBytes > 0 {
		options.Cache = cache.NewResponses(log, c.Cache()) // hears of changes after the memory, from which it is filled, and before others act on them
	}
	if options.Partners, err = partner.New(ctx, db.DB, log, partner.Options{Log: options.Log, Compatible: c.RateLimitCompat}); err != nil {
		return nil, err
	}
	told, err := c.Edge(options.Origin)
	if err != nil {
		return nil, err
	}
	couriers, err := edge.NewCouriers(db.DB, log, options.Log, told)
	if err != nil {
		return nil, err
	}
	options.Metrics = append(options.Metrics, couriers)
	options.Changes = log
	announcer := changes.NewAnnouncer(log, db.DB)
	own, err := database.Open(ctx, db.url, database.Pool{MaxOpen: 1})
	if err != nil {
		return nil, err
	}
	var running sync.WaitGroup
	running.Go(func() {
		changes.NewFollower(log, own).Run(ctx, database.ListenAddress(db.url))
		_ = own.Close()
	})
	running.Go(func() { options.Partners.Run(ctx) })
	running.Go(func() { announcer.Run(ctx) })
	running.Go(func() { couriers.Run(ctx) })
	running.Go(func() { changes.Forget(ctx, options.Content, c.ChangesKept, options.Log) })
	return running.Wait, nil
}
