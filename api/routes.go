package api

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"turnout/api/access"
)

// The methods, short enough for the table.
const (
	get    = http.MethodGet
	post   = http.MethodPost
	put    = http.MethodPut
	patch  = http.MethodPatch
	remove = http.MethodDelete
)

// The rules without a parameter, so that the table reads as words.
var (
	public   = access.Public
	signedIn = access.SignedIn
	trying   = access.Sandbox
)

// routes is the whole product, row by row: what, who may, and the handler.
func (s *server) routes() []access.Route {
	all := s.apiRoutes()
	all = append(all, s.pageRoutes()...)
	all = append(all, s.hookRoutes()...)
	all = append(all, s.plainRoutes()...)
	return append(all, s.Extra...)
}

// plainRoutes are those of the process itself.
func (s *server) plainRoutes() []access.Route {
	return []access.Route{
		{Method: get, Path: "/healthz", Who: public, Handle: s.health},
		{Method: get, Path: "/readyz", Who: public, Handle: s.ready},
		{Method: get, Path: "/metrics", Who: public, Handle: gin.WrapH(s.metrics.handler())},
		{Method: get, Path: "/static/{file...}", Who: public, Handle: static()},
		{Method: get, Path: "/api/v1/openapi.json", Who: public, Handle: s.v1.OpenAPI},
		{Method: get, Path: "/api/docs", Who: public, Handle: s.v1.Docs},
	}
}

// hookRoutes are what other services call, and the sandbox's buttons for tests.
func (s *server) hookRoutes() []access.Route {
	return []access.Route{
		{Method: post, Path: "/hooks/stripe", Who: public, Handle: s.hooks.Stripe},
		{Method: post, Path: "/sandbox/payments/{id}/succeed", Who: trying, Handle: s.hooks.Succeed},
		{Method: post, Path: "/sandbox/payments/{id}/fail", Who: trying, Handle: s.hooks.DeclinePayment},
	}
}
