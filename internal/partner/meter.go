package partner

import (
	"maps"
	"sync"
	"time"
)

// Requests are counted in tenths: 304 and HEAD cost one, everything else ten.
const (
	wholeRequest int64 = 10
	lightRequest int64 = 1
)

// meter counts what a partner uses on this node, and holds it to its quota. The minute is a bucket of tokens that fills
// up evenly; the day is a day of UTC, whose count is in the database.
type meter struct {
	mu        sync.Mutex
	perMinute int64 // tenths; 0: any number
	perDay    int64
	bucket    int64 // what may be spent at once, in tenths times a minute's nanoseconds, so that no fraction is lost
	filledAt  time.Time
	day       time.Time        // the one that is being counted, its midnight
	spent     int64            // on that day by all nodes, in tenths, as far as known here
	synced    int64            // on that day by all nodes, as the database had it last
	begun     bool             // whether it has learned from the database before
	pending   map[place]*tally // what the database does not know yet
	usedAt    map[string]time.Time
}

// place is where usage is counted.
type place struct {
	day  time.Time
	door string
}

// tally is usage.
type tally struct{ requests, notModified, refused, bytes, spent int64 }

func (t *tally) add(more tally) {
	t.requests += more.requests
	t.notModified += more.notModified
	t.refused += more.refused
	t.bytes += more.bytes
	t.spent += more.spent
}

func newMeter(now time.Time) *meter {
	return &meter{filledAt: now, day: midnight(now), pending: make(map[place]*tally), usedAt: make(map[string]time.Time)}
}

func midnight(now time.Time) time.Time { return now.UTC().Truncate(24 * time.Hour) }

const minute = int64(time.Minute)

func (m *meter) capacity() int64 { return m.perMinute * minute }

// limit sets the quota. What is left of the minute stays.
func (m *meter) limit(quota Quota) {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := m.capacity()
	m.perMinute, m.perDay = tenths(quota.PerMinute), tenths(quota.PerDay)
	m.bucket += m.capacity() - before
}

func tenths(requests *int) int64 {
	if requests == nil {
		return 0
	}
	return int64(*requests) * wholeRequest
}

// shortage is a quota that is used up.
type shortage struct {
	policy string        // minute or day
	wait   time.Duration // until there is enough for a request again
}

// admit takes a whole request off the quota, or says which one is used up.
func (m *meter) admit(now time.Time, key, door string) (place, *shortage) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.advance(now)
	at := place{m.day, door}
	var short *shortage
	if need := wholeRequest * minute; m.perMinute > 0 && m.bucket < need {
		short = &shortage{"minute", time.Duration(ceil(need-m.bucket, m.perMinute))}
	}
	if m.perDay > 0 && m.spent+wholeRequest > m.perDay {
		short = &shortage{"day", m.day.Add(24 * time.Hour).Sub(now)}
	}
	if short != nil {
		m.add(at, tally{refused: 1})
		return at, short
	}
	m.usedAt[key] = now
	m.spend(at, wholeRequest)
	return at, nil
}

// lighten gives back what a request was cheaper than expected.
func (m *meter) lighten(at place) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.spend(at, lightRequest-wholeRequest)
}

// count adds an answer that was given.
func (m *meter) count(at place, answered tally) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.add(at, answered)
}

// policy is a quota and what is left of it, in whole requests and seconds.
type policy struct {
	name          string
	quota, window int64
	left, fullIn  int64 // now, and when all of it is there again
}

// policies are the quotas that hold.
func (m *meter) policies(now time.Time) []policy {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.advance(now)
	found := make([]policy, 0, 2)
	if m.perMinute > 0 {
		found = append(found, policy{"minute", m.perMinute / wholeRequest, 60,
			max(0, m.bucket/(wholeRequest*minute)), seconds(time.Duration(ceil(m.capacity()-m.bucket, m.perMinute)))})
	}
	if m.perDay > 0 {
		found = append(found, policy{"day", m.perDay / wholeRequest, 24 * 60 * 60,
			max(0, (m.perDay-m.spent)/wholeRequest), seconds(m.day.Add(24 * time.Hour).Sub(now))})
	}
	return found
}

func (m *meter) advance(now time.Time) {
	if passed := now.Sub(m.filledAt); passed > 0 { // requests may come here in another order than they read the clock
		m.bucket = min(m.capacity(), m.bucket+m.perMinute*min(int64(passed), minute))
		m.filledAt = now
	}
	if today := midnight(now); today.After(m.day) {
		m.day, m.spent, m.synced = today, 0, 0
	}
}

func (m *meter) spend(at place, tenths int64) {
	m.bucket = min(m.capacity(), m.bucket-tenths*minute)
	if at.day.Equal(m.day) {
		m.spent += tenths
	}
	m.add(at, tally{spent: tenths})
}

func (m *meter) add(at place, more tally) {
	if m.pending[at] == nil {
		m.pending[at] = new(tally)
	}
	m.pending[at].add(more)
}

// take returns what the database does not know yet; from now on it is the caller's to bring there.
func (m *meter) take() (map[place]*tally, map[string]time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	pending, usedAt := m.pending, m.usedAt
	m.pending, m.usedAt = make(map[place]*tally), make(map[string]time.Time)
	return pending, usedAt
}

// giveBack takes over again what could not be brought.
func (m *meter) giveBack(pending map[place]*tally, usedAt map[string]time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for at, t := range pending {
		m.add(at, *t)
	}
	maps.Copy(usedAt, m.usedAt)
	m.usedAt = usedAt
}

// bring notes that the database has been given more of a day.
func (m *meter) bring(day time.Time, spent int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if day.Equal(m.day) {
		m.synced += spent
	}
}

// sync learns what the database has of a day. What other nodes have spent is taken off here, too.
func (m *meter) sync(day time.Time, total int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !day.Equal(m.day) {
		return
	}
	others := total - m.synced
	m.synced = total
	m.spent += others
	if others > 0 && m.begun { // else it was spent at some time of the day
		m.bucket = max(-m.capacity(), m.bucket-others*minute)
	}
	m.begun = true
}

func ceil(a, b int64) int64 { return (a + b - 1) / b }
