package v1

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"turnout/api/access"
	"turnout/api/respond"
	"turnout/internal/images"
	"turnout/ticketing"
	"turnout/ticketing/documents"
)

var designOperations = operations{
	"GET /events/{event}/ticket-design": {Summary: "How the event's tickets look", Out: designResponse{}, Version: true},
	"PUT /events/{event}/ticket-design": {Summary: "Change how the event's tickets look", Text: "Tickets that are sold already look like it too. The logo stays.",
		In: designRequest{}, Out: designResponse{}, Version: true},
	"PUT /events/{event}/ticket-design/logo": {Summary: "Put a logo on the event's tickets", Text: "A PNG, JPEG, GIF or WebP picture as body, at most 10 MiB; it is kept as wide as a hand's breadth needs.",
		InRaw: "application/octet-stream", Out: designResponse{}, Version: true},
	"DELETE /events/{event}/ticket-design/logo": {Summary: "Take the logo off the event's tickets", Out: designResponse{}, Version: true},
}

type designRequest struct {
	Layout    documents.Layout `json:"layout" required:"true" enum:"classic,band,plain"`
	LargeName bool             `json:"large_name" doc:"the attendee's name is read from across a room"`
	ShowPrice bool             `json:"show_price"`
	ShowOrder *bool            `json:"show_order" doc:"true when absent"`
	ShowVenue *bool            `json:"show_venue" doc:"true when absent"`
	Note      string           `json:"note" doc:"for attendees, at most 1,000 characters"`
}

type designResponse struct {
	Layout    documents.Layout `json:"layout" enum:"classic,band,plain"`
	LargeName bool             `json:"large_name"`
	ShowPrice bool             `json:"show_price"`
	ShowOrder bool             `json:"show_order"`
	ShowVenue bool             `json:"show_venue"`
	Note      string           `json:"note"`
	LogoURL   *string          `json:"logo_url"`
	Version   int64            `json:"version" doc:"0 while nobody has chosen anything"`
}

// GetDesign is GET /events/{event}/ticket-design.
func (h *Handler) GetDesign(c *gin.Context) {
	d, err := h.Ticketing.Design(c.Request.Context(), access.Event(c))
	h.answerDesign(c, d, err)
}

// SetDesign is PUT /events/{event}/ticket-design.
func (h *Handler) SetDesign(c *gin.Context) {
	var in designRequest
	version, ok := respond.IfVersion(c)
	if !ok || !respond.Bind(c, &in) {
		return
	}
	input := ticketing.DesignInput{Layout: in.Layout, LargeName: in.LargeName, ShowPrice: in.ShowPrice, ShowOrder: true, ShowVenue: true, Note: in.Note}
	set(&input.ShowOrder, in.ShowOrder)
	set(&input.ShowVenue, in.ShowVenue)
	d, err := h.Ticketing.SaveDesign(c.Request.Context(), access.Event(c), version, input)
	h.answerDesign(c, d, err)
}

// SetLogo is PUT /events/{event}/ticket-design/logo.
func (h *Handler) SetLogo(c *gin.Context) {
	version, ok := respond.IfVersion(c)
	if !ok {
		return
	}
	data, ok := respond.Body(c, images.MaxBytes)
	if !ok {
		return
	}
	d, err := h.Ticketing.SetLogo(c.Request.Context(), access.Event(c), version, data)
	h.answerDesign(c, d, err)
}

// DropLogo is DELETE /events/{event}/ticket-design/logo.
func (h *Handler) DropLogo(c *gin.Context) {
	version, ok := respond.IfVersion(c)
	if !ok {
		return
	}
	d, err := h.Ticketing.DropLogo(c.Request.Context(), access.Event(c), version)
	h.answerDesign(c, d, err)
}

func (h *Handler) answerDesign(c *gin.Context, d *ticketing.Design, err error) {
	if err != nil {
		respond.Fail(c, err)
		return
	}
	out := designResponse{d.Layout, d.LargeName, d.ShowPrice, d.ShowOrder, d.ShowVenue, d.Note, nil, d.Version}
	if d.LogoHash != "" {
		url := h.Ticketing.BaseURL + "/pictures/" + d.LogoHash
		out.LogoURL = &url
	}
	respond.ETag(c, d.Version)
	respond.JSON(c, http.StatusOK, out)
}
