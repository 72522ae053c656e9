package pages

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/events/agenda/exchange"
	"turnout/events/organisers"
	"turnout/events/speakers"
	"turnout/templates"
	"turnout/ticketing/signups"
)

// schedulePage is the data of the page "schedule".
type schedulePage struct {
	templates.Chrome
	Event            publicEvent
	Version, View    string
	ListURL, GridURL string
	Days             []dayLink
	Track, Room      string
	Search           string
	Tracks, Rooms    []templates.Option
	Action           string
	Schedule         []templates.ScheduleDay
	Count            int
	ICSURL           string
	PDFURL           string
	MarkURL          string // takes what is marked
	Now              nowAndNext
}

type dayLink struct {
	Text, URL string
	Current   bool
}

// scheduleChoice is what a reader chose to see. The day "all" is all of them; "" is all of them too, unless they are too many sessions to look at.
type scheduleChoice struct{ view, track, room, day, search string }

const (
	allDays     = "all"
	viewAuto    = "auto" // the grid on wide screens
	seenAtOnce  = 150    // sessions of several days that are shown together unasked
	searchLimit = 100    // bytes
)

func (s scheduleChoice) path(base string) string {
	q := url.Values{}
	for name, value := range map[string]string{"view": s.view, "track": s.track, "room": s.room, "day": s.day, "q": s.search} {
		if value != "" && (name != "view" || value != viewAuto) {
			q.Set(name, value)
		}
	}
	if len(q) == 0 {
		return base
	}
	return base + "?" + q.Encode()
}

// Schedule is GET /e/{event}/schedule: the released agenda as a grid and a list.
func (h *Handler) Schedule(c *gin.Context) {
	slug := c.Param("event")
	choice := scheduleChoice{view: c.Query("view"), track: c.Query("track"), room: c.Query("room"), day: c.Query("day"), search: strings.TrimSpace(c.Query("q"))}
	if choice.view != "list" && choice.view != "grid" {
		choice.view = viewAuto
	}
	draw := func(ctx context.Context, lang string) ([]byte, error) { return h.schedule(ctx, lang, slug, choice) }
	if choice.search == "" {
		h.cached(c, "schedule "+slug+" "+choice.path(""), htmlType, draw)
		return
	}
	choice.search = strings.ToValidUTF8(choice.search[:min(len(choice.search), searchLimit)], "")
	page, err := draw(c.Request.Context(), h.Language(c)) // hardly two people type the same
	if err != nil {
		h.Fail(c, err)
		return
	}
	h.html(c, http.StatusOK, page)
}

func (h *Handler) schedule(ctx context.Context, lang, slug string, choice scheduleChoice) ([]byte, error) {
	e, err := events.FindPublic(ctx, h.DB.Read(), slug)
	if err != nil {
		return nil, err
	}
	community, err := organisers.FindCommunity(ctx, h.DB.Read(), string(e.CommunityID))
	if err != nil {
		return nil, err
	}
	page := &schedulePage{Chrome: h.eventChrome(community, e), Event: newPublicEvent(e), View: choice.view, MarkURL: itineraryPath(e),
		Track: choice.track, Room: choice.room, Search: choice.search, Action: "/e/" + e.Slug + "/schedule"}
	page.Title = h.Templates.Message(lang, "schedule.title") + " · " + e.Title
	page.Path, page.Canonical, page.JSONLD = page.Action, h.BaseURL+page.Action, nil
	schedule, release, err := h.Agenda.Schedule(ctx, e)
	if errors.Is(err, agenda.ErrNotReleased) { // the address is known before there is anything: it leads to the event
		page.NoIndex = true
		return h.draw(lang, "schedule", page)
	}
	if err != nil {
		return nil, err
	}
	page.NoIndex = choice.search != ""
	page.Version, page.ICSURL = release.Version, "/e/"+e.Slug+"/schedule.ics"
	now := h.Now().Truncate(time.Minute)
	page.Now = newNowAndNext(e, schedule, now)
	page.fill(h, lang, e, schedule, choice, now)
	return h.draw(lang, "schedule", page)
}

func (p *schedulePage) fill(h *Handler, lang string, e *events.Event, s *exchange.Schedule, choice scheduleChoice, now time.Time) {
	p.Tracks = []templates.Option{{Text: h.Templates.Message(lang, "schedule.all_tracks")}}
	p.Rooms = []templates.Option{{Text: h.Templates.Message(lang, "schedule.all_rooms")}}
	colours := map[string]int{}
	for i, t := range s.Tracks {
		colours[t.Name] = i%8 + 1
		p.Tracks = append(p.Tracks, templates.Option{Value: t.Name, Text: t.Name})
	}
	var order []string
	for _, r := range s.Rooms {
		order = append(order, r.Name)
		p.Rooms = append(p.Rooms, templates.Option{Value: r.Name, Text: r.Name})
	}
	rooms, names := s.RoomNames(), map[string]string{}
	for _, person := range s.People {
		names[person.Key] = person.Name
	}
	days := s.Days()
	wanted := func(x exchange.Session) bool {
		room := rooms[x.Room]
		return (choice.track == "" || x.Track == choice.track) && (choice.room == "" || room == choice.room) &&
			(choice.search == "" || matches(choice.search, x.Title, x.Subtitle, joinNames(x.Speakers, names), room, x.Track))
	}
	for i := range days {
		days[i].Sessions = slices.DeleteFunc(days[i].Sessions, func(x exchange.Session) bool { return !wanted(x) })
		p.Count += len(days[i].Sessions)
	}
	shownDay := choice.dayOf(e, days, p.Count, now)
	if p.Count > 0 {
		p.PDFURL = printedPath(e, cmp.Or(shownDay, allDays), choice.room)
	}
	var shown []templates.ScheduleSession
	for _, day := range days {
		if shownDay != "" && day.Date != shownDay {
			continue
		}
		for _, x := range day.Sessions {
			shown = append(shown, templates.ScheduleSession{ID: favourite(s, x), Title: x.Title, URL: sessionURL(e, s, x),
				Speakers: joinNames(x.Speakers, names), Room: rooms[x.Room], Track: x.Track, TrackColour: colours[x.Track], Kind: x.Kind,
				StartsAt: x.Start, EndsAt: x.End(), Now: !now.Before(x.Start) && now.Before(x.End())})
		}
	}
	list, grid := choice, choice
	list.view, grid.view = "list", "grid"
	p.ListURL, p.GridURL = list.path(p.Action), grid.path(p.Action)
	if days = slices.DeleteFunc(days, func(d exchange.Day) bool { return len(d.Sessions) == 0 }); len(days) > 1 {
		p.Days = dayLinks(h, lang, e, days, choice, shownDay, p.Action)
	}
	p.Count = len(shown)
	p.Schedule = templates.LayOutSchedule(shown, order, s.Zone, int(s.DayChange.Hours()))
}

// dayOf is the date that is shown, "" for all: the one that was chosen; of many sessions without a choice today's, else the first.
func (s scheduleChoice) dayOf(e *events.Event, days []exchange.Day, found int, now time.Time) string {
	switch {
	case s.day == allDays, s.day == "" && found <= seenAtOnce:
		return ""
	case s.day != "":
		return s.day
	}
	today := agenda.DayOf(e, now).Date
	first := ""
	for _, d := range days {
		switch {
		case len(d.Sessions) == 0:
		case d.Date == today:
			return today
		case first == "":
			first = d.Date
		}
	}
	return first
}

// favourite is the name under which a browser remembers a session; "" for what nobody plans to miss.
func favourite(s *exchange.Schedule, x exchange.Session) string {
	if x.Kind == string(agenda.Break) {
		return ""
	}
	return s.GUID(x)
}

func sessionURL(e *events.Event, s *exchange.Schedule, x exchange.Session) string {
	return "/e/" + e.Slug + "/schedule/" + url.PathEscape(s.GUID(x))
}

func dayLinks(h *Handler, lang string, e *events.Event, days []exchange.Day, choice scheduleChoice, shown, action string) []dayLink {
	all := choice
	all.day = allDays
	links := []dayLink{{Text: h.Templates.Message(lang, "schedule.all"), URL: all.path(action), Current: shown == ""}}
	for _, d := range days {
		one := choice
		one.day = d.Date
		links = append(links, dayLink{Text: h.Templates.DayOf(lang, d.Sessions[0].Start, e.StartsAt, e.EndsAt, e.Timezone), URL: one.path(action), Current: shown == d.Date})
	}
	return links
}

// sessionPage is the data of the page "session".
type sessionPage struct {
	templates.Chrome
	Event                          publicEvent
	Kind, Subtitle, Abstract, Text string
	Room, Track, Language          string
	StartsAt, EndsAt               time.Time
	Placed                         bool
	Speakers                       []sessionSpeaker
	Links                          []templates.Link
	Slides                         []publicSlides // once the session is over
	ScheduleURL                    string
	GUID, MarkURL                  string            // GUID: "" for what nobody plans to miss
	Places                         *signups.Settings // nil: one does not sign up, or not any more
	PlacesFrom                     time.Time         // from when on one signs up; zero: now
}

type sessionSpeaker struct{ Name, Bio, URL, Tagline, PhotoURL string }

// Session is GET /e/{event}/schedule/{session}: one session of the released agenda.
func (h *Handler) Session(c *gin.Context) {
	slug, guid := c.Param("event"), c.Param("session")
	h.cached(c, "session "+slug+" "+guid, htmlType, func(ctx context.Context, lang string) ([]byte, error) {
		e, schedule, community, err := h.released(ctx, slug)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(schedule.Sessions, func(x exchange.Session) bool { return schedule.GUID(x) == guid })
		if i < 0 {
			return nil, turnout.ErrNotFound
		}
		now, err := h.presentSpeakers(ctx, e, schedule.Sessions[i].Speakers...)
		if err != nil {
			return nil, err
		}
		slides, err := h.Agenda.PublicSlides(ctx, e)
		if err != nil {
			return nil, err
		}
		page := newSessionPage(e, schedule, schedule.Sessions[i], now)
		page.Slides = newPublicSlides(e, slides[schedule.Sessions[i].Key])
		page.Chrome = h.eventChrome(community, e)
		if err := h.fillPlacesOf(ctx, page, e, schedule.Sessions[i]); err != nil {
			return nil, err
		}
		page.Title, page.Path = schedule.Sessions[i].Title, "/e/"+e.Slug+"/schedule/"+url.PathEscape(guid)
		page.Canonical, page.JSONLD = h.BaseURL+page.Path, nil
		page.Description = shorten(strings.ReplaceAll(exchange.PlainText(page.Abstract), "\n", " "), 200)
		return h.draw(lang, "session", page)
	})
}

// fillPlacesOf says whether places can be had at a session now, or from when on.
func (h *Handler) fillPlacesOf(ctx context.Context, page *sessionPage, e *events.Event, x exchange.Session) error {
	settings, err := h.SignUps.OfKey(ctx, e, x.Key)
	if err != nil || settings == nil {
		return err
	}
	switch err := settings.Open(signups.Slot{StartsAt: x.Start, EndsAt: x.End(), Title: x.Title}, h.Now()); {
	case errors.Is(err, signups.ErrNotOpenYet):
		page.PlacesFrom = settings.OpensAt
	case err != nil:
		return nil //nolint:nilerr // it is closed: there is nothing to say
	}
	page.Places = settings
	return nil
}

func newSessionPage(e *events.Event, s *exchange.Schedule, x exchange.Session, now map[string]*speakers.Speaker) *sessionPage {
	page := &sessionPage{Event: newPublicEvent(e), Kind: x.Kind, Subtitle: x.Subtitle, Abstract: x.Abstract, Text: x.Description, Track: x.Track,
		Language: x.Language, StartsAt: x.Start, EndsAt: x.End(), Placed: x.Placed(), ScheduleURL: "/e/" + e.Slug + "/schedule", GUID: favourite(s, x), MarkURL: itineraryPath(e)}
	for _, r := range s.Rooms {
		if r.Key == x.Room {
			page.Room = r.Name
		}
	}
	for _, key := range x.Speakers {
		for _, p := range s.People {
			if p.Key == key {
				page.Speakers = append(page.Speakers, sessionSpeaker{Name: p.Name, Bio: p.Bio, URL: speakerURL(e, key)})
				if sp := now[key]; sp != nil {
					last := &page.Speakers[len(page.Speakers)-1]
					last.Tagline, last.PhotoURL = sp.Tagline, photoURL(sp, 1)
				}
			}
		}
	}
	for _, l := range x.Links {
		if address := webOnly(l.URL); address != "" {
			page.Links = append(page.Links, templates.Link{Text: l.Title, URL: address})
		}
	}
	return page
}

// ScheduleCalendar is GET /e/{event}/schedule.ics.
func (h *Handler) ScheduleCalendar(c *gin.Context) {
	slug := c.Param("event")
	h.cached(c, "schedule.ics "+slug, calendarType, func(ctx context.Context, _ string) ([]byte, error) {
		e, err := events.FindPublic(ctx, h.DB.Read(), slug)
		if err != nil {
			return nil, err
		}
		schedule, release, err := h.Agenda.Schedule(ctx, e)
		if err != nil {
			return nil, err
		}
		var out bytes.Buffer
		err = exchange.WriteICS(&out, schedule, release.CreatedAt)
		return out.Bytes(), err
	})
}
