package pages

import (
	"bytes"
	"context"
	"errors"
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
)

// schedulePage is the data of the page "schedule".
type schedulePage struct {
	templates.Chrome
	Event            publicEvent
	Version, View    string
	ListURL, GridURL string
	Days             []dayLink
	Track, Room      string
	Tracks, Rooms    []templates.Option
	Action           string
	Schedule         []templates.ScheduleDay
	Count            int
	ICSURL           string
}

type dayLink struct {
	Text, URL string
	Current   bool
}

// scheduleChoice is what a reader chose to see.
type scheduleChoice struct{ view, track, room, day string }

func (s scheduleChoice) path(base string) string {
	q := url.Values{}
	for name, value := range map[string]string{"view": s.view, "track": s.track, "room": s.room, "day": s.day} {
		if value != "" && value != "auto" {
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
	choice := scheduleChoice{view: c.Query("view"), track: c.Query("track"), room: c.Query("room"), day: c.Query("day")}
	if choice.view != "list" && choice.view != "grid" {
		choice.view = "auto"
	}
	h.cached(c, "schedule "+slug+" "+choice.path(""), htmlType, func(ctx context.Context, lang string) ([]byte, error) {
		e, err := events.FindPublic(ctx, h.DB.Read(), slug)
		if err != nil {
			return nil, err
		}
		community, err := organisers.FindCommunity(ctx, h.DB.Read(), string(e.CommunityID))
		if err != nil {
			return nil, err
		}
		page := &schedulePage{Chrome: h.eventChrome(community, e), Event: newPublicEvent(e), View: choice.view,
			Track: choice.track, Room: choice.room, Action: "/e/" + e.Slug + "/schedule"}
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
		page.Version, page.ICSURL = release.Version, "/e/"+e.Slug+"/schedule.ics"
		page.fill(h, lang, e, schedule, choice, h.Now().Truncate(time.Minute))
		return h.draw(lang, "schedule", page)
	})
}

func (p *schedulePage) fill(h *Handler, lang string, e *events.Event, s *exchange.Schedule, choice scheduleChoice, now time.Time) {
	list, grid := choice, choice
	list.view, grid.view = "list", "grid"
	p.ListURL, p.GridURL = list.path(p.Action), grid.path(p.Action)
	p.Tracks = []templates.Option{{Text: h.Templates.Message(lang, "schedule.all_tracks")}}
	p.Rooms = []templates.Option{{Text: h.Templates.Message(lang, "schedule.all_rooms")}}
	colours := map[string]int{}
	for i, t := range s.Tracks {
		colours[t.Name] = i%8 + 1
		p.Tracks = append(p.Tracks, templates.Option{Value: t.Name, Text: t.Name})
	}
	rooms := map[string]string{}
	var order []string
	for _, r := range s.Rooms {
		rooms[r.Key] = r.Name
		order = append(order, r.Name)
		p.Rooms = append(p.Rooms, templates.Option{Value: r.Name, Text: r.Name})
	}
	names := map[string]string{}
	for _, person := range s.People {
		names[person.Key] = person.Name
	}
	days := s.Days()
	if len(days) > 1 {
		p.Days = dayLinks(h, lang, e, days, choice, p.Action)
	}
	var shown []templates.ScheduleSession
	for _, day := range days {
		if choice.day != "" && day.Date != choice.day {
			continue
		}
		for _, x := range day.Sessions {
			room := rooms[x.Room]
			if choice.track != "" && x.Track != choice.track || choice.room != "" && room != choice.room {
				continue
			}
			shown = append(shown, templates.ScheduleSession{ID: favourite(s, x), Title: x.Title, URL: sessionURL(e, s, x),
				Speakers: joinNames(x.Speakers, names), Room: room, Track: x.Track, TrackColour: colours[x.Track], Kind: x.Kind,
				StartsAt: x.Start, EndsAt: x.End(), Now: !now.Before(x.Start) && now.Before(x.End())})
		}
	}
	p.Count = len(shown)
	p.Schedule = templates.LayOutSchedule(shown, order, s.Zone, int(s.DayChange.Hours()))
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

func dayLinks(h *Handler, lang string, e *events.Event, days []exchange.Day, choice scheduleChoice, action string) []dayLink {
	all := choice
	all.day = ""
	links := []dayLink{{Text: h.Templates.Message(lang, "schedule.all"), URL: all.path(action), Current: choice.day == ""}}
	for _, d := range days {
		if len(d.Sessions) == 0 {
			continue
		}
		one := choice
		one.day = d.Date
		links = append(links, dayLink{Text: h.Templates.DayOf(lang, d.Sessions[0].Start, e.StartsAt, e.EndsAt, e.Timezone), URL: one.path(action), Current: choice.day == d.Date})
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
		now, err := h.presentSpeakers(ctx, e)
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
		page.Title, page.Path = schedule.Sessions[i].Title, "/e/"+e.Slug+"/schedule/"+url.PathEscape(guid)
		page.Canonical, page.JSONLD = h.BaseURL+page.Path, nil
		page.Description = shorten(strings.ReplaceAll(exchange.PlainText(page.Abstract), "\n", " "), 200)
		return h.draw(lang, "session", page)
	})
}

func newSessionPage(e *events.Event, s *exchange.Schedule, x exchange.Session, now map[string]*speakers.Speaker) *sessionPage {
	page := &sessionPage{Event: newPublicEvent(e), Kind: x.Kind, Subtitle: x.Subtitle, Abstract: x.Abstract, Text: x.Description, Track: x.Track,
		Language: x.Language, StartsAt: x.Start, EndsAt: x.End(), Placed: x.Placed(), ScheduleURL: "/e/" + e.Slug + "/schedule"}
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
