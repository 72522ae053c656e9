package v1

import (
	"io"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/checkin/leads"
	"turnout/events"
	"turnout/events/sponsors"
	"turnout/internal/sheet"
	"turnout/ticketing"
)

const leadsText = "Attendees whose badge the sponsor's staff scanned, the newest first. Name and address are there while the consent stands and the ticket is theirs."

var leadOperations = operations{
	"GET /sponsors/{id}/leads":      {Summary: "A sponsor's leads", Text: leadsText, Out: respond.Page[leadResponse]{}, Query: append([]parameter{{Name: "search", Text: "Words that begin names or e-mail addresses."}}, window...)},
	"GET /sponsors/{id}/leads.csv":  {Summary: "A sponsor's leads as CSV", Text: "Those alone whose consent stands, with the text under which it was given.", OutRaw: "text/csv"},
	"GET /sponsors/{id}/leads.xlsx": {Summary: "A sponsor's leads as a spreadsheet", Text: "Those alone whose consent stands, with the text under which it was given.", OutRaw: sheet.XLSX.ContentType()},
}

type leadResponse struct {
	ID        turnout.ID  `json:"id"`
	SponsorID turnout.ID  `json:"sponsor_id"`
	TicketID  turnout.ID  `json:"ticket_id"`
	Attendee  *personBody `json:"attendee" doc:"null: the consent was withdrawn, or the ticket is somebody else's"`
	Rating    *int64      `json:"rating" doc:"1 to 5; null: not rated"`
	Note      string      `json:"note"`
	ScannedAt time.Time   `json:"scanned_at"`
	Consent   leadConsent `json:"consent"`
}

type leadConsent struct {
	ReceiptID turnout.ID `json:"receipt_id"`
	GivenAt   time.Time  `json:"given_at"`
	Text      string     `json:"text" doc:"under which it was given"`
}

// sponsorEvent is the event of the sponsor in the path.
func (h *Handler) sponsorEvent(c *gin.Context) (*events.Event, turnout.ID, error) {
	ctx := c.Request.Context()
	s, err := sponsors.Find(ctx, h.DB.Read(), access.Community(c), turnout.ID(c.Param("id")))
	if err != nil {
		return nil, "", err
	}
	e, err := events.Find(ctx, h.DB.Read(), s.CommunityID, string(s.EventID))
	return e, s.ID, err
}

// ListLeads is GET /sponsors/{id}/leads.
func (h *Handler) ListLeads(c *gin.Context) {
	window, ok := respond.BindWindow(c)
	if !ok {
		return
	}
	e, sponsor, err := h.sponsorEvent(c)
	var rows []*leads.Lead
	if err == nil {
		rows, err = h.Leads.Leads(c.Request.Context(), e, sponsor, leads.Filter{Search: c.Query("search"), Before: turnout.ID(window.Cursor), Limit: window.Limit + 1})
	}
	if err != nil {
		respond.Fail(c, err)
		return
	}
	rows, next := cut(rows, window.Limit, func(l *leads.Lead) turnout.ID { return l.ID })
	items := make([]leadResponse, len(rows))
	for i, l := range rows {
		items[i] = leadResponse{ID: l.ID, SponsorID: l.SponsorID, TicketID: l.TicketID, Rating: l.Rating, Note: l.Note, ScannedAt: l.FirstAt.UTC(), Consent: leadConsent{l.ReceiptID, l.GivenAt.UTC(), l.Text}}
		if l.Shared {
			items[i].Attendee = &personBody{l.Name, l.Email}
		}
	}
	respond.List(c, items, next)
}

// ExportLeads is GET /sponsors/{id}/leads.csv and .xlsx.
func (h *Handler) ExportLeads(c *gin.Context) {
	e, sponsor, err := h.sponsorEvent(c)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	h.exportOf(c, e, nil, "leads", func(w io.Writer, x ticketing.Export) error {
		return h.Leads.Export(c.Request.Context(), w, e, sponsor, x)
	})
}
