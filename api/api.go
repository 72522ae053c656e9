// Package api is everything that the outside can call: the route table (routes.go, routes_pages.go) reads as the product's
// contents page, and the middleware around it holds each row to its rule.
//
// The order around a handler: cross-origin protection (net/http's own, before gin), request id and deadline, metrics,
// access log, recovery, addresses that no database could look up, headers, the row's access rule, the rate limit for strangers
// who write, compression for what is public, and after what staff and programs write (rows that are not Unseen) an empty memory
// of public pages.
//
// JSON under /api/v1 is for programs: it takes bearer tokens and never the session cookie, so a browser cannot be made to
// act there for somebody who is signed in. Pages are for people and take the session cookie alone.
package api

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/alexedwards/scs/v2"
	"github.com/gin-gonic/gin"

	"turnout/api/access"
	"turnout/api/hooks"
	"turnout/api/pages"
	"turnout/api/respond"
	"turnout/api/services"
	"turnout/api/site"
	v1 "turnout/api/v1"
	"turnout/templates"
	"turnout/ticketing/payments/sandbox"
)

// Config is what New needs beside the services.
type Config struct {
	Templates *templates.Set
	// RateLimit is how many orders a minute one client address may place without a token, on the checkout page and by the API
	// together; other public writes may be twice as many, and forms be drawn again ten times as often. 0 means no limit.
	RateLimit int
	// TrustedProxies are the addresses and networks whose X-Forwarded-For is believed.
	TrustedProxies []string
	// Sandbox is the sandbox payment provider, nil while it is off.
	Sandbox *sandbox.Provider
	Demo    bool
	// KeepsMail says that there is no mail server: mails stay in the outbox.
	KeepsMail bool
	// Extra are further rows of the route table: the base line of `turnout bench`.
	Extra []access.Route
}

// Server is the http.Handler of a Turnout.
type Server struct {
	http.Handler
	Site     *site.Copier // of its public pages
	stop     sync.Once
	stopping chan struct{}       // closed when it stops
	table    []access.Route      // for the tests that walk it
	sessions *scs.SessionManager // likewise
}

// Stop makes /readyz red, so that a proxy sends nobody here any more, and ends streams; requests are still answered.
func (s *Server) Stop() { s.stop.Do(func() { close(s.stopping) }) }

// server holds what the middleware needs.
type server struct {
	*Server
	services.Services
	Config
	https          bool
	gate           *access.Gate
	pages          *pages.Handler
	v1             *v1.Handler
	hooks          *hooks.Handler
	metrics        *metrics
	orders, writes *limiter
	redraws        *limiter
}

// New builds the handler. An error is a mistake in the configuration.
func New(house services.Services, config Config) (*Server, error) {
	base, err := url.Parse(house.BaseURL)
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("api: the base URL %q is none", house.BaseURL)
	}
	https := base.Scheme == "https"
	sessions := newSessions(house, https)
	stopping := make(chan struct{})
	s := &server{
		Server: &Server{sessions: sessions, stopping: stopping}, Services: house, Config: config, https: https,
		pages:   &pages.Handler{Services: house, Templates: config.Templates, Sessions: sessions, Sandbox: config.Sandbox, Demo: config.Demo, KeepsMail: config.KeepsMail, Stopping: stopping},
		v1:      &v1.Handler{Services: house},
		hooks:   &hooks.Handler{Services: house, Sandbox: config.Sandbox},
		metrics: newMetrics(house.DB, house.Now),
		orders:  newLimiter(config.RateLimit), writes: newLimiter(2 * config.RateLimit), redraws: newLimiter(10 * config.RateLimit),
	}
	s.gate = newGate(house, sessions, https, config.Sandbox != nil, s.fail)
	s.v1.Document, err = v1.NewDocument(house.BaseURL, s.apiRoutes())
	if err != nil {
		return nil, err
	}
	s.v1.Document.Stylesheet = config.Templates.Asset("site.css")
	engine, err := s.engine()
	if err != nil {
		return nil, err
	}
	err = s.front(engine, base)
	copier := &site.Copier{Handler: s.Handler, BaseURL: house.BaseURL, Words: config.Templates}
	s.Site, s.pages.Site, s.v1.Site = copier, copier, copier
	return s.Server, err
}

// engine is gin with every row of the table.
func (s *server) engine() (*gin.Engine, error) {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.ContextWithFallback = false // *gin.Context is never a context
	e.RemoteIPHeaders = []string{"X-Forwarded-For"}
	e.HandleMethodNotAllowed = true
	e.RedirectTrailingSlash = false
	if err := e.SetTrustedProxies(s.TrustedProxies); err != nil {
		return nil, fmt.Errorf("api: trusted proxies: %w", err)
	}
	e.Use(requestID, s.metrics.count, accessLog, s.recovery, s.plainAddress)
	s.table = s.routes()
	for _, route := range s.table {
		s.add(e, route)
	}
	bare := s.headers(access.Route{})
	e.NoRoute(bare, func(c *gin.Context) { s.fail(c, errNoRoute) })
	e.NoMethod(bare, func(c *gin.Context) {
		s.failStatus(c, http.StatusMethodNotAllowed, "method_not_allowed", "This address takes other methods.")
	})
	return e, nil
}

func (s *server) add(e *gin.Engine, route access.Route) {
	chain := []gin.HandlerFunc{s.headers(route), s.gate.Enforce(route.Who)}
	if s.RateLimit > 0 && limited(route) {
		chain = append(chain, s.limit(route))
	}
	if compressible(route) {
		chain = append(chain, compress)
	}
	if route.Method != http.MethodGet && route.Who.Kind != access.KindPublic && !route.Unseen {
		chain = append(chain, s.changes)
	}
	if known := s.v1.Document.OnlyKnown(route); known != nil {
		chain = append(chain, known)
	}
	chain = append(chain, route.Handle)
	path := ginPath(route.Path)
	e.Handle(route.Method, path, chain...)
	if route.Method == http.MethodGet { // net/http leaves the body of the answer out
		e.Handle(http.MethodHead, path, chain...)
	}
}

// changes lets what staff and programs have written be seen on public pages at once.
func (s *server) changes(c *gin.Context) {
	c.Next()
	if c.Writer.Status() < http.StatusBadRequest {
		s.pages.Changed()
	}
}

// ginPath writes {event} as :event and {file...} as *file.
func ginPath(path string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		name, isParam := strings.CutPrefix(segment, "{")
		if !isParam {
			continue
		}
		if rest, isTail := strings.CutSuffix(name, "...}"); isTail {
			segments[i] = "*" + rest
		} else {
			segments[i] = ":" + strings.TrimSuffix(name, "}")
		}
	}
	return strings.Join(segments, "/")
}

// front stands before gin: requests that another site makes a browser send end here, and pages get their session.
func (s *server) front(engine *gin.Engine, base *url.URL) error {
	withSession := s.sessions.LoadAndSave(engine)
	chosen := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if access.IsPage(r.URL.Path) {
			withSession.ServeHTTP(w, r)
		} else {
			engine.ServeHTTP(w, r)
		}
	})
	guard := http.NewCrossOriginProtection()
	if err := guard.AddTrustedOrigin(base.Scheme + "://" + base.Host); err != nil {
		return fmt.Errorf("api: base URL: %w", err)
	}
	refuse := gin.New()
	refuse.Use(requestID, s.headers(access.Route{}))
	refuse.NoRoute(func(c *gin.Context) {
		s.failStatus(c, http.StatusForbidden, "cross_origin", "This came from another site's page and was not carried out.")
	})
	guard.SetDenyHandler(s.sessions.LoadAndSave(refuse))
	s.Handler = guard.Handler(chosen)
	return nil
}

// fail answers with an error in the manner of the path: a problem document or a page.
func (s *server) fail(c *gin.Context, err error) {
	if access.IsPage(c.Request.URL.Path) {
		s.pages.Fail(c, err)
	} else {
		respond.Fail(c, err)
	}
}

func (s *server) failStatus(c *gin.Context, status int, code, message string) {
	if access.IsPage(c.Request.URL.Path) {
		s.pages.FailStatus(c, status, message)
	} else {
		respond.FailStatus(c, status, code, message)
	}
}
