// Package v1 is the JSON API: one file per resource, each with its calls' documentation, the request and response structs,
// and handlers that bind, call and answer. The routes and who may call them stand in api/routes.go; the OpenAPI document is
// made from both ([NewDocument]).
package v1

import (
	"bytes"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"turnout/api/respond"
	"turnout/api/services"
	"turnout/api/site"
)

// Handler holds every call of the API.
type Handler struct {
	services.Services
	Document *Document
	Site     *site.Copier
}

// OpenAPI is GET /openapi.json.
func (h *Handler) OpenAPI(c *gin.Context) {
	c.Header("Cache-Control", "public, max-age=300")
	c.Header("ETag", h.Document.etag)
	c.Header("Content-Type", "application/json; charset=utf-8")
	http.ServeContent(c.Writer, c.Request, "", time.Time{}, bytes.NewReader(h.Document.JSON))
}

// Docs is GET /api/docs: the same document for people, without a script.
func (h *Handler) Docs(c *gin.Context) {
	var page bytes.Buffer
	if err := docsPage.Execute(&page, h.Document); err != nil {
		respond.Fail(c, err)
		return
	}
	c.Header("Cache-Control", "public, max-age=300")
	c.Data(http.StatusOK, "text/html; charset=utf-8", page.Bytes())
}
