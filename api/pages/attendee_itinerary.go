package pages

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/events/organisers"
	"turnout/templates"
)

// itineraryCookie names what this browser marked in the schedule of an event, whose pages alone get the cookie. Its value is the itinerary's id and secret.
const (
	itineraryCookie = "my_agenda"
	itineraryKept   = 400 * 24 * time.Hour // the longest that browsers keep a cookie
)

// itineraryPage is the data of the page "my_agenda".
type itineraryPage struct {
	templates.Chrome
	Errors      templates.Errors
	Event       publicEvent
	Released    bool
	Action      string // takes what is marked; the forms' addresses begin with it
	Days        []markedDay
	Count       int    // of sessions that take place
	Overlapping int    // of them
	Link        string // opens and changes it on any device; "" while there is none
	CalendarURL string // webcal
	ICSURL      string
	Email       string // that is told of changes
	AskedEmail  string // that was asked whether it is to be told
	Typed       string `form:"email" text:"name,max=254"`
	MailKept    bool   // no mails are sent from here

	KeepURL string // of an itinerary that a link opened and this browser does not have: takes a POST
	Other   bool   // likewise, and this browser has another one, which is joined with it then
}

type markedDay struct {
	Date     time.Time // noon
	Sessions []markedSession
}

type markedSession struct {
	GUID, Title, URL, Room, Track, Speakers string
	StartsAt, EndsAt                        time.Time
	Gone, Overlaps                          bool
}

func itineraryPath(e *events.Event) string { return "/e/" + e.Slug + "/my-agenda" }

// ownItinerary gives what this browser marked, nil when there is nothing.
func (h *Handler) ownItinerary(c *gin.Context, e *events.Event) (*agenda.Itinerary, error) {
	value, err := c.Cookie(itineraryCookie)
	if err != nil {
		return nil, nil //nolint:nilerr // no cookie, no itinerary
	}
	id, secret, _ := strings.Cut(value, "~")
	it, err := h.Agenda.ItineraryBySecret(c.Request.Context(), e, turnout.ID(id), secret)
	if errors.Is(err, turnout.ErrNotFound) {
		return nil, nil
	}
	return it, err
}

// keepItinerary has this browser remember an itinerary; nil: forget it.
func (h *Handler) keepItinerary(c *gin.Context, e *events.Event, it *agenda.Itinerary) {
	cookie := &http.Cookie{ //nolint:gosec // Secure wherever the installation is: it may run without TLS on a local machine
		Name: itineraryCookie, Path: "/e/" + e.Slug, MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(h.BaseURL, "https://")}
	if it != nil {
		cookie.Value, cookie.MaxAge = string(it.ID)+"~"+it.Secret, int(itineraryKept.Seconds())
	}
	http.SetCookie(c.Writer, cookie)
}

// MyAgenda is GET /e/{event}/my-agenda: what this browser marked.
func (h *Handler) MyAgenda(c *gin.Context) {
	e := access.Event(c)
	it, err := h.ownItinerary(c, e)
	if err != nil {
		h.Fail(c, err)
		return
	}
	h.itineraryPage(c, e, it, nil)
}

// itineraryPage answers with an itinerary, nil for one that is empty; with an error of what was typed, in its form.
func (h *Handler) itineraryPage(c *gin.Context, e *events.Event, it *agenda.Itinerary, change func(*itineraryPage)) {
	c.Header("Referrer-Policy", "no-referrer")
	page, err := h.newItineraryPage(c, e, it)
	if err != nil {
		h.Fail(c, err)
		return
	}
	if change != nil {
		change(page)
	}
	status := http.StatusOK
	if len(page.Errors) > 0 {
		status = http.StatusUnprocessableEntity
	}
	h.Render(c, status, "my_agenda", page)
}

func (h *Handler) newItineraryPage(c *gin.Context, e *events.Event, it *agenda.Itinerary) (*itineraryPage, error) {
	ctx := c.Request.Context()
	community, err := organisers.FindCommunity(ctx, h.DB.Read(), string(e.CommunityID))
	if err != nil {
		return nil, err
	}
	page := &itineraryPage{Chrome: h.eventChrome(community, e), Event: newPublicEvent(e), Action: itineraryPath(e), MailKept: h.KeepsMail}
	page.Title, page.NoIndex, page.Canonical, page.Path, page.Flash = h.text(c, "my_agenda.title"), true, "", page.Action, h.Flash(c)
	if it == nil {
		_, err := h.Agenda.LatestRelease(ctx, e)
		page.Released = err == nil
		if errors.Is(err, agenda.ErrNotReleased) {
			err = nil
		}
		return page, err
	}
	page.Email, page.AskedEmail = it.Email, it.AskedEmail
	page.Link = h.BaseURL + page.Action + "/" + string(it.ID) + "?secret=" + it.Secret
	page.ICSURL = page.Action + "/" + string(it.ID) + ".ics?secret=" + it.CalendarSecret
	_, address, _ := strings.Cut(h.BaseURL, "://")
	page.CalendarURL = "webcal://" + address + page.ICSURL
	return page, h.fillItinerary(ctx, page, e, it)
}

func (h *Handler) fillItinerary(ctx context.Context, page *itineraryPage, e *events.Event, it *agenda.Itinerary) error {
	marked, err := h.Agenda.MarkedSessions(ctx, e, it)
	if errors.Is(err, agenda.ErrNotReleased) {
		return nil
	}
	if err != nil {
		return err
	}
	page.Released = true
	speakers := map[string]string{}
	schedule, _, err := h.Agenda.Schedule(ctx, e)
	switch {
	case err == nil:
		for _, p := range schedule.People {
			speakers[p.Key] = p.Name
		}
	case !errors.Is(err, agenda.ErrNotReleased): // all is taken back
		return err
	}
	for _, m := range marked {
		shown := markedSession{GUID: m.Key, Title: m.Title, Room: m.Room, Track: m.Track, StartsAt: m.Start, EndsAt: m.End(), Gone: m.Gone, Overlaps: m.Overlaps}
		if !m.Gone {
			page.Count++
			shown.GUID, shown.URL, shown.Speakers = schedule.GUID(m.Session), sessionURL(e, schedule, m.Session), joinNames(m.Speakers, speakers)
		}
		if m.Overlaps {
			page.Overlapping++
		}
		date := agenda.DayOf(e, m.Start).StartsAt.Add(8 * time.Hour)
		if n := len(page.Days); n == 0 || !page.Days[n-1].Date.Equal(date) {
			page.Days = append(page.Days, markedDay{Date: date})
		}
		day := &page.Days[len(page.Days)-1]
		day.Sessions = append(day.Sessions, shown)
	}
	return nil
}

// MarkedSessions is GET /e/{event}/my-agenda/marked: the GUIDs of what this browser marked, for the stars of pages that are the same for everybody. Whoever marked
// nothing costs nothing.
func (h *Handler) MarkedSessions(c *gin.Context) {
	if _, err := c.Cookie(itineraryCookie); err != nil {
		h.stars(c, nil, nil)
		return
	}
	e, err := events.FindPublic(c.Request.Context(), h.DB.Read(), c.Param("event"))
	if err != nil {
		h.Fail(c, err)
		return
	}
	it, err := h.ownItinerary(c, e)
	if err != nil {
		h.Fail(c, err)
		return
	}
	h.stars(c, e, it)
}

// stars answers a script with the GUIDs of what is marked.
func (h *Handler) stars(c *gin.Context, e *events.Event, it *agenda.Itinerary) {
	marked := []string{}
	if it != nil {
		schedule, _, err := h.Agenda.Schedule(c.Request.Context(), e)
		if err != nil && !errors.Is(err, agenda.ErrNotReleased) {
			h.Fail(c, err)
			return
		}
		if err == nil {
			marked = schedule.GUIDs(it.Keys)
		}
	}
	c.Header("Cache-Control", "private, no-store")
	c.JSON(http.StatusOK, gin.H{"sessions": marked})
}

// marksAtOnce bounds one request: no schedule has more.
const marksAtOnce = 5000

// Mark is POST /e/{event}/my-agenda: "add" and "remove" hold GUIDs of sessions. A script is answered with all that is marked now.
func (h *Handler) Mark(c *gin.Context) {
	e := access.Event(c)
	add, remove := keysOf(c.PostFormArray("add")), keysOf(c.PostFormArray("remove"))
	if len(add)+len(remove) > marksAtOnce {
		h.Fail(c, turnout.Invalidf("add", "too_many", "Mark fewer sessions at once."))
		return
	}
	it, err := h.ownItinerary(c, e)
	if err == nil {
		known := it
		if it, err = h.Agenda.Mark(c.Request.Context(), e, known, add, remove); errors.Is(err, turnout.ErrNotFound) && known != nil { // it was forgotten on another device this moment
			it, err = h.Agenda.Mark(c.Request.Context(), e, nil, add, remove)
		}
	}
	if err != nil && !errors.Is(err, agenda.ErrNotReleased) { // where nothing is public, nothing is marked, and the page says why
		h.Fail(c, err)
		return
	}
	if it != nil {
		h.keepItinerary(c, e, it)
	}
	if strings.Contains(c.GetHeader("Accept"), "application/json") {
		h.stars(c, e, it)
		return
	}
	h.Redirect(c, itineraryPath(e), "", "")
}

// keysOf leaves out what cannot be the name of a session.
func keysOf(sent []string) []string {
	return slices.DeleteFunc(sent, func(key string) bool {
		return key == "" || len(key) > longestKey || !utf8.ValidString(key) || strings.ContainsRune(key, 0)
	})
}

// longestKey is in bytes: programs that name sessions themselves take less.
const longestKey = 1000

// ForgetItinerary is POST /e/{event}/my-agenda/forget, which asks first.
func (h *Handler) ForgetItinerary(c *gin.Context) {
	e := access.Event(c)
	it, err := h.ownItinerary(c, e)
	if err != nil {
		h.Fail(c, err)
		return
	}
	if it != nil && c.PostForm("confirmed") == "" {
		community, err := organisers.FindCommunity(c.Request.Context(), h.DB.Read(), string(e.CommunityID))
		if err != nil {
			h.Fail(c, err)
			return
		}
		h.askFirst(c, h.eventChrome(community, e), h.text(c, "my_agenda.forget_ask"), itineraryPath(e))
		return
	}
	if it != nil {
		if err := h.Agenda.Forget(c.Request.Context(), it); err != nil {
			h.Fail(c, err)
			return
		}
	}
	h.keepItinerary(c, e, nil)
	h.Redirect(c, itineraryPath(e), "ok", h.text(c, "my_agenda.forgotten"))
}

// LinkedItinerary is GET /e/{event}/my-agenda/{itinerary}?secret=: an itinerary by its link; under {itinerary}.ics, with the calendar's secret, its calendar.
func (h *Handler) LinkedItinerary(c *gin.Context) {
	e := access.Event(c)
	id, kind, _ := strings.Cut(c.Param("itinerary"), ".")
	if kind == "ics" {
		h.itineraryCalendar(c, e, turnout.ID(id))
		return
	}
	if kind != "" {
		h.Fail(c, turnout.ErrNotFound)
		return
	}
	it, err := h.Agenda.ItineraryBySecret(c.Request.Context(), e, turnout.ID(id), c.Query("secret"))
	if err != nil {
		h.Fail(c, err)
		return
	}
	own, err := h.ownItinerary(c, e)
	if err != nil {
		h.Fail(c, err)
		return
	}
	if own != nil && own.ID == it.ID {
		c.Header("Referrer-Policy", "no-referrer")
		c.Redirect(http.StatusSeeOther, itineraryPath(e))
		return
	}
	h.itineraryPage(c, e, it, func(page *itineraryPage) {
		page.Other = own != nil && len(own.Keys) > 0
		page.Path = page.Action + "/" + string(it.ID) + "?secret=" + url.QueryEscape(c.Query("secret"))
		page.KeepURL = page.Action + "/" + string(it.ID) + "/keep?secret=" + url.QueryEscape(it.Secret)
	})
}

func (h *Handler) itineraryCalendar(c *gin.Context, e *events.Event, id turnout.ID) {
	calendar, err := h.Agenda.ItineraryCalendar(c.Request.Context(), e, id, c.Query("secret"))
	if err != nil {
		h.Fail(c, err)
		return
	}
	calendar.Name = h.text(c, "my_agenda.calendar", "Event", e.Title)
	var out bytes.Buffer
	if err := calendar.Write(&out); err != nil {
		h.Fail(c, err)
		return
	}
	c.Header("Cache-Control", "private, no-cache")
	c.Header("Content-Disposition", `attachment; filename="`+e.Slug+`-my-agenda.ics"`)
	c.Data(http.StatusOK, calendarType, out.Bytes())
}

// KeepItinerary is POST /e/{event}/my-agenda/{itinerary}/keep?secret=: from now on it is this browser's. What this browser marked before is joined with it.
func (h *Handler) KeepItinerary(c *gin.Context) {
	ctx, e := c.Request.Context(), access.Event(c)
	it, err := h.Agenda.ItineraryBySecret(ctx, e, turnout.ID(c.Param("itinerary")), c.Query("secret"))
	if err != nil {
		h.Fail(c, err)
		return
	}
	own, err := h.ownItinerary(c, e)
	if err == nil && own != nil && own.ID != it.ID {
		it, err = h.Agenda.Merge(ctx, e, own, it)
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	h.keepItinerary(c, e, it)
	h.Redirect(c, itineraryPath(e), "ok", h.text(c, "my_agenda.kept"))
}
