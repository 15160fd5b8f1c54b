package changes

import (
	"context"
	"log/slog"
	"time"

	"broadsheet/internal/content"
)

// betweenForgetting is how often what is too old is deleted. Each node may do so.
const betweenForgetting = time.Hour

// Forget deletes changes that are older than what is kept, until ctx is done.
func Forget(ctx context.Context, from *content.Service, kept time.Duration, log *slog.Logger) {
	tick := time.NewTicker(betweenForgetting)
	defer tick.Stop()
	for {
		if err := from.ForgetChanges(ctx, time.Now().Add(-kept)); err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "old changes are not deleted", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
