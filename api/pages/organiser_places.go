package pages

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/templates"
	"turnout/ticketing"
	"turnout/ticketing/signups"
)

// placesPage is the data of the page "console_places": who may sign up for a session, who has a place there, and who waits.
type placesPage struct {
	templates.Chrome
	Errors    templates.Errors
	Event     *events.Event
	Session   *agenda.Session
	Base      string
	Form      placesForm
	Settings  *signups.Settings
	Types     []*ticketing.TicketType
	Modes     []templates.Option
	CanSet    bool // may say who signs up
	CanSee    bool // may see whose places they are
	CanChange bool // may sign people up and take them out
	Search    string
	Rows      []*signups.Row
	More      bool                     // there are others that the search would find
	Adding    string                   // words of somebody who is to be signed up
	Found     []*ticketing.AttendeeRow // whom they name
	Orders    string                   // address of the orders
}

type placesForm struct {
	Offered  bool     `form:"offered"`
	Seats    string   `form:"seats" text:"name,max=40"`
	OpensAt  string   `form:"opens_at" text:"name,max=40"`
	ClosesAt string   `form:"closes_at" text:"name,max=40"`
	Mode     string   `form:"attendance_mode" text:"name,max=20"`
	Types    []string `form:"ticket_type_ids" text:"name,max=60"`
	Version  int64    `form:"version"`
}

// Accepts reports whether tickets of a type may sign up.
func (p placesPage) Accepts(id turnout.ID) bool { return slices.Contains(p.Form.Types, string(id)) }

// How many rows the page shows: a room's worth, and of those whom words name some.
const (
	placesShown = 300
	placesFound = 10
)

func placesPath(e *events.Event, session turnout.ID) string {
	return eventPath(e) + "/agenda/sessions/" + string(session) + "/places"
}

// EventPlaces is GET /console/events/{event}/agenda/sessions/{session}/places.
func (h *Handler) EventPlaces(c *gin.Context) { h.places(c, http.StatusOK, nil, nil) }

// places draws the page: as it is, or as it was typed when a form is given.
func (h *Handler) places(c *gin.Context, status int, form *placesForm, shown templates.Errors) {
	e, ctx := access.Event(c), c.Request.Context()
	session, err := agenda.Find(ctx, h.DB.Read(), e.CommunityID, e.ID, turnout.ID(c.Param("session")))
	if err != nil {
		h.Fail(c, err)
		return
	}
	data := &placesPage{Errors: shown, Event: e, Session: session, Base: placesPath(e, session.ID), CanSet: may(c, "agenda:write"), CanSee: may(c, "orders:read"), CanChange: may(c, "orders:write"),
		Search: strings.TrimSpace(c.Query("search")), Adding: strings.TrimSpace(c.Query("add")), Orders: eventPath(e) + "/orders/"}
	if err := h.fillPlaces(c, data); err != nil {
		h.Fail(c, err)
		return
	}
	if form != nil {
		data.Form = *form
	}
	var ok bool
	if data.Chrome, ok = h.eventConsole(c, h.text(c, "console.places.title"), "nav.agenda"); ok {
		data.Crumbs = append(data.Crumbs, templates.Link{Text: h.text(c, "nav.agenda"), URL: eventPath(e) + "/agenda"})
		if data.CanSet {
			data.Crumbs = append(data.Crumbs, templates.Link{Text: session.Title, URL: eventPath(e) + "/agenda/sessions/" + string(session.ID)})
		}
		h.Render(c, status, "console_places", data)
	}
}

func (h *Handler) fillPlaces(c *gin.Context, data *placesPage) error {
	e, ctx, session := data.Event, c.Request.Context(), data.Session.ID
	settings, err := h.SignUps.Settings(ctx, e.CommunityID, e.ID, session)
	if err != nil {
		return err
	}
	data.Settings = settings
	zone := e.Location()
	data.Form = placesForm{Offered: settings.Offered, Seats: strconv.FormatInt(settings.Seats, 10), OpensAt: wallClock(settings.OpensAt, zone), ClosesAt: wallClock(settings.ClosesAt, zone), Mode: string(settings.Mode), Version: settings.Version}
	for _, id := range settings.TicketTypeIDs {
		data.Form.Types = append(data.Form.Types, string(id))
	}
	if data.Types, err = h.Ticketing.TicketTypes(ctx, e.CommunityID, e.ID); err != nil {
		return err
	}
	for _, mode := range []ticketing.Mode{"", ticketing.InPerson, ticketing.Virtual} {
		key := "console.places.both"
		if mode != "" {
			key = "status.mode." + string(mode)
		}
		data.Modes = append(data.Modes, templates.Option{Value: string(mode), Text: h.text(c, key)})
	}
	if !data.CanSee {
		return nil
	}
	if data.Rows, err = h.SignUps.Rows(ctx, e, session, signups.Filter{Search: data.Search, Limit: placesShown + 1}); err != nil {
		return err
	}
	if data.More = len(data.Rows) > placesShown; data.More {
		data.Rows = data.Rows[:placesShown]
	}
	if data.CanChange && data.Adding != "" {
		data.Found, err = h.Ticketing.AttendeeRows(ctx, e, ticketing.AttendeeFilter{Search: data.Adding, Status: ticketing.Valid, Limit: placesFound})
	}
	return err
}

// SavePlaces is POST /console/events/{event}/agenda/sessions/{session}/places.
func (h *Handler) SavePlaces(c *gin.Context) {
	e, session := access.Event(c), turnout.ID(c.Param("session"))
	var in placesForm
	form := formReader{zone: e.Location()}
	form.read(c, &in)
	form.Require("seats", in.Seats)
	input := signups.SettingsInput{Offered: in.Offered, OpensAt: form.clock("opens_at", in.OpensAt), ClosesAt: form.clock("closes_at", in.ClosesAt), Mode: ticketing.Mode(in.Mode)}
	if n := form.number("seats", in.Seats); n != nil {
		input.Seats = *n
	}
	for _, id := range in.Types {
		input.TicketTypeIDs = append(input.TicketTypeIDs, turnout.ID(id))
	}
	err := form.then(input.Check, func() error {
		return h.SignUps.SaveSettings(c.Request.Context(), e.CommunityID, e.ID, session, in.Version, input)
	})
	if err == nil {
		h.saved(c, &form, placesPath(e, session), h.text(c, "console.saved"))
		return
	}
	if shown, status, ok := h.refused(c, err); ok {
		h.places(c, status, &in, shown)
	}
}

// AddToSession is POST /console/events/{event}/agenda/sessions/{session}/places/{ticket}/add.
func (h *Handler) AddToSession(c *gin.Context) {
	e, session := access.Event(c), turnout.ID(c.Param("session"))
	u, err := h.SignUps.Add(c.Request.Context(), e, session, turnout.ID(c.Param("ticket")))
	said := "console.places.added"
	if err == nil && u.Status == signups.Waiting {
		said = "console.places.waits"
	}
	h.done(c, err, placesPath(e, session), h.text(c, said))
}

// RemoveFromSession is POST /console/events/{event}/agenda/sessions/{session}/places/{ticket}/remove, which asks first.
func (h *Handler) RemoveFromSession(c *gin.Context) {
	e, session := access.Event(c), turnout.ID(c.Param("session"))
	back := placesPath(e, session)
	if h.confirmed(c, h.text(c, "console.places.remove_ask"), back) {
		h.done(c, h.SignUps.Remove(c.Request.Context(), e, session, turnout.ID(c.Param("ticket"))), back, h.text(c, "console.places.removed"))
	}
}

// PutFirst is POST /console/events/{event}/agenda/sessions/{session}/places/{ticket}/first.
func (h *Handler) PutFirst(c *gin.Context) {
	e, session := access.Event(c), turnout.ID(c.Param("session"))
	h.done(c, h.SignUps.First(c.Request.Context(), e, session, turnout.ID(c.Param("ticket"))), placesPath(e, session), h.text(c, "console.places.first_done"))
}

// ExportPlaces is GET /console/events/{event}/agenda/sessions/{session}/places.csv and .xlsx.
func (h *Handler) ExportPlaces(c *gin.Context) {
	e, session := access.Event(c), turnout.ID(c.Param("session"))
	if _, err := agenda.Find(c.Request.Context(), h.DB.Read(), e.CommunityID, e.ID, session); err != nil {
		h.Fail(c, err)
		return
	}
	h.export(c, "signups", func(w io.Writer, x ticketing.Export) error {
		return h.SignUps.Export(c.Request.Context(), w, e, session, x)
	})
}

// feedbackPage is the data of the page "console_feedback": what was said of an event's sessions.
type feedbackPage struct {
	templates.Chrome
	Event  *events.Event
	Base   string
	Search string
	Rows   []feedbackRow
	All    int // sessions that anything was said of
}

type feedbackRow struct {
	Session *agenda.Session
	signups.Summary
	AverageText string
	URL         string
}

// EventFeedback is GET /console/events/{event}/agenda/feedback: the sessions that anything was said of, those with the most first.
func (h *Handler) EventFeedback(c *gin.Context) {
	e, ctx := access.Event(c), c.Request.Context()
	data := &feedbackPage{Event: e, Base: eventPath(e) + "/agenda/feedback", Search: strings.TrimSpace(c.Query("search"))}
	sums, err := h.SignUps.Summaries(ctx, e)
	var sessions []*agenda.Session
	if err == nil {
		sessions, err = agenda.Titles(ctx, h.DB.Read(), e.CommunityID, e.ID)
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	data.All = len(sums)
	for _, s := range sessions {
		if sum, said := sums[s.ID]; said && matches(data.Search, s.Title) {
			data.Rows = append(data.Rows, feedbackRow{s, sum, h.average(c, sum), eventPath(e) + "/agenda/sessions/" + string(s.ID) + "/feedback"})
		}
	}
	slices.SortStableFunc(data.Rows, func(a, b feedbackRow) int { return int(b.Count - a.Count) })
	var ok bool
	if data.Chrome, ok = h.eventConsole(c, h.text(c, "console.feedback.title"), "nav.agenda"); ok {
		data.Crumbs = append(data.Crumbs, templates.Link{Text: h.text(c, "nav.agenda"), URL: eventPath(e) + "/agenda"})
		h.Render(c, http.StatusOK, "console_feedback", data)
	}
}

// saidPage is the data of the page "console_said": what was said of one session, and nowhere by whom.
type saidPage struct {
	templates.Chrome
	Event   *events.Event
	Session *agenda.Session
	Base    string
	signups.Summary
	AverageText string
	Bars        []ratedBar
	Said        []*signups.Feedback
	NextPageURL string
}

// average is the mean of the stars with a decimal, in the reader's language.
func (h *Handler) average(c *gin.Context, s signups.Summary) string {
	return strings.Replace(strconv.FormatFloat(s.Average(), 'f', 1, 64), ".", h.text(c, "format.decimal"), 1)
}

type ratedBar struct{ Stars, Count, Percent int64 }

// SessionFeedback is GET /console/events/{event}/agenda/sessions/{session}/feedback.
func (h *Handler) SessionFeedback(c *gin.Context) {
	e, ctx := access.Event(c), c.Request.Context()
	session, err := agenda.Find(ctx, h.DB.Read(), e.CommunityID, e.ID, turnout.ID(c.Param("session")))
	if err != nil {
		h.Fail(c, err)
		return
	}
	data := &saidPage{Event: e, Session: session, Base: eventPath(e) + "/agenda/sessions/" + string(session.ID) + "/feedback"}
	sums, err := h.SignUps.Summaries(ctx, e, session.ID)
	if err == nil {
		data.Said, err = h.SignUps.Said(ctx, e, session.ID, c.Query("after"), rowsShown+1)
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	if data.Summary = sums[session.ID]; data.Count > 0 {
		data.AverageText = h.average(c, data.Summary)
		for i := len(data.ByStars) - 1; i >= 0; i-- {
			data.Bars = append(data.Bars, ratedBar{int64(i + 1), data.ByStars[i], data.ByStars[i] * 100 / data.Count})
		}
	}
	if len(data.Said) > rowsShown {
		data.Said = data.Said[:rowsShown]
		data.NextPageURL = data.Base + "?after=" + url.QueryEscape(data.Said[rowsShown-1].ShownAs)
	}
	var ok bool
	if data.Chrome, ok = h.eventConsole(c, session.Title, "nav.agenda"); ok {
		data.Crumbs = append(data.Crumbs, templates.Link{Text: h.text(c, "nav.agenda"), URL: eventPath(e) + "/agenda"}, templates.Link{Text: h.text(c, "console.feedback.title"), URL: eventPath(e) + "/agenda/feedback"})
		h.Render(c, http.StatusOK, "console_said", data)
	}
}

// ExportFeedback is GET /console/events/{event}/agenda/sessions/{session}/feedback.csv and .xlsx.
func (h *Handler) ExportFeedback(c *gin.Context) {
	e, session := access.Event(c), turnout.ID(c.Param("session"))
	if _, err := agenda.Find(c.Request.Context(), h.DB.Read(), e.CommunityID, e.ID, session); err != nil {
		h.Fail(c, err)
		return
	}
	h.export(c, "feedback", func(w io.Writer, x ticketing.Export) error {
		return h.SignUps.ExportFeedback(c.Request.Context(), w, e, session, x)
	})
}
