package v1

import (
	"bytes"
	"cmp"
	"net/http"

	"github.com/gin-gonic/gin"

	"turnout/api/access"
	"turnout/api/respond"
	"turnout/recap"
	"turnout/templates"
)

var audience = parameter{Name: "audience", Text: "Who will read it; team when absent.", Enum: []string{string(recap.Team), string(recap.Public), string(recap.Sponsor)}}

var recapOperations = operations{
	"GET /events/{event}/recap":     {Summary: "What the event came to", Text: "Every figure with its definition.", Out: recap.Report{}, Query: []parameter{audience}},
	"GET /events/{event}/recap.pdf": {Summary: "The recap as a PDF", OutRaw: "application/pdf", Query: []parameter{audience}},
}

// report makes the recap for the audience that is asked for. It answers the request itself and gives false when it cannot.
func (h *Handler) report(c *gin.Context) (*recap.Report, bool) {
	event := access.Event(c)
	whole, err := h.Recap.Recap(c.Request.Context(), event.CommunityID, string(event.ID))
	if err == nil {
		whole, err = whole.For(recap.Audience(cmp.Or(c.Query("audience"), string(recap.Team))))
	}
	if err != nil {
		respond.Fail(c, err)
		return nil, false
	}
	return whole, true
}

// GetRecap is GET /events/{event}/recap.
func (h *Handler) GetRecap(c *gin.Context) {
	if report, ok := h.report(c); ok {
		respond.JSON(c, http.StatusOK, report)
	}
}

// RecapPDF is GET /events/{event}/recap.pdf.
func (h *Handler) RecapPDF(c *gin.Context) {
	report, ok := h.report(c)
	if !ok {
		return
	}
	var pdf bytes.Buffer
	if err := report.WritePDF(&pdf, templates.English, h.Now()); err != nil {
		respond.Fail(c, err)
		return
	}
	c.Header("Cache-Control", "private, no-store")
	c.Header("Content-Disposition", `inline; filename="recap-`+report.Event.Slug+`.pdf"`)
	c.Data(http.StatusOK, "application/pdf", pdf.Bytes())
}
