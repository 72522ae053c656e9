package pages

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/events"
	"turnout/events/organisers"
	"turnout/templates"
	"turnout/ticketing"
)

// waitlistPage is the data of the page "waitlist".
type waitlistPage struct {
	templates.Chrome
	Errors    templates.Errors
	Event     publicEvent
	Action    string
	Types     []wishType
	Choices   []wishChoice // as many as there are types, the best first
	Form      waitlistForm
	ByLottery bool
	ClosesAt  time.Time // zero: with the sale
	Closed    bool
	Sent      bool   // the wish was taken: the rest is in the mail
	MailKept  bool   // no mails are sent from here
	BuyURL    string // where tickets are bought, when there turned out to be some
}

// wishType is a ticket type that can be waited for.
type wishType struct {
	Value, Text string
	Price       turnout.Money
}

// wishChoice is the ticket type that was chosen in one place of the order, "" for none.
type wishChoice struct {
	Number int // from 1
	Chosen string
}

type waitlistForm struct {
	Size  string `form:"party_size" text:"name,max=20"`
	Name  string `form:"name" text:"name,max=200"`
	Email string `form:"email" text:"name,max=254"`
}

// Waitlist is GET /e/{event}/waitlist.
func (h *Handler) Waitlist(c *gin.Context) {
	page, err := h.waitlistPage(c)
	if err != nil {
		h.Fail(c, err)
		return
	}
	page.Form.Size, page.Sent = "1", c.Query("sent") != ""
	page.choose([]string{c.Query("type")})
	h.Render(c, http.StatusOK, "waitlist", page)
}

func (h *Handler) waitlistPage(c *gin.Context) (*waitlistPage, error) {
	e, ctx := access.Event(c), c.Request.Context()
	community, err := organisers.FindCommunity(ctx, h.DB.Read(), string(e.CommunityID))
	if err != nil {
		return nil, err
	}
	offers, err := h.Ticketing.Offers(ctx, e)
	if err != nil {
		return nil, err
	}
	settings, err := h.Ticketing.ShopSettings(ctx, e)
	if err != nil {
		return nil, err
	}
	page := &waitlistPage{Chrome: h.eventChrome(community, e), Event: newPublicEvent(e), Action: "/e/" + e.Slug + "/waitlist", MailKept: h.KeepsMail,
		ByLottery: settings.WaitlistOrder == ticketing.ByLottery, ClosesAt: settings.WaitlistClosesAt, Closed: settings.IsClosed(h.Now())}
	page.Title, page.NoIndex, page.Canonical = h.Templates.Message(h.Language(c), "waitlist.title"), true, ""
	for _, o := range offers {
		if o.Availability == ticketing.SoldOut || o.Reason == nil && o.Left < o.MaxPerOrder { // a party may be larger than what is left
			page.Types = append(page.Types, wishType{Value: string(o.ID), Text: o.Name, Price: o.Price})
		}
	}
	return page, nil
}

// choose fills the choices in their order; what this page does not offer counts as none, and the only type is chosen in any case.
func (p *waitlistPage) choose(values []string) {
	if len(p.Types) == 1 {
		values = []string{p.Types[0].Value}
	}
	for i := range p.Types {
		choice := wishChoice{Number: i + 1}
		if i < len(values) && slices.ContainsFunc(p.Types, func(t wishType) bool { return t.Value == values[i] }) {
			choice.Chosen = values[i]
		}
		p.Choices = append(p.Choices, choice)
	}
}

// wished gives what was chosen, the best first.
func (p *waitlistPage) wished() (ids []turnout.ID) {
	for _, choice := range p.Choices {
		if choice.Chosen != "" {
			ids = append(ids, turnout.ID(choice.Chosen))
		}
	}
	return ids
}

// JoinWaitlist is POST /e/{event}/waitlist.
func (h *Handler) JoinWaitlist(c *gin.Context) {
	page, err := h.waitlistPage(c)
	if err != nil {
		h.Fail(c, err)
		return
	}
	var form formReader
	form.read(c, &page.Form)
	page.choose(c.PostFormArray("ticket_type_id"))
	wish := ticketing.WaitlistWish{EventID: access.Event(c).ID, TicketTypeIDs: page.wished(),
		Who: ticketing.Attendee{Name: page.Form.Name, Email: page.Form.Email}, Locale: h.Language(c)}
	if size := form.number("party_size", page.Form.Size); size != nil {
		wish.PartySize = *size
	}
	err = form.then(func() error { return wish.Problems().Err() }, func() error { return h.Ticketing.JoinWaitlist(c.Request.Context(), wish) })
	if err != nil {
		h.waitlistAgain(c, page, err)
		return
	}
	h.Redirect(c, page.Action+"?sent=yes", "", "")
}

func (h *Handler) waitlistAgain(c *gin.Context, page *waitlistPage, err error) {
	public := respond.Public(err)
	if public.Kind == turnout.Internal || public.Kind == turnout.NotFound {
		h.Fail(c, err)
		return
	}
	lang := h.Language(c)
	page.Errors = h.Templates.Errors(lang, public)
	for i, wrong := range page.Errors {
		if wrong.Name == "ticket_type_ids" {
			page.Errors[i].Name, page.Errors[i].Message = "ticket_type_id", h.text(c, "waitlist.choice_twice")
		}
		if wrong.Name == "party_size" && !slices.ContainsFunc(page.Types, func(t wishType) bool { return strings.HasPrefix(wrong.Message, t.Text) }) {
			page.Errors[i].Message = h.text(c, "waitlist.party_range")
		}
	}
	if len(page.Errors) == 0 {
		page.Errors = templates.Errors{{Name: "ticket_type_id", Code: public.Code, Message: h.Templates.ErrorText(lang, public)}}
	}
	if errors.Is(err, ticketing.ErrNotSoldOut) {
		page.BuyURL = page.Event.URL + "/checkout"
	}
	h.Render(c, respond.Status(err), "waitlist", page)
}

// entryPage is the data of the page "waitlist_entry".
type entryPage struct {
	templates.Chrome
	Event       publicEvent
	Status      string // as of the entry; "closed" when it was told so without an offer, entryWrong
	Name, Email string
	PartySize   int64
	Types       []string // names of those that would do, the best first
	ByLottery   bool
	Position    int64 // in the order of time, 0 when unknown
	ClosesAt    time.Time
	PassedOver  []string // why, a sentence for each type
	Offered     string   // the name of the type
	Until       time.Time
	OfferURL    string
	OrderURL    string // of the order that accepted the offer
	LeaveURL    string // "" when it cannot be left any more
	LeaveAsks   string // the question before it is left
	AgainURL    string // where one can wait anew
}

// entryWrong is the state of the page of a wish whose link is not its own.
const entryWrong = "wrong"

// secretEntry gives the wish that the address names and opens. ok is false when a link that opens none was answered.
func (h *Handler) secretEntry(c *gin.Context) (entry *ticketing.WaitlistEntry, ok bool) {
	c.Header("Referrer-Policy", "no-referrer")
	entry, err := h.Ticketing.WaitlistEntryBySecret(c.Request.Context(), turnout.ID(c.Param("entry")), c.Query("secret"))
	if errors.Is(err, turnout.ErrNotFound) {
		h.Render(c, http.StatusNotFound, "waitlist_entry", entryPage{Status: entryWrong,
			Chrome: templates.Chrome{Title: h.text(c, "waitlist.title"), Path: c.Request.URL.Path, NoIndex: true, Demo: h.Demo}})
		return nil, false
	}
	if err != nil {
		h.Fail(c, err)
		return nil, false
	}
	return entry, true
}

// WaitlistEntry is GET /waitlist/{entry}?secret=.
func (h *Handler) WaitlistEntry(c *gin.Context) {
	entry, ok := h.secretEntry(c)
	if !ok {
		return
	}
	page, err := h.entryPage(c, entry)
	if err != nil {
		h.Fail(c, err)
		return
	}
	h.Render(c, http.StatusOK, "waitlist_entry", page)
}

func (h *Handler) entryPage(c *gin.Context, entry *ticketing.WaitlistEntry) (*entryPage, error) {
	ctx := c.Request.Context()
	e, err := events.Find(ctx, h.DB.Read(), entry.CommunityID, string(entry.EventID))
	if err != nil {
		return nil, err
	}
	community, err := organisers.FindCommunity(ctx, h.DB.Read(), string(entry.CommunityID))
	if err != nil {
		return nil, err
	}
	page := &entryPage{Chrome: h.eventChrome(community, e), Event: newPublicEvent(e), Status: string(entry.StatusAt(h.Now())), Name: entry.Name,
		Email: entry.Email, PartySize: entry.PartySize, Until: entry.OfferExpiresAt}
	page.Title, page.NoIndex, page.Canonical = h.Templates.Message(h.Language(c), "waitlist.title"), true, ""
	page.Path = waitlistPath(entry)
	types, err := h.Ticketing.TicketTypes(ctx, e.CommunityID, e.ID)
	if err != nil {
		return nil, err
	}
	names := map[turnout.ID]string{}
	for _, t := range types {
		names[t.ID] = t.Name
	}
	for _, id := range entry.TicketTypeIDs {
		page.Types = append(page.Types, names[id])
	}
	page.Offered = names[entry.OfferedTypeID]
	query := "?secret=" + entry.Secret
	switch entry.StatusAt(h.Now()) {
	case ticketing.Waiting:
		page.LeaveURL, page.LeaveAsks = "/waitlist/"+string(entry.ID)+"/leave"+query, h.text(c, "waitlist.leave_ask")
		return page, h.standing(c, e, entry, page)
	case ticketing.Offered:
		page.LeaveURL, page.LeaveAsks = "/waitlist/"+string(entry.ID)+"/leave"+query, h.text(c, "waitlist.decline_ask", "Count", entry.PartySize)
		page.OfferURL = "/waitlist/" + string(entry.ID) + "/offer" + query
	case ticketing.Accepted:
		order, err := h.Ticketing.OrderOfEntry(ctx, entry)
		if err != nil {
			return nil, err
		}
		page.OrderURL = orderPath(order)
	default:
		if entry.ToldAtClosing() {
			page.Status = "closed"
		} else {
			page.AgainURL = page.Event.URL + "/waitlist"
		}
	}
	return page, nil
}

// standing says how the waitlist works, where the party stands and why it was passed over.
func (h *Handler) standing(c *gin.Context, e *events.Event, entry *ticketing.WaitlistEntry, page *entryPage) error {
	settings, err := h.Ticketing.ShopSettings(c.Request.Context(), e)
	if err != nil {
		return err
	}
	all, err := h.Ticketing.Turns(c.Request.Context(), e, []*ticketing.WaitlistEntry{entry})
	if err != nil {
		return err
	}
	page.ByLottery, page.ClosesAt, page.Position = settings.WaitlistOrder == ticketing.ByLottery, settings.WaitlistClosesAt, all[entry.ID].Position
	for _, o := range all[entry.ID].Obstacles {
		switch {
		case o.Reason != nil:
			page.PassedOver = append(page.PassedOver, o.Type.Name+": "+h.Templates.ErrorText(h.Language(c), respond.Public(o.Reason)))
		case o.Left > 0: // there is room, and not enough: that is what one wonders about
			page.PassedOver = append(page.PassedOver, h.text(c, "waitlist.passed", "Type", o.Type.Name, "Count", o.Left, "Needs", o.Needs))
		}
	}
	return nil
}

// AcceptOffer is GET /waitlist/{entry}/offer?secret=: on to the checkout with the offered places, or to how the wish stands.
func (h *Handler) AcceptOffer(c *gin.Context) {
	ctx := c.Request.Context()
	entry, ok := h.secretEntry(c)
	if !ok {
		return
	}
	if entry.StatusAt(h.Now()) != ticketing.Offered {
		c.Redirect(http.StatusSeeOther, waitlistPath(entry))
		return
	}
	e, err := events.Find(ctx, h.DB.Read(), entry.CommunityID, string(entry.EventID))
	if err != nil {
		h.Fail(c, err)
		return
	}
	c.Redirect(http.StatusSeeOther, "/e/"+e.Slug+"/checkout?offer="+string(entry.ID)+"&secret="+entry.Secret)
}

// LeaveWaitlist is POST /waitlist/{entry}/leave?secret=, which asks first.
func (h *Handler) LeaveWaitlist(c *gin.Context) {
	entry, ok := h.secretEntry(c)
	if !ok {
		return
	}
	if c.PostForm("confirmed") == "" {
		page, err := h.entryPage(c, entry)
		if err != nil {
			h.Fail(c, err)
			return
		}
		if page.LeaveURL != "" {
			h.askFirst(c, page.Chrome, page.LeaveAsks, page.Path)
			return
		}
	}
	if _, err := h.Ticketing.LeaveWaitlist(c.Request.Context(), entry.ID, entry.Secret); err != nil {
		h.Fail(c, err)
		return
	}
	h.Redirect(c, waitlistPath(entry), "", "")
}

// waitlistPath is the address of a wish on this site.
func waitlistPath(w *ticketing.WaitlistEntry) string {
	return "/waitlist/" + string(w.ID) + "?secret=" + w.Secret
}
