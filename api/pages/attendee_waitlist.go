package pages

import (
	"net/http"

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
	Errors   templates.Errors
	Event    publicEvent
	Action   string
	Types    []templates.Option
	Form     waitlistForm
	Sent     bool // the wish was taken: the rest is in the mail
	MailKept bool // no mails are sent from here
}

type waitlistForm struct {
	Type  string `form:"ticket_type_id" text:"name,max=60"`
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
	for i, t := range page.Types {
		if i == 0 || t.Value == c.Query("type") {
			page.Form.Type = t.Value
		}
	}
	h.Render(c, http.StatusOK, "waitlist", page)
}

func (h *Handler) waitlistPage(c *gin.Context) (*waitlistPage, error) {
	e := access.Event(c)
	community, err := organisers.FindCommunity(c.Request.Context(), h.DB.Read(), string(e.CommunityID))
	if err != nil {
		return nil, err
	}
	offers, err := h.Ticketing.Offers(c.Request.Context(), e)
	if err != nil {
		return nil, err
	}
	page := &waitlistPage{Chrome: h.eventChrome(community, e), Event: newPublicEvent(e), Action: "/e/" + e.Slug + "/waitlist", MailKept: h.KeepsMail}
	page.Title, page.NoIndex, page.Canonical = h.Templates.Message(h.Language(c), "waitlist.title"), true, ""
	for _, o := range offers {
		if o.Availability == ticketing.SoldOut || o.Availability == ticketing.FewLeft {
			page.Types = append(page.Types, templates.Option{Value: string(o.ID), Text: o.Name})
		}
	}
	return page, nil
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
	wish := ticketing.WaitlistWish{EventID: access.Event(c).ID, TicketTypeIDs: []turnout.ID{turnout.ID(page.Form.Type)},
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
	for i := range page.Errors {
		if page.Errors[i].Name == "party_size" {
			page.Errors[i].Message = h.text(c, "waitlist.party_range")
		}
	}
	if len(page.Errors) == 0 {
		page.Errors = templates.Errors{{Name: "ticket_type_id", Code: public.Code, Message: h.Templates.ErrorText(lang, public)}}
	}
	h.Render(c, respond.Status(err), "waitlist", page)
}

// entryPage is the data of the page "waitlist_entry".
type entryPage struct {
	templates.Chrome
	Event       publicEvent
	Status      string
	Name, Email string
	PartySize   int64
	LeaveURL    string // "" when it cannot be left any more
}

// WaitlistEntry is GET /waitlist/{entry}?secret=.
func (h *Handler) WaitlistEntry(c *gin.Context) {
	c.Header("Referrer-Policy", "no-referrer")
	entry, err := h.Ticketing.WaitlistEntryBySecret(c.Request.Context(), turnout.ID(c.Param("entry")), c.Query("secret"))
	if err != nil {
		h.Fail(c, err)
		return
	}
	e, err := events.Find(c.Request.Context(), h.DB.Read(), entry.CommunityID, string(entry.EventID))
	if err != nil {
		h.Fail(c, err)
		return
	}
	community, err := organisers.FindCommunity(c.Request.Context(), h.DB.Read(), string(entry.CommunityID))
	if err != nil {
		h.Fail(c, err)
		return
	}
	page := entryPage{Chrome: h.eventChrome(community, e), Event: newPublicEvent(e), Status: string(entry.Status), Name: entry.Name,
		Email: entry.Email, PartySize: entry.PartySize}
	page.Title, page.NoIndex, page.Canonical = h.Templates.Message(h.Language(c), "waitlist.title"), true, ""
	page.Path = waitlistPath(entry)
	if entry.Status == ticketing.Waiting || entry.Status == ticketing.Offered {
		page.LeaveURL = "/waitlist/" + string(entry.ID) + "/leave?secret=" + entry.Secret
	}
	h.Render(c, http.StatusOK, "waitlist_entry", page)
}

// LeaveWaitlist is POST /waitlist/{entry}/leave?secret=.
func (h *Handler) LeaveWaitlist(c *gin.Context) {
	c.Header("Referrer-Policy", "no-referrer")
	entry, err := h.Ticketing.LeaveWaitlist(c.Request.Context(), turnout.ID(c.Param("entry")), c.Query("secret"))
	if err != nil {
		h.Fail(c, err)
		return
	}
	h.Redirect(c, waitlistPath(entry), "", "")
}

// waitlistPath is the address of a wish on this site.
func waitlistPath(w *ticketing.WaitlistEntry) string {
	return "/waitlist/" + string(w.ID) + "?secret=" + w.Secret
}
