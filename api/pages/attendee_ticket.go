package pages

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/checkin"
	"turnout/checkin/leads"
	"turnout/events"
	"turnout/events/organisers"
	"turnout/templates"
	"turnout/ticketing"
	"turnout/ticketing/documents"
)

// The states of a ticket's page.
const (
	ticketWrong    = "wrong" // no such ticket, or the link is not its own
	ticketValid    = "valid"
	ticketGone     = "canceled"       // the ticket
	ticketEventOff = "event_canceled" // the event
	ticketOver     = "over"           // the event has been
)

// keptFor is how long after its event a ticket stays on the devices that opened its page.
const keptFor = 7 * 24 * time.Hour

// ticketPage is the data of the page "ticket".
type ticketPage struct {
	templates.Chrome
	State     string // one of the constants above
	Event     publicEvent
	Ticket    shownTicket
	OrderCode string
	Now       time.Time // a copy without a network says how old it is
	PDFURL    string
	ICSURL    string

	Shared      []*leads.Receipt // what sponsors learned by this ticket
	WithdrawURL string           // takes a POST
	ShareURL    string           // likewise: what was withdrawn

	SessionsURL string // where one signs up for sessions and rates them; "" while there is nothing to
}

// Ticket is GET /tickets/{ticket}?secret=: the page of one ticket; under {ticket}.pdf its paper, under {ticket}.ics its date.
func (h *Handler) Ticket(c *gin.Context) {
	c.Header("Referrer-Policy", "no-referrer") // whoever is sent on from here must not learn the secret from the address
	id, kind, _ := strings.Cut(c.Param("ticket"), ".")
	ctx := c.Request.Context()
	ticket, order, err := h.Ticketing.TicketBySecret(ctx, turnout.ID(id), c.Query("secret"))
	switch {
	case errors.Is(err, turnout.ErrNotFound) && kind == "":
		h.lostTicket(c)
	case err != nil:
		h.Fail(c, err)
	case kind == "pdf":
		h.paper(c, "ticket-"+id, func(w io.Writer, size documents.Size) error {
			return h.Ticketing.WriteTicket(ctx, w, order, ticket, size)
		})
	case kind == "ics":
		h.orderCalendar(c, order, h.Ticketing.TicketLink(ticket))
	case kind != "":
		h.Fail(c, turnout.ErrNotFound)
	default:
		h.ticketPage(c, ticket, order)
	}
}

// lostTicket answers a link that opens no ticket: it was cut off, or the ticket has another since.
func (h *Handler) lostTicket(c *gin.Context) {
	h.Render(c, http.StatusNotFound, "ticket", ticketPage{State: ticketWrong,
		Chrome: templates.Chrome{Title: h.text(c, "ticket.title"), Path: c.Request.URL.Path, NoIndex: true, Demo: h.Demo}})
}

func (h *Handler) ticketPage(c *gin.Context, t *ticketing.Ticket, o *ticketing.Order) {
	ctx, e := c.Request.Context(), o.Event
	community, err := organisers.FindCommunity(ctx, h.DB.Read(), string(o.CommunityID))
	if err != nil {
		h.Fail(c, err)
		return
	}
	seen, err := checkin.Seen(ctx, h.DB.Read(), o.CommunityID, o.ID)
	if err != nil {
		h.Fail(c, err)
		return
	}
	path, query := "/tickets/"+string(t.ID), "?secret="+url.QueryEscape(c.Query("secret"))
	var receipts []*leads.Receipt // whose stands they went to is the bearer's alone
	if h.Ticketing.BearerHolds(t, o, c.Query("own")) {
		if receipts, err = h.Leads.Receipts(ctx, t); err != nil {
			h.Fail(c, err)
			return
		}
	}
	consent := query
	if own := c.Query("own"); own != "" {
		consent += "&own=" + url.QueryEscape(own)
	}
	page := ticketPage{Chrome: h.eventChrome(community, e), State: ticketState(t, e, h.Now()), Event: newPublicEvent(e), Ticket: h.shownTicket(o, t),
		OrderCode: o.Code, Now: h.Now(), ICSURL: path + ".ics" + query,
		Shared: receipts, WithdrawURL: path + "/withdraw" + consent, ShareURL: path + "/share" + consent}
	page.NoIndex, page.Canonical, page.Description, page.Path = true, "", "", path+query
	page.Scripts = []string{"ticket.js"}
	page.Ticket.CheckedInAt = seen[t.ID]
	if t.Status == ticketing.Valid {
		if page.SessionsURL, err = h.sessionsURL(ctx, e, path, consent); err != nil {
			h.Fail(c, err)
			return
		}
		page.PDFURL = path + ".pdf" + query
	}
	c.Header("Cache-Control", "private, no-cache")
	c.Header("Turnout-Keep-Until", e.EndsAt.Add(keptFor).UTC().Format(time.RFC3339)) // for the worker
	h.Render(c, http.StatusOK, "ticket", page)
}

// WithdrawConsent is POST /tickets/{ticket}/withdraw?secret=: a sponsor shall not read of this attendee any more.
func (h *Handler) WithdrawConsent(c *gin.Context) {
	h.changeConsent(c, h.Leads.Withdraw, "leads.withdrawn")
}

// GiveConsentAgain is POST /tickets/{ticket}/share?secret=: the sponsor may, after all.
func (h *Handler) GiveConsentAgain(c *gin.Context) {
	h.changeConsent(c, h.Leads.ShareAgain, "leads.shared_again")
}

func (h *Handler) changeConsent(c *gin.Context, change func(context.Context, *ticketing.Ticket, turnout.ID) error, said string) {
	c.Header("Referrer-Policy", "no-referrer")
	ctx := c.Request.Context()
	ticket, order, err := h.Ticketing.TicketBySecret(ctx, turnout.ID(c.Param("ticket")), c.Query("secret"))
	if err == nil && !h.Ticketing.BearerHolds(ticket, order, c.Query("own")) {
		err = turnout.ErrNotFound
	}
	if err == nil {
		err = change(ctx, ticket, turnout.ID(c.PostForm("receipt")))
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	back := "/tickets/" + string(ticket.ID) + "?secret=" + url.QueryEscape(c.Query("secret"))
	if own := c.Query("own"); own != "" {
		back += "&own=" + url.QueryEscape(own)
	}
	h.Redirect(c, back, "ok", h.text(c, said))
}

func ticketState(t *ticketing.Ticket, e *events.Event, now time.Time) string {
	switch {
	case e.Status == events.Canceled:
		return ticketEventOff
	case t.Status == ticketing.TicketCanceled:
		return ticketGone
	case now.After(e.EndsAt):
		return ticketOver
	}
	return ticketValid
}

// TicketWorker is GET /tickets/worker.js: the service worker that keeps tickets' pages. It stands here because a worker sees
// only what is below its own address.
func (h *Handler) TicketWorker(c *gin.Context) { h.worker(c, "ticket-worker.js") }

// worker answers with a service worker's script, which browsers ask for anew by themselves.
func (h *Handler) worker(c *gin.Context, name string) {
	script, err := fs.ReadFile(templates.Static(), strings.TrimPrefix(h.Templates.Asset(name), templates.StaticPrefix))
	if err != nil {
		h.Fail(c, err)
		return
	}
	c.Header("Cache-Control", "no-cache")
	c.Data(http.StatusOK, "text/javascript; charset=utf-8", script)
}
