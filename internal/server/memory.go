package server

import (
	"github.com/prometheus/client_golang/prometheus"

	"broadsheet/internal/content"
)

func memoryMetrics(memory *content.Memory) []prometheus.Collector {
	const lookups, help = "broadsheet_memory_lookups_total", "Rows and lists of links that were looked up in memory, by whether they were there."
	counter := func(outcome string, of func(content.MemoryStats) int64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: lookups, Help: help, ConstLabels: prometheus.Labels{"outcome": outcome}},
			func() float64 { return float64(of(memory.Stats())) })
	}
	return []prometheus.Collector{
		counter("hit", func(s content.MemoryStats) int64 { return s.Hits }),
		counter("miss", func(s content.MemoryStats) int64 { return s.Misses }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "broadsheet_memory_written_total", Help: "Articles in lists that were answered as they had been written before."},
			func() float64 { return float64(memory.Stats().Written) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "broadsheet_memory_bytes", Help: "What the rows in memory take, roughly."},
			func() float64 { return float64(memory.Stats().Bytes) }),
	}
}
