package api

import (
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/time/rate"

	"turnout"
	"turnout/api/access"
	"turnout/events/organisers"
)

// ErrTooMany is the answer to an address that writes too often without an account.
var ErrTooMany = &turnout.Error{Kind: turnout.TooMany, Code: "too_many_requests", Message: "Too many requests from this address. Wait a moment, then try again."}

// limiter gives each client address a bucket of tokens that holds one minute's worth and fills evenly. What one client
// is says organisers.Network. Memory is bounded: addresses live in two generations, and
// when the young one is full the old one is forgotten.
type limiter struct {
	perMinute int

	mu         sync.Mutex
	young, old map[netip.Prefix]*rate.Limiter
}

// generation is how many addresses a generation holds (about 15 MB).
const generation = 50_000

func newLimiter(perMinute int) *limiter {
	return &limiter{perMinute: perMinute, young: map[netip.Prefix]*rate.Limiter{}}
}

// wait takes a token of the address and gives 0, or says how long to wait for the next.
func (l *limiter) wait(address string, now time.Time) time.Duration {
	bucket := l.bucket(organisers.Network(address))
	if bucket.AllowN(now, 1) {
		return 0
	}
	missing := 1 - bucket.TokensAt(now)
	return max(time.Duration(missing/float64(bucket.Limit())*float64(time.Second)), time.Millisecond)
}

func (l *limiter) bucket(client netip.Prefix) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	bucket, ok := l.young[client]
	if ok {
		return bucket
	}
	if bucket, ok = l.old[client]; !ok {
		bucket = rate.NewLimiter(rate.Limit(float64(l.perMinute)/60), l.perMinute)
	}
	if len(l.young) >= generation {
		l.old, l.young = l.young, map[netip.Prefix]*rate.Limiter{}
	}
	l.young[client] = bucket
	return bucket
}

// limit holds writes of strangers to the rate: orders to the rate itself, forms that are drawn again without files to ten times that, others
// to twice that. At an event everybody is a stranger who may not write its orders: tokens and accounts of other communities cost nothing.
func (s *server) limit(route access.Route) gin.HandlerFunc {
	buckets := s.writes
	switch {
	case route.Sells:
		buckets = s.orders
	case route.Redraws:
		buckets = s.redraws
	}
	return func(c *gin.Context) {
		buckets := buckets
		if route.Redraws && c.ContentType() == gin.MIMEMultipartPOSTForm { // what is sent along is kept
			buckets = s.writes
		}
		who, event := access.Who(c), access.EventOrNone(c)
		if !who.Nobody() && (event == nil || who.May("orders:write", event.CommunityID, event)) {
			return
		}
		if wait := buckets.wait(c.ClientIP(), time.Now()); wait > 0 {
			c.Header("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
			s.fail(c, ErrTooMany)
			c.Abort()
		}
	}
}

// limited reports whether a route is held to the rate: one that writes and that strangers may call. Webhooks prove by
// their signature who they are.
func limited(route access.Route) bool {
	open := route.Who.Kind == access.KindPublic || route.Who.Kind == access.KindSecret || route.Who.Kind == access.KindLink
	return open && route.Method != http.MethodGet && route.Path != "/hooks/stripe"
}
