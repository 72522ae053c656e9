package api

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"

	"turnout/api/access"
)

// Compression is for what holds no secret: public pages, public JSON and static files that a cache may keep. An answer that
// holds a secret beside words of the caller's choice, compressed, tells the secret by its length (BREACH); those are
// no-store and go out as they are.
func compressible(route access.Route) bool {
	return route.Method == http.MethodGet && route.Who.Kind == access.KindPublic && route.Path != "/metrics"
}

var gzipWriters = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed) // the level exists
	return w
}}

// compress sends text of a useful size gzipped to those who take it. A handler that has a compressed copy at hand sets
// Content-Encoding itself and is left alone.
func compress(c *gin.Context) {
	h := c.Writer.Header()
	h.Add("Vary", "Accept-Encoding")
	if !strings.Contains(c.GetHeader("Accept-Encoding"), "gzip") || c.GetHeader("Range") != "" {
		return
	}
	w := &gzipWriter{ResponseWriter: c.Writer}
	c.Writer = w
	defer w.close()
	c.Next()
}

// worthwhile is the size in bytes from which a body shrinks by more than a packet.
const worthwhile = 1400

// gzipWriter decides at the first write.
type gzipWriter struct {
	gin.ResponseWriter
	out     *gzip.Writer
	decided bool
}

func (w *gzipWriter) Write(p []byte) (int, error) {
	if !w.decided {
		w.decide(len(p))
	}
	if w.out != nil {
		return w.out.Write(p)
	}
	return w.ResponseWriter.Write(p)
}

// WriteString implements io.StringWriter.
func (w *gzipWriter) WriteString(s string) (int, error) { return w.Write([]byte(s)) }

// WriteHeaderNow is called by gin for answers without a body.
func (w *gzipWriter) WriteHeaderNow() {
	w.decided = w.decided || w.Status() == http.StatusNotModified || w.Status() == http.StatusNoContent
	if w.decided {
		w.ResponseWriter.WriteHeaderNow()
	}
}

func (w *gzipWriter) decide(first int) {
	w.decided = true
	h := w.Header()
	if first < worthwhile || h.Get("Content-Encoding") != "" || !isText(h.Get("Content-Type")) || w.Status() != http.StatusOK ||
		strings.Contains(h.Get("Cache-Control"), "no-store") {
		return
	}
	h.Del("Content-Length")
	h.Set("Content-Encoding", "gzip")
	if tag := h.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		h.Set("ETag", "W/"+tag) // the bytes are others, the meaning is the same
	}
	w.out = gzipWriters.Get().(*gzip.Writer)
	w.out.Reset(w.ResponseWriter)
}

func (w *gzipWriter) close() {
	if w.out == nil {
		return
	}
	_ = w.out.Close() // the reader may be gone
	w.out.Reset(io.Discard)
	gzipWriters.Put(w.out)
	w.out = nil
}

func isText(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	switch kind {
	case "application/json", "application/problem+json", "application/xml", "application/javascript", "application/wasm", "application/manifest+json", "image/svg+xml":
		return true
	}
	return strings.HasPrefix(kind, "text/")
}
