package server_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"broadsheet/internal/database/dbtest"
	"broadsheet/internal/demo"
)

// BenchmarkPublishToFresh measures how long after its commit a story is in the answers of both of two nodes, while
// readers ask them for what they keep.
//
//	go test ./internal/server -run '^$' -bench PublishToFresh -benchtime 300x
func BenchmarkPublishToFresh(b *testing.B) {
	db, name := dbtest.NewNamed(b)
	if _, err := demo.Load(b.Context(), db, time.Now(), "http://127.0.0.1:8080"); err != nil {
		b.Fatal(err)
	}
	nodes := []*node{newNode(b, db, dbtest.URL(name)), newNode(b, db, dbtest.URL(name))}
	front := question{body: "/graphql?query=%7Barticles(first:5)%7Bnodes%7Bslug%7D%7D%7D"}
	var answers atomic.Int64
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for i := range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(200 * time.Microsecond):
					front.put(nodes[i%2].cached)
					answers.Add(1)
				}
			}
		})
	}
	defer readers.Wait()
	defer close(stop)
	took := make([]time.Duration, 0, b.N)
	begun := time.Now()
	for i := range b.N {
		slug := fmt.Sprintf("fresh-%d", i)
		db.MustExec(`insert into articles (slug, title, status) values ($1, 'Fresh', 'PUBLISHED')`, slug)
		committed := time.Now()
		for _, n := range nodes {
			for !strings.Contains(front.put(n.cached).Body.String(), slug) {
				time.Sleep(50 * time.Microsecond)
			}
		}
		took = append(took, time.Since(committed))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(answers.Load())/time.Since(begun).Seconds(), "reads/s")
}
