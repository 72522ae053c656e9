package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/api/site"
	"turnout/internal/logging"
)

// answerWithin is the time a request may take; its queries are given up then.
const answerWithin = 30 * time.Second

// requestID takes the caller's X-Request-Id when it is a plain word, else makes one, and answers with it.
func requestID(c *gin.Context) {
	id := c.GetHeader("X-Request-Id")
	if !plainWord(id) {
		id = string(turnout.NewID("req"))
	}
	c.Header("X-Request-Id", id)
	ctx, cancel := context.WithTimeout(logging.WithRequestID(c.Request.Context(), id), answerWithin)
	defer cancel()
	c.Request = c.Request.WithContext(ctx)
	c.Next()
}

// plainAddress refuses addresses that hold a NUL or bytes that are no UTF-8: nothing of ours has such a name, and a database
// fails on it instead of finding nothing.
func (s *server) plainAddress(c *gin.Context) {
	plain := storable(c.Request.URL.Path)
	if c.Request.URL.RawQuery != "" {
		for _, values := range c.Request.URL.Query() {
			plain = plain && !slices.ContainsFunc(values, func(value string) bool { return !storable(value) })
		}
	}
	if !plain {
		s.headers(access.Route{})(c)
		s.fail(c, errNoRoute)
		c.Abort()
	}
}

func storable(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

func plainWord(id string) bool {
	if len(id) < 8 || len(id) > 64 {
		return false
	}
	for _, r := range id {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' {
			return false
		}
	}
	return true
}

// accessLog writes one line a request: the route's pattern, never the path or the query, which hold secrets, and no address.
func accessLog(c *gin.Context) {
	began := time.Now()
	c.Next()
	ctx, level := c.Request.Context(), slog.LevelInfo
	if quiet[c.FullPath()] || site.Copying(ctx) {
		level = slog.LevelDebug
	}
	if !slog.Default().Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("method", c.Request.Method), slog.String("route", c.FullPath()), slog.Int("status", c.Writer.Status()),
		slog.Int("bytes", max(c.Writer.Size(), 0)), slog.Duration("took", time.Since(began).Round(time.Microsecond)),
	}
	if who := access.Who(c).ID(); who != "" {
		attrs = append(attrs, slog.String("caller", string(who)))
	}
	slog.LogAttrs(ctx, level, "request", attrs...)
}

// quiet are the routes that machines call all the time.
var quiet = map[string]bool{"/healthz": true, "/readyz": true, "/metrics": true, "/static/*file": true}

// recovery turns a panic into a 500 that the log tells whole.
func (s *server) recovery(c *gin.Context) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(p) // net/http's own way to drop a connection
		}
		err := fmt.Errorf("panic: %v", p)
		if c.Writer.Written() {
			respond.Log(c.Request.Context(), err)
			c.Abort()
			return
		}
		s.fail(c, err)
	}()
	c.Next()
}

// The policies: nothing from elsewhere, nothing inline. data: is for the small pictures in our own stylesheets, blob: for
// what a page makes itself (a still of the camera, a file to save).
const (
	policyStart = "default-src 'none'; script-src 'self'"
	policyRest  = "; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; media-src 'self' blob:; connect-src 'self'; manifest-src 'self'" +
		"; worker-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)

var policies = map[access.Frame]string{
	access.Strict: policyStart + policyRest,
	access.Camera: policyStart + " 'wasm-unsafe-eval'" + policyRest,
	// Chromium applies form-action to the redirects behind a form too.
	access.Paying: policyStart + policyRest + " https://checkout.stripe.com",
	// The room is anywhere, and its own redirects count too.
	access.Joining: policyStart + policyRest + " https: http:",
}

// headers sets what every answer carries; a page's frame and an order's secret change two of them.
func (s *server) headers(route access.Route) gin.HandlerFunc {
	camera, referrer := "()", "same-origin"
	if route.Frame == access.Camera {
		camera = "(self)"
	}
	if route.Who.Kind == access.KindSecret || route.Who.Kind == access.KindLink || route.Frame == access.Paying {
		referrer = "no-referrer" // the address holds the secret
	}
	return func(c *gin.Context) {
		h := c.Writer.Header()
		h.Set("Content-Security-Policy", policies[route.Frame])
		h.Set("Permissions-Policy", "camera="+camera+", geolocation=(), microphone=(), payment=(), usb=()")
		h.Set("Referrer-Policy", referrer)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if s.https {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
	}
}
