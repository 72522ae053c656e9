package pages

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// favicon is Turnout's mark: an open door, light behind it.
const favicon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#4338ca"/>` +
	`<path d="M10 25V8.5A1.5 1.5 0 0 1 11.5 7H20v18" fill="none" stroke="#fff" stroke-width="2.4" stroke-linejoin="round"/>` +
	`<path d="m13 10 7-3v18l-7-2.5z" fill="#fff"/><path d="M7 25h18" stroke="#fff" stroke-width="2.4" stroke-linecap="round"/></svg>`

// Favicon is GET /favicon.ico, which browsers ask for by themselves.
func (h *Handler) Favicon(c *gin.Context) {
	c.Header("Cache-Control", "public, max-age=86400")
	c.Data(http.StatusOK, "image/svg+xml", []byte(favicon))
}
