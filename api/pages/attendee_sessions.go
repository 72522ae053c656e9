package pages

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/events/organisers"
	"turnout/templates"
	"turnout/ticketing"
	"turnout/ticketing/signups"
)

// ticketSessionsPage is the data of the page "ticket_sessions": where a ticket signs up for sessions, and what its bearer says of them.
type ticketSessionsPage struct {
	templates.Chrome
	Errors    templates.Errors
	Event     publicEvent
	Attendee  string
	TicketURL string
	Over      string // why nothing can be signed up for, "" while it can
	Rows      []signUpRow

	MayRate   bool // it is the bearer's own link, and a session has begun
	RateURL   string
	Choice    []templates.Option // the sessions that can be rated, the last begun first
	Stars     []templates.Option
	Form      rateForm
	Rated     []ratedSession
	FeedWords int
}

// signUpRow is a session for which one signs up, as a ticket sees it.
type signUpRow struct {
	ID, Title        string
	StartsAt, EndsAt time.Time // zero: not in the schedule any more
	URL              string    // of its public page; "" when it has none
	Status           string    // signed, waiting or ""
	Position         int64
	Seats, Left      int64
	Waiting          int64
	Why              string    // why it cannot sign up, "" when it can
	OpensAt          time.Time // of one that is not open yet
	SignUpURL        string
	LeaveURL         string
	JoinURL          string // into its online room, of a virtual ticket's place; "" for others
}

type ratedSession struct {
	ID, Title string
	Stars     int64
	Words     string
	URL       string // opens the form with it
	BackURL   string // takes it back
}

type rateForm struct {
	Session string `form:"session" text:"name,max=60"`
	Stars   string `form:"stars" text:"name,max=5"`
	Words   string `form:"words" text:"long"`
}

// bearer is whoever opened a ticket's link, and what the link has behind the address of a page.
type bearer struct {
	ticket *ticketing.Ticket
	order  *ticketing.Order
	own    bool // it is the bearer's own link, not the buyer's
	query  string
}

// path is the address of a page of the ticket, with the secret.
func (b *bearer) path(below string) string {
	return "/tickets/" + string(b.ticket.ID) + below + b.query
}

// bearer opens the ticket of the request's link. ok is false when it was answered.
func (h *Handler) bearer(c *gin.Context) (b *bearer, ok bool) {
	c.Header("Referrer-Policy", "no-referrer")
	c.Header("Cache-Control", "private, no-store")
	ticket, order, err := h.Ticketing.TicketBySecret(c.Request.Context(), turnout.ID(c.Param("ticket")), c.Query("secret"))
	switch {
	case errors.Is(err, turnout.ErrNotFound):
		h.lostTicket(c)
		return nil, false
	case err != nil:
		h.Fail(c, err)
		return nil, false
	}
	query := "?secret=" + url.QueryEscape(c.Query("secret"))
	if own := c.Query("own"); own != "" {
		query += "&own=" + url.QueryEscape(own)
	}
	return &bearer{ticket, order, h.Ticketing.BearerHolds(ticket, order, c.Query("own")), query}, true
}

// TicketSessions is GET /tickets/{ticket}/sessions?secret=.
func (h *Handler) TicketSessions(c *gin.Context) {
	if b, ok := h.bearer(c); ok {
		h.ticketSessions(c, b, http.StatusOK, nil, nil)
	}
}

func (h *Handler) ticketSessions(c *gin.Context, b *bearer, status int, form *rateForm, shown templates.Errors) {
	ctx := c.Request.Context()
	page, err := h.newTicketSessions(c, b)
	if err == nil {
		err = h.fillSignUps(ctx, c, b, page)
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	if form != nil {
		page.Form = *form
	}
	page.Errors, page.Flash = shown, h.Flash(c)
	h.Render(c, status, "ticket_sessions", page)
}

func (h *Handler) newTicketSessions(c *gin.Context, b *bearer) (*ticketSessionsPage, error) {
	community, err := organisers.FindCommunity(c.Request.Context(), h.DB.Read(), string(b.order.CommunityID))
	if err != nil {
		return nil, err
	}
	page := &ticketSessionsPage{Chrome: h.eventChrome(community, b.order.Event), Event: newPublicEvent(b.order.Event), Attendee: b.ticket.AttendeeName,
		TicketURL: b.path(""), RateURL: b.path("/feedback"), FeedWords: signups.MaxWords}
	page.Title = h.text(c, "sign_up.title") + " · " + b.order.Event.Title
	page.NoIndex, page.Canonical, page.Description, page.JSONLD, page.Path = true, "", "", nil, b.path("/sessions")
	if state := ticketState(b.ticket, b.order.Event, h.Now()); state == ticketGone || state == ticketEventOff {
		page.Over = h.text(c, "sign_up.ticket_over")
	}
	page.Stars = []templates.Option{{Text: h.text(c, "feedback.choose")}} // so that nobody gives stars unasked
	for n := int64(5); n >= 1; n-- {
		page.Stars = append(page.Stars, templates.Option{Value: strconv.FormatInt(n, 10), Text: h.text(c, "leads.stars", "Count", n)})
	}
	return page, nil
}

// fillSignUps reads what one can sign up for, and what can be rated.
func (h *Handler) fillSignUps(ctx context.Context, c *gin.Context, b *bearer, page *ticketSessionsPage) error {
	e := b.order.Event
	settings, err := h.SignUps.All(ctx, e)
	if err != nil {
		return err
	}
	slots, err := h.SignUps.Released(ctx, e)
	if err != nil {
		return err
	}
	sessions, err := agenda.Titles(ctx, h.DB.Read(), e.CommunityID, e.ID)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		s.Title = cmp.Or(slots[s.ID].Title, s.Title) // what it is called in the draft is nobody's business yet
	}
	own, err := h.SignUps.OfTicket(ctx, b.ticket)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		i := slices.IndexFunc(own, func(u *signups.SignUp) bool { return u.SessionID == s.ID })
		set, slot := settings[s.ID], slots[s.ID]
		if set == nil || i < 0 && (!set.Offered || !set.For(b.ticket) || !h.Now().Before(slot.StartsAt)) {
			continue
		}
		row := signUpRow{ID: string(s.ID), Title: s.Title, StartsAt: slot.StartsAt, EndsAt: slot.EndsAt, Seats: set.Seats, Left: set.Left(), Waiting: set.Waiting,
			SignUpURL: b.path("/sessions/" + string(s.ID) + "/sign-up"), LeaveURL: b.path("/sessions/" + string(s.ID) + "/leave")}
		if i >= 0 {
			row.Status, row.Position = string(own[i].Status), own[i].Position
			if own[i].Status == signups.Signed && b.ticket.AttendanceMode == ticketing.Virtual && !slot.StartsAt.IsZero() {
				row.JoinURL = h.Online.Link(b.ticket, s.ID)
			}
		}
		h.whyNot(c, &row, set, slot, own, slots, sessions)
		page.Rows = append(page.Rows, row)
	}
	slices.SortStableFunc(page.Rows, func(a, b signUpRow) int { return a.StartsAt.Compare(b.StartsAt) })
	if !b.own || page.Over != "" {
		return nil
	}
	return h.fillFeedback(ctx, c, b, page, slots, sessions)
}

// whyNot says in a row why the ticket cannot sign up for the session at this moment.
func (h *Handler) whyNot(c *gin.Context, row *signUpRow, set *signups.Settings, slot signups.Slot, own []*signups.SignUp, slots map[turnout.ID]signups.Slot, sessions []*agenda.Session) {
	if row.Status != "" {
		return
	}
	if err := set.Open(slot, h.Now()); err != nil {
		row.Why = h.Templates.ErrorText(h.Language(c), err)
		if errors.Is(err, signups.ErrNotOpenYet) {
			row.OpensAt = set.OpensAt
		}
		return
	}
	for _, u := range own {
		if other, ok := slots[u.SessionID]; ok && slot.Overlaps(other) {
			i := slices.IndexFunc(sessions, func(s *agenda.Session) bool { return s.ID == u.SessionID })
			row.Why = h.text(c, "sign_up.clash", "Session", sessions[i].Title)
		}
	}
}

// fillFeedback reads what whoever bears the ticket can say of which sessions, and has said.
func (h *Handler) fillFeedback(ctx context.Context, c *gin.Context, b *bearer, page *ticketSessionsPage, slots map[turnout.ID]signups.Slot, sessions []*agenda.Session) error {
	e := b.order.Event
	said, err := h.SignUps.FeedbackOfTicket(ctx, b.ticket)
	if err != nil {
		return err
	}
	for _, s := range slices.Backward(sessions) {
		slot, there := slots[s.ID]
		if there && s.Kind != agenda.Break && signups.FeedbackOpen(slot, e.EndsAt, h.Now()) {
			page.Choice = append(page.Choice, templates.Option{Value: string(s.ID), Text: s.Title + " · " + h.Templates.Moment(h.Language(c), slot.StartsAt, e.Timezone)})
		}
		if f := said[s.ID]; f != nil {
			page.Rated = append(page.Rated, ratedSession{ID: string(s.ID), Title: s.Title, Stars: f.Stars, Words: f.Words,
				URL: b.path("/sessions") + "&rate=" + url.QueryEscape(string(s.ID)) + "#rate", BackURL: b.path("/sessions/" + string(s.ID) + "/unrate")})
		}
	}
	page.MayRate = len(page.Choice) > 0
	page.Form.Session = c.Query("rate")
	if f := said[turnout.ID(page.Form.Session)]; f != nil {
		page.Form.Stars, page.Form.Words = strconv.FormatInt(f.Stars, 10), f.Words
	}
	return nil
}

// SignUp is POST /tickets/{ticket}/sessions/{session}/sign-up?secret=.
func (h *Handler) SignUp(c *gin.Context) {
	b, ok := h.bearer(c)
	if !ok {
		return
	}
	u, err := h.SignUps.SignUp(c.Request.Context(), b.ticket, turnout.ID(c.Param("session")))
	said := "sign_up.signed"
	if err == nil && u.Status == signups.Waiting {
		said = "sign_up.waits"
	}
	h.done(c, err, b.path("/sessions"), h.text(c, said))
}

// LeaveSession is POST /tickets/{ticket}/sessions/{session}/leave?secret=.
func (h *Handler) LeaveSession(c *gin.Context) {
	b, ok := h.bearer(c)
	if ok && c.PostForm("confirmed") == "" {
		h.askToLeave(c, b)
		return
	}
	if ok {
		err := h.SignUps.Leave(c.Request.Context(), b.ticket, turnout.ID(c.Param("session")))
		h.done(c, err, b.path("/sessions"), h.text(c, "sign_up.left"))
	}
}

// askToLeave answers with the question whether a place is meant to be given back: whoever waits has it at once.
func (h *Handler) askToLeave(c *gin.Context, b *bearer) {
	ctx := c.Request.Context()
	own, err := h.SignUps.OfTicket(ctx, b.ticket)
	var community *organisers.Community
	if err == nil {
		community, err = organisers.FindCommunity(ctx, h.DB.Read(), string(b.order.CommunityID))
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	question := "sign_up.unwait_ask"
	if slices.ContainsFunc(own, func(u *signups.SignUp) bool {
		return string(u.SessionID) == c.Param("session") && u.Status == signups.Signed
	}) {
		question = "sign_up.leave_ask"
	}
	h.askFirst(c, h.eventChrome(community, b.order.Event), h.text(c, question), b.path("/sessions"))
}

// RateSession is POST /tickets/{ticket}/feedback?secret=: what the bearer says of a session.
func (h *Handler) RateSession(c *gin.Context) {
	b, ok := h.bearer(c)
	if !ok {
		return
	}
	if !b.own {
		h.lostTicket(c)
		return
	}
	var in rateForm
	var form formReader
	form.read(c, &in)
	form.Require("session", in.Session)
	form.Require("stars", in.Stars)
	input := signups.FeedbackInput{Words: in.Words}
	input.Stars, _ = strconv.ParseInt(cmp.Or(in.Stars, "1"), 10, 64) // what is no number is no star
	err := form.then(input.Check, func() error {
		return h.SignUps.Rate(c.Request.Context(), b.ticket, turnout.ID(in.Session), input)
	})
	if err == nil {
		h.Redirect(c, b.path("/sessions"), "ok", h.text(c, "feedback.saved"))
		return
	}
	if shown, status, ok := h.refused(c, err); ok {
		h.ticketSessions(c, b, status, &in, shown)
	}
}

// UnrateSession is POST /tickets/{ticket}/sessions/{session}/unrate?secret=.
func (h *Handler) UnrateSession(c *gin.Context) {
	b, ok := h.bearer(c)
	if ok && !b.own {
		h.lostTicket(c)
		return
	}
	if ok {
		err := h.SignUps.Unrate(c.Request.Context(), b.ticket, turnout.ID(c.Param("session")))
		h.done(c, err, b.path("/sessions"), h.text(c, "feedback.removed"))
	}
}

// sessionsURL is the address of a ticket's page of sessions, "" while there is nothing on it: no session for which one signs up, and none that has begun.
func (h *Handler) sessionsURL(ctx context.Context, e *events.Event, path, query string) (string, error) {
	settings, err := h.SignUps.All(ctx, e)
	if err != nil {
		return "", err
	}
	if len(settings) == 0 {
		_, err := h.Agenda.LatestRelease(ctx, e)
		if errors.Is(err, agenda.ErrNotReleased) || err == nil && h.Now().Before(e.StartsAt) {
			return "", nil
		}
		if err != nil {
			return "", err
		}
	}
	return path + "/sessions" + query, nil
}
