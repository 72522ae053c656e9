package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"turnout/internal/database"
	"turnout/internal/jobs"
)

// metrics are what /metrics tells: requests by route pattern (never by path: those are endless and hold ids), the
// connections to the database, the grouped writes, the jobs, and Go itself. It holds figures of the installation and
// nothing personal; a proxy in front may keep it to itself.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newMetrics(db *database.DB, now func() time.Time) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "turnout_http_requests_total", Help: "Answered requests."},
			[]string{"method", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "turnout_http_request_seconds", Help: "Time to answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}}, []string{"method", "route"}),
	}
	m.registry.MustRegister(m.requests, m.seconds,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collectors.NewDBStatsCollector(db.Read().DB, "read"),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "turnout_write_batches_total", Help: "Transactions that served grouped writes."},
			func() float64 { n, _ := db.Batches(); return float64(n) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "turnout_batched_writes_total", Help: "Writes served in them."},
			func() float64 { _, n := db.Batches(); return float64(n) }),
		jobCounts{db: db, now: now})
	if db.Writer() != db.Read() {
		m.registry.MustRegister(collectors.NewDBStatsCollector(db.Writer().DB, "write"))
	}
	return m
}

func (m *metrics) count(c *gin.Context) {
	began := time.Now()
	c.Next()
	method, route := c.Request.Method, c.FullPath()
	if route == "" { // anybody can invent methods and paths; they share one row
		method, route = "any", "none"
	}
	m.requests.WithLabelValues(method, route, strconv.Itoa(c.Writer.Status())).Inc()
	m.seconds.WithLabelValues(method, route).Observe(time.Since(began).Seconds())
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}

// jobCounts asks the database when somebody looks.
type jobCounts struct {
	db  *database.DB
	now func() time.Time
}

var jobsByState = prometheus.NewDesc("turnout_jobs", "Background jobs by state.", []string{"state"}, nil)

// Describe implements prometheus.Collector.
func (j jobCounts) Describe(out chan<- *prometheus.Desc) { out <- jobsByState }

// Collect implements prometheus.Collector.
func (j jobCounts) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second) //nolint:forbidigo // Collect is given no context
	defer cancel()
	stats, err := jobs.ReadStats(ctx, j.db.Read(), j.now())
	if err != nil {
		out <- prometheus.NewInvalidMetric(jobsByState, err)
		return
	}
	out <- prometheus.MustNewConstMetric(jobsByState, prometheus.GaugeValue, float64(stats.Waiting), string(jobs.Waiting))
	out <- prometheus.MustNewConstMetric(jobsByState, prometheus.GaugeValue, float64(stats.Dead), string(jobs.Dead))
}
