package partner

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/lib/pq"
)

// brought is what a meter has given up, on its way to the database.
type brought struct {
	meter   *meter
	pending map[place]*tally
	usedAt  map[string]time.Time
}

// spentOn sums up the quota that was spent on a day.
func (b *brought) spentOn(day time.Time) (spent int64) {
	for at, t := range b.pending {
		if at.day.Equal(day) {
			spent += t.spent
		}
	}
	return spent
}

// Flush adds what was used to the database, and learns what other nodes have added: two statements, whatever the number of
// requests.
func (p *Partners) Flush(ctx context.Context) error {
	p.flushing.Lock()
	defer p.flushing.Unlock()
	p.mu.Lock()
	meters := maps.Clone(p.meters)
	p.mu.Unlock()
	taken := make(map[int64]*brought, len(meters))
	for id, m := range meters {
		pending, usedAt := m.take()
		taken[id] = &brought{m, pending, usedAt}
	}
	if err := p.bring(ctx, taken); err != nil {
		for _, b := range taken {
			b.meter.giveBack(b.pending, b.usedAt)
		}
		return err
	}
	today := midnight(p.now())
	for _, b := range taken {
		b.meter.bring(today, b.spentOn(today))
	}
	return p.learn(ctx, today, meters)
}

// bring writes rows in one order, so that no two nodes wait for each other. Partners that are gone are left out.
func (p *Partners) bring(ctx context.Context, taken map[int64]*brought) error {
	var rows usageRows
	var keys []string
	var used []time.Time
	for _, id := range slices.Sorted(maps.Keys(taken)) {
		b := taken[id]
		for _, at := range slices.SortedFunc(maps.Keys(b.pending), placesInOrder) {
			rows.add(id, at, b.pending[at])
		}
		for key, at := range b.usedAt {
			keys, used = append(keys, key), append(used, at)
		}
	}
	if len(rows.partners) == 0 {
		return nil
	}
	_, err := p.db.ExecContext(ctx, `with used as (
			update partner_keys k set last_used_at = greatest(k.last_used_at, u.at)
			from unnest($9::text[], $10::timestamptz[]) as u(id, at) where u.id = k.id
		)
		insert into partner_usage as u (partner_id, day, door, requests, not_modified, refused, bytes, spent)
		select n.* from unnest($1::bigint[], $2::date[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
			as n(partner_id, day, door, requests, not_modified, refused, bytes, spent)
		where exists (select from partners p where p.id = n.partner_id)
		on conflict (partner_id, day, door) do update set requests = u.requests + excluded.requests,
			not_modified = u.not_modified + excluded.not_modified, refused = u.refused + excluded.refused,
			bytes = u.bytes + excluded.bytes, spent = u.spent + excluded.spent`,
		pq.Array(rows.partners), pq.Array(rows.days), pq.Array(rows.doors), pq.Array(rows.requests), pq.Array(rows.notModified),
		pq.Array(rows.refused), pq.Array(rows.bytes), pq.Array(rows.spent), pq.Array(keys), pq.Array(instants(used)))
	if err != nil {
		return fmt.Errorf("write usage: %w", err)
	}
	return nil
}

func placesInOrder(a, b place) int { return cmp.Or(a.day.Compare(b.day), cmp.Compare(a.door, b.door)) }

// usageRows are the columns of partner_usage.
type usageRows struct {
	days, doors                                            []string
	partners, requests, notModified, refused, bytes, spent []int64
}

func (r *usageRows) add(partner int64, at place, t *tally) {
	r.partners, r.days, r.doors = append(r.partners, partner), append(r.days, at.day.Format(time.DateOnly)), append(r.doors, at.door)
	r.requests, r.notModified, r.refused = append(r.requests, t.requests), append(r.notModified, t.notModified), append(r.refused, t.refused)
	r.bytes, r.spent = append(r.bytes, t.bytes), append(r.spent, t.spent)
}

func instants(times []time.Time) []string {
	written := make([]string, len(times))
	for i, t := range times {
		written[i] = t.Format(time.RFC3339Nano)
	}
	return written
}

// learn tells the meters what all nodes have spent today.
func (p *Partners) learn(ctx context.Context, today time.Time, meters map[int64]*meter) error {
	if len(meters) == 0 {
		return nil
	}
	var totals []struct {
		PartnerID int64 `db:"partner_id"`
		Spent     int64 `db:"spent"`
	}
	err := p.db.SelectContext(ctx, &totals, `select partner_id, sum(spent)::bigint as spent
		from partner_usage
		where day = $1 and partner_id = any($2)
		group by partner_id`, today.Format(time.DateOnly), pq.Array(slices.Collect(maps.Keys(meters))))
	if err != nil {
		return fmt.Errorf("read usage: %w", err)
	}
	spent := make(map[int64]int64, len(totals))
	for _, total := range totals {
		spent[total.PartnerID] = total.Spent
	}
	for id, m := range meters {
		m.sync(today, spent[id])
	}
	return nil
}
