package pages

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/checkin"
	"turnout/events/organisers"
	"turnout/templates"
	"turnout/ticketing"
	"turnout/ticketing/documents"
)

// orderPage is the data of the page "order".
type orderPage struct {
	templates.Chrome
	Now     time.Time
	Order   shownOrder
	Payment shownPayment
	Refunds []shownRefund
	PayURL  string
	Event   publicEvent
	Tickets []shownTicket
	Answers []shownAnswer // about the order
	ICSURL  string
	PDFURL  string
	Cancel  shownCancel

	MailKept  bool   // a demo says where its mails are
	OutboxURL string // "" for those who may not read it
}

type shownOrder struct {
	Code, Status        string
	Buyer               ticketing.Attendee
	PlacedAt, ExpiresAt time.Time
	Lines               []summaryLine
	Total               turnout.Money
	IncludesTax         bool
	Decision            string // of the organiser: "approved" or "declined", "" while there is none
	Note                string // with it
}

// shownPayment has the status of its badge, see paymentWord.
type shownPayment struct{ Status, Provider, Note string }

type shownTicket struct {
	Number                                                  int // in the order, from 1
	ID, Status, TypeName, AttendeeName, Mode, Code, JoinURL string
	URL                                                     string // of its own page, while it is valid
	Extras                                                  []string
	JoinOpensAt, CheckedInAt                                time.Time

	Answers    []shownAnswer
	DetailsURL string // where they are filled in or changed, "" when they cannot be by whoever reads the page
	Due        bool   // they are still missing
}

// shownAnswer is a question, as it was asked, with its answer.
type shownAnswer struct{ Question, Answer string }

type shownCancel struct {
	URL             string
	Refund, FeeKept turnout.Money
}

// secretOrder gives the order that the address names and opens. ok is false when a link that opens none was answered.
func (h *Handler) secretOrder(c *gin.Context) (order *ticketing.Order, ok bool) {
	// Whoever is sent on from here must not learn the secret from the address.
	c.Header("Referrer-Policy", "no-referrer")
	order, err := h.Ticketing.OrderBySecret(c.Request.Context(), c.Param("code"), c.Query("secret"))
	if errors.Is(err, turnout.ErrNotFound) {
		h.lostOrder(c)
		return nil, false
	}
	if err != nil {
		h.Fail(c, err)
		return nil, false
	}
	return order, true
}

// Order is GET /orders/{code}?secret=.
func (h *Handler) Order(c *gin.Context) {
	order, ok := h.secretOrder(c)
	if !ok {
		return
	}
	page, err := h.orderPage(c, order)
	if err != nil {
		h.Fail(c, err)
		return
	}
	h.Render(c, http.StatusOK, "order", page)
}

func (h *Handler) orderPage(c *gin.Context, o *ticketing.Order) (*orderPage, error) {
	ctx, lang := c.Request.Context(), h.Language(c)
	e := o.Event
	community, err := organisers.FindCommunity(ctx, h.DB.Read(), string(o.CommunityID))
	if err != nil {
		return nil, err
	}
	page := &orderPage{Chrome: h.eventChrome(community, e), Now: h.Now(), Event: newPublicEvent(e), Order: newShownOrder(o, h.Now()),
		Refunds: shownRefunds(o)}
	page.Title, page.NoIndex, page.Canonical, page.Description = h.Templates.Message(lang, "order.title", "Code", o.Code), true, "", ""
	page.Path = orderPath(o) // the other language needs the secret too
	page.Flash = h.Flash(c)
	page.MailKept = h.Demo && h.KeepsMail
	if page.MailKept && access.Who(c).May("settings:read", community.ID, nil) {
		page.OutboxURL = communityPath(community.Slug) + "/mail"
	}
	if p := o.Payment(); p != nil {
		page.Payment = shownPayment{Status: paymentWord(o, p), Provider: p.Provider}
		if page.Order.Status == string(ticketing.Held) {
			page.PayURL = "/pay/" + string(p.ID)
		}
		if page.Order.Status == string(ticketing.Pending) && p.Provider == "offline" {
			if page.Payment.Note, err = h.Ticketing.PayInstructions(ctx, o); err != nil {
				return nil, err
			}
		}
	}
	query := "?secret=" + url.QueryEscape(o.Secret)
	if o.Status == ticketing.Confirmed {
		page.PDFURL, page.ICSURL = "/orders/"+o.Code+"/tickets.pdf"+query, "/orders/"+o.Code+"/calendar.ics"+query
	}
	if page.Tickets, page.Answers, err = h.shownTickets(c, o); err != nil {
		return nil, err
	}
	if done, err := h.Ticketing.Cancellation(ctx, o, ticketing.CanceledByBuyer); err == nil {
		page.Cancel = shownCancel{URL: "/orders/" + o.Code + "/cancel" + query, Refund: done.Refund, FeeKept: done.FeeKept}
	} else if !errors.Is(err, ticketing.ErrOrderOver) && !errors.Is(err, ticketing.ErrTooLate) {
		return nil, err
	}
	return page, nil
}

func newShownOrder(o *ticketing.Order, now time.Time) shownOrder {
	shown := shownOrder{Code: o.Code, Status: string(o.StatusAt(now)), Buyer: ticketing.Attendee{Name: o.BuyerName, Email: o.BuyerEmail},
		PlacedAt: o.CreatedAt, ExpiresAt: o.ExpiresAt, Total: o.Money(o.Total)}
	if !o.DecidedAt.IsZero() {
		shown.Decision, shown.Note = "approved", o.DecisionNote
		if o.ConfirmedAt.IsZero() && len(o.Payments) == 0 {
			shown.Decision = "declined"
		}
	}
	for _, l := range o.Lines {
		line := summaryLine{Name: l.Name, Quantity: l.Quantity, Total: o.Money(l.Total), Note: l.PriceName, Canceled: l.Canceled}
		if l.Discount > 0 {
			line.Less = o.Money(l.Discount)
		}
		shown.Lines = append(shown.Lines, line)
		shown.IncludesTax = shown.IncludesTax || l.Tax > 0 && l.PricesIncludeTax
	}
	return shown
}

func (h *Handler) shownTickets(c *gin.Context, o *ticketing.Order) ([]shownTicket, []shownAnswer, error) {
	seen, err := checkin.Seen(c.Request.Context(), h.DB.Read(), o.CommunityID, o.ID)
	if err != nil {
		return nil, nil, err
	}
	answers, err := h.shownAnswers(c, o)
	if err != nil {
		return nil, nil, err
	}
	var tickets []shownTicket
	for i, t := range o.Tickets {
		shown := h.shownTicket(o, t)
		shown.Number, shown.CheckedInAt = i+1, seen[t.ID]
		shown.Answers = answers[t.ID]
		if t.Borne && t.AttendeeEmail != o.BuyerEmail { // nobody answers or consents for another
			shown.DetailsURL = ""
		}
		tickets = append(tickets, shown)
	}
	return tickets, answers[""], nil
}

// shownAnswers are what was answered when the tickets were bought or filled in, by ticket, that about the order under "". What was erased is not told, nor what whoever came
// said at the door: the page is the buyer's.
func (h *Handler) shownAnswers(c *gin.Context, o *ticketing.Order) (map[turnout.ID][]shownAnswer, error) {
	all, err := h.Ticketing.AnswersOf(c.Request.Context(), o.CommunityID, []turnout.ID{o.ID})
	if err != nil {
		return nil, err
	}
	by := map[turnout.ID][]shownAnswer{}
	for _, a := range all {
		if text := a.InWords(h.Templates, h.Language(c)); text != "" && a.Question.Subject != ticketing.AtDoor {
			by[a.TicketID] = append(by[a.TicketID], shownAnswer{a.Asked.Label, text})
		}
	}
	return by, nil
}

func (h *Handler) shownTicket(o *ticketing.Order, t *ticketing.Ticket) shownTicket {
	shown := shownTicket{ID: string(t.ID), Status: string(t.Status), TypeName: o.TypeName(t), AttendeeName: t.AttendeeName, Mode: string(t.AttendanceMode), Code: t.Code,
		Extras: o.Extras(t)}
	if t.Status == ticketing.Valid {
		shown.URL = h.Ticketing.TicketLink(t)
		if t.AttendanceMode == ticketing.Virtual {
			shown.JoinURL, shown.JoinOpensAt = h.Ticketing.JoinLink(t), o.Event.JoinOpensAt()
		}
	}
	if h.Ticketing.DetailsOpen(t, o) == nil {
		shown.DetailsURL, shown.Due = h.Ticketing.DetailsLink(t), t.DetailsDue
	}
	return shown
}

// OrderPDF is GET /orders/{code}/tickets.pdf?secret=.
func (h *Handler) OrderPDF(c *gin.Context) {
	order, ok := h.secretOrder(c)
	if !ok {
		return
	}
	h.paper(c, "tickets-"+order.Code, func(w io.Writer, size documents.Size) error {
		return h.Ticketing.WriteTickets(c.Request.Context(), w, order, size)
	})
}

// paper answers with a PDF on the paper that the address asks for (?size=letter), A4 if it asks for none.
func (h *Handler) paper(c *gin.Context, name string, write func(w io.Writer, size documents.Size) error) {
	size, err := documents.ParseSize(c.Query("size"))
	var out bytes.Buffer
	if err == nil {
		err = write(&out, size)
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	c.Header("Content-Disposition", `inline; filename="`+name+`.pdf"`)
	c.Header("Cache-Control", "private, no-store")
	c.Data(http.StatusOK, "application/pdf", out.Bytes())
}

// OrderCalendar is GET /orders/{code}/calendar.ics?secret=.
func (h *Handler) OrderCalendar(c *gin.Context) {
	order, ok := h.secretOrder(c)
	if !ok {
		return
	}
	h.orderCalendar(c, order, h.Ticketing.OrderLink(order))
}

func (h *Handler) orderCalendar(c *gin.Context, order *ticketing.Order, link string) {
	var out bytes.Buffer
	if err := h.Ticketing.WriteCalendar(c.Request.Context(), &out, order, link); err != nil {
		h.Fail(c, err)
		return
	}
	c.Header("Cache-Control", "private, no-store")
	c.Data(http.StatusOK, calendarType, out.Bytes())
}

// CancelOrder is POST /orders/{code}/cancel?secret=.
func (h *Handler) CancelOrder(c *gin.Context) {
	order, ok := h.secretOrder(c)
	if !ok {
		return
	}
	lang := h.Language(c)
	if _, err := h.Ticketing.CancelOrder(c.Request.Context(), order.CommunityID, order.ID, ticketing.CanceledByBuyer, false); err != nil {
		if respond.Public(err).Kind != turnout.Conflict {
			h.Fail(c, err)
			return
		}
		h.Redirect(c, orderPath(order), "warn", h.Templates.ErrorText(lang, err))
		return
	}
	h.Redirect(c, orderPath(order), "ok", h.Templates.Message(lang, "order.canceled_flash"))
}
