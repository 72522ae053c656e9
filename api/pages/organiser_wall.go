package pages

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"

	"turnout/api/access"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/events/agenda/exchange"
	"turnout/events/agenda/wall"
	"turnout/events/organisers"
	"turnout/templates"
)

// wallPage is the data of the page "console_wall": what of the public schedule is printed for walls and doors.
type wallPage struct {
	templates.Chrome
	Errors    templates.Errors
	Event     *events.Event
	Version   string // of the release; "" while there is none
	Days      []templates.Option
	Rooms     []templates.Option
	Sizes     []templates.Option
	Languages []templates.Option
	Day       string
	Room      string
	Size      string
	Lang      string
	Sides     bool
	Base      string
}

// EventWall is GET /console/events/{event}/agenda/wall.
func (h *Handler) EventWall(c *gin.Context) {
	h.wall(c, http.StatusOK, wallPage{Lang: h.Language(c), Sides: true})
}

func (h *Handler) wall(c *gin.Context, status int, data wallPage) {
	e := access.Event(c)
	chrome, ok := h.eventConsole(c, h.text(c, "console.wall.title"), "nav.agenda")
	if !ok {
		return
	}
	data.Chrome, data.Event, data.Base = chrome, e, eventPath(e)+"/agenda"
	data.Crumbs = append(data.Crumbs, templates.Link{Text: h.text(c, "nav.agenda"), URL: data.Base})
	schedule, release, err := h.Agenda.Schedule(c.Request.Context(), e)
	if err != nil && !errors.Is(err, agenda.ErrNotReleased) {
		h.Fail(c, err)
		return
	}
	if err == nil {
		data.Version = release.Version
		data.fill(h, h.Language(c), schedule)
	}
	h.Render(c, status, "console_wall", data)
}

func (p *wallPage) fill(h *Handler, lang string, s *exchange.Schedule) {
	p.Days = []templates.Option{{Text: h.Templates.Message(lang, "console.wall.each_day")}}
	for _, day := range wall.Days(s) {
		p.Days = append(p.Days, templates.Option{Value: day.Date, Text: h.dayOf(lang, p.Event, day.From)})
	}
	p.Rooms = []templates.Option{{Text: h.Templates.Message(lang, "console.wall.each_room")}}
	for _, room := range wall.Rooms(s) {
		p.Rooms = append(p.Rooms, templates.Option{Value: room.Key, Text: room.Name})
	}
	for _, size := range wall.Sizes {
		p.Sizes = append(p.Sizes, templates.Option{Value: string(size), Text: h.Templates.Message(lang, "console.wall.size."+string(size))})
	}
	p.Languages = h.languages()
}

// PrintWall is GET /console/events/{event}/agenda/wall.pdf?day=&room_id=&size=&lang=&sides=.
func (h *Handler) PrintWall(c *gin.Context) {
	e := access.Event(c)
	in := wallPage{Day: c.Query("day"), Room: c.Query("room_id"), Size: c.Query("size"), Lang: h.Language(c), Sides: c.Query("sides") != ""}
	var pdf bytes.Buffer
	err := h.Agenda.WriteWall(c.Request.Context(), &pdf, e, in.Lang, wall.Choice{Size: wall.Size(in.Size), Day: in.Day, Room: in.Room, NoSides: !in.Sides})
	if err == nil {
		c.Header("Content-Disposition", `inline; filename="`+e.Slug+`-schedule.pdf"`)
		c.Header("Cache-Control", "no-store")
		c.Data(http.StatusOK, pdfType, pdf.Bytes())
		return
	}
	if shown, status, ok := h.refused(c, err); ok {
		in.Errors = shown
		h.wall(c, status, in)
	}
}

// PrintedSchedule is GET /e/{event}/schedule.pdf?day=&room=: a day of the public schedule to print, the one that the page would show.
func (h *Handler) PrintedSchedule(c *gin.Context) {
	slug := c.Param("event")
	choice := scheduleChoice{day: c.Query("day"), room: c.Query("room")}
	h.cached(c, "schedule.pdf "+slug+" "+choice.path(""), pdfType, func(ctx context.Context, lang string) ([]byte, error) {
		e, err := events.FindPublic(ctx, h.DB.Read(), slug)
		if err != nil {
			return nil, err
		}
		schedule, release, err := h.Agenda.Schedule(ctx, e)
		if err != nil {
			return nil, err
		}
		community, err := organisers.FindCommunity(ctx, h.DB.Read(), string(e.CommunityID))
		if err != nil {
			return nil, err
		}
		day := choice.dayOf(e, schedule.Days(), choice.placed(schedule), h.Now())
		return h.printed.draw(ctx, strings.Join([]string{string(release.ID), e.Slug, cmp.Or(e.Accent, community.Accent), community.Name, lang, day, choice.room}, "\x00"), func() ([]byte, error) {
			var pdf bytes.Buffer
			err := h.Agenda.WriteWall(ctx, &pdf, e, lang, wall.Choice{Day: day, Room: choice.room})
			return pdf.Bytes(), err
		})
	})
}

// placed counts the sessions of the room that was chosen, or of all.
func (s scheduleChoice) placed(schedule *exchange.Schedule) (n int) {
	rooms := schedule.RoomNames()
	for _, x := range schedule.Sessions {
		if x.Placed() && (s.room == "" || s.room == x.Room || s.room == rooms[x.Room]) {
			n++
		}
	}
	return n
}

// printed keeps what was drawn of releases, which never change, and draws one thing at a time: a page of a long day takes most of a second. Its zero value is ready.
type printed struct {
	once  sync.Once
	turn  chan struct{} // holds one who draws
	pages map[string][]byte
	bytes int
}

// printedLimit is how many bytes are kept.
const printedLimit = 8 << 20

// draw gives what is kept under a key that names all that it shows, or makes it.
func (p *printed) draw(ctx context.Context, key string, draw func() ([]byte, error)) ([]byte, error) {
	p.once.Do(func() { p.turn = make(chan struct{}, 1) })
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-p.turn }()
	if page, kept := p.pages[key]; kept {
		return page, nil
	}
	page, err := draw()
	if err != nil {
		return nil, err
	}
	if p.bytes += len(page); p.pages == nil || p.bytes > printedLimit {
		p.pages, p.bytes = map[string][]byte{}, len(page)
	}
	p.pages[key] = page
	return page, nil
}

// printedPath is where the day, or all days, and the room that a reader sees are printed.
func printedPath(e *events.Event, day, room string) string {
	q := url.Values{"day": {day}}
	if room != "" {
		q.Set("room", room)
	}
	return "/e/" + e.Slug + "/schedule.pdf?" + q.Encode()
}
