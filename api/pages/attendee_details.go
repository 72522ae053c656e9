package pages

import (
	"cmp"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/respond"
	"turnout/events/organisers"
	"turnout/events/people"
	"turnout/templates"
	"turnout/ticketing"
)

// detailsPage is the data of the page "details".
type detailsPage struct {
	templates.Chrome
	Errors      templates.Errors
	Event       publicEvent
	TypeName    string
	BuyerName   string
	Form        ticketing.Attendee
	EmailHelp   string
	EmailNeeded bool
	Questions   []questionField
	HasFiles    bool
	Closed      string // why nothing can be changed, "" while it can
	PassedOn    bool   // it went to somebody else just now
	PassesTo    string // who is about to get it, "" for nobody: whoever saves is asked first
	Version     int64
	TicketURL   string

	ticket    *ticketing.Ticket
	order     *ticketing.Order
	questions []*ticketing.Question
	answers   []*ticketing.Answer
}

// detailsPrefix begins the names of the fields of answers.
const detailsPrefix = "answers"

// Details is GET /tickets/{ticket}/details?secret=: who comes with a ticket, and what is asked of them.
func (h *Handler) Details(c *gin.Context) {
	page, err := h.detailsPage(c)
	if errors.Is(err, turnout.ErrNotFound) {
		h.lostTicket(c)
		return
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	page.Flash = h.Flash(c)
	h.ask(c, page, typedAnswers(page.answers))
	h.Render(c, http.StatusOK, "details", page)
}

// SaveDetails is POST /tickets/{ticket}/details?secret=.
func (h *Handler) SaveDetails(c *gin.Context) {
	page, err := h.detailsPage(c)
	if errors.Is(err, turnout.ErrNotFound) {
		h.lostTicket(c)
		return
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	if page.Closed != "" {
		h.Render(c, http.StatusConflict, "details", page)
		return
	}
	problems, err := h.keepFiles(c, ticketing.Sender{Client: c.ClientIP(), Bearer: true}, page.order.Event)
	if err != nil {
		h.Fail(c, err)
		return
	}
	form := c.Request.PostForm
	page.Form = ticketing.Attendee{Name: clean(form.Get("name")), Email: clean(form.Get("email"))}
	version, _ := strconv.ParseInt(form.Get("version"), 10, 64)
	if version != 0 {
		page.Version = version // whoever is asked again has still not seen what somebody else saved
	}
	if page.PassesTo = page.passesTo(); page.PassesTo != "" {
		page.questions = nil // who gets it is asked
	} else if form.Has("passes_to") { // it stays after all, and the form that asked had no questions
		maps.Copy(form, typedAnswers(page.answers))
	}
	if page.PassesTo != "" && form.Get("passes_to") != page.PassesTo {
		h.ask(c, page, form)
		h.Render(c, http.StatusUnprocessableEntity, "details", page)
		return
	}
	if err = problems.Err(); err == nil {
		err = h.Ticketing.FillDetails(c.Request.Context(), page.ticket.ID,
			ticketing.Details{Attendee: page.Form, Answers: readAnswers(form, detailsPrefix, page.questions), Version: version})
	}
	if err == nil {
		now, _, err := h.Ticketing.TicketOf(c.Request.Context(), page.ticket.CommunityID, page.ticket.ID) // another bearer's ticket has another address
		if err != nil {
			h.Fail(c, err)
			return
		}
		if h.Ticketing.DetailsLink(now) != h.Ticketing.DetailsLink(page.ticket) { // the new one is for the new bearer alone, who is mailed it
			page.PassedOn, page.Path = true, page.Event.URL
			h.Render(c, http.StatusOK, "details", page)
			return
		}
		h.Redirect(c, page.Path, "ok", h.text(c, "details.saved"))
		return
	}
	known, ok := errors.AsType[*turnout.Error](err)
	if !ok || known.Kind == turnout.Internal || known.Kind == turnout.NotFound {
		h.Fail(c, err)
		return
	}
	respond.Log(c.Request.Context(), err)
	if page.Errors = h.Templates.Errors(h.Language(c), known); len(page.Errors) == 0 {
		page.Errors = templates.Errors{{Name: "name", Code: known.Code, Message: h.Templates.ErrorText(h.Language(c), known)}}
	}
	if errors.Is(err, turnout.ErrStale) { // sent again as it stands now, it replaces what somebody else saved
		page.Errors[0].Message = h.text(c, "details.stale")
		page.Version = page.ticket.Version
	}
	h.ask(c, page, form)
	labelAnswers(page.Errors, page.Questions, "")
	h.Render(c, respond.Status(known), "details", page)
}

// passesTo says to whom what was typed gives the ticket, "" when it stays: an address, or the buyer's name. An address that is none is refused
// as such.
func (p *detailsPage) passesTo() string {
	typed := p.Form
	if typed.Email != "" {
		email, err := people.NormaliseEmail(typed.Email)
		if err != nil {
			return ""
		}
		typed.Email = email
	}
	if (ticketing.Details{Attendee: typed}).PassOn(p.ticket, p.order) {
		return cmp.Or(typed.Email, p.BuyerName)
	}
	return ""
}

// detailsPage is the page of the ticket that the address names and opens.
func (h *Handler) detailsPage(c *gin.Context) (*detailsPage, error) {
	c.Header("Referrer-Policy", "no-referrer") // whoever is sent on from here must not learn the secret from the address
	ctx := c.Request.Context()
	t, o, err := h.Ticketing.TicketBySecret(ctx, turnout.ID(c.Param("ticket")), c.Query("secret"))
	if err != nil {
		return nil, err
	}
	community, err := organisers.FindCommunity(ctx, h.DB.Read(), string(o.CommunityID))
	if err != nil {
		return nil, err
	}
	query := "?secret=" + url.QueryEscape(c.Query("secret"))
	page := &detailsPage{Chrome: h.eventChrome(community, o.Event), Event: newPublicEvent(o.Event), TypeName: o.TypeName(t), BuyerName: o.BuyerName,
		Form: ticketing.Attendee{Name: t.AttendeeName, Email: t.AttendeeEmail}, TicketURL: "/tickets/" + string(t.ID) + query, ticket: t, order: o, Version: t.Version}
	page.Title, page.NoIndex, page.Canonical, page.Description = h.text(c, "details.title"), true, "", ""
	page.Path = "/tickets/" + string(t.ID) + "/details" + query
	if page.EmailNeeded = t.NeedsEmail(o); !page.EmailNeeded {
		page.EmailHelp = h.text(c, "details.email_help", "Buyer", o.BuyerName) + " "
	}
	if t.Borne {
		page.EmailHelp += h.text(c, "details.email_passes")
	}
	if !t.Borne && t.AttendeeName == o.BuyerName {
		page.Form.Name = "" // it stands in for the name that is asked here
	}
	if t.AttendeeEmail == o.BuyerEmail {
		page.Form.Email = ""
	}
	if err := h.Ticketing.DetailsOpen(t, o); err != nil {
		page.Closed = h.Templates.ErrorText(h.Language(c), err)
		return page, nil
	}
	page.questions, page.answers, err = h.Ticketing.DetailsAsked(ctx, t)
	return page, err
}

// ask puts the questions on the page, with what was typed or answered.
func (h *Handler) ask(c *gin.Context, page *detailsPage, typed url.Values) {
	page.Questions = h.questionFields(c, page.order.Event, page.questions, ticketing.OfTicket, page.ticket.TicketTypeID, detailsPrefix, typed, page.Errors)
	page.HasFiles = needsFiles(page.Questions)
}

// typedAnswers are answers as the form that gave them had them.
func typedAnswers(answers []*ticketing.Answer) url.Values {
	form := url.Values{}
	for _, a := range answers {
		name, v := detailsPrefix+"."+string(a.QuestionID), a.Value
		switch {
		case v.Number != nil:
			form.Set(name, plainNumber(v.Number))
		case v.Yes != nil:
			form.Set(name, strconv.FormatBool(*v.Yes))
		case v.File != "":
			form.Set(name, string(a.UploadID))
			form.Set(name+fileName, v.File)
		case len(v.Choices) > 0:
			for _, id := range v.Choices {
				form.Add(name, string(id))
			}
		default:
			form.Set(name, strings.TrimSpace(v.Text))
		}
	}
	return form
}
