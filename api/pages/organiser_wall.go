package pages

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"turnout/api/access"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/events/agenda/exchange"
	"turnout/events/agenda/wall"
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
		schedule, _, err := h.Agenda.Schedule(ctx, e)
		if err != nil {
			return nil, err
		}
		if choice.day == allDays {
			choice.day = ""
		}
		day := choice.dayOf(e, schedule.Days(), len(schedule.Sessions), h.Now())
		var pdf bytes.Buffer
		err = h.Agenda.WriteWall(ctx, &pdf, e, lang, wall.Choice{Day: day, Room: choice.room})
		return pdf.Bytes(), err
	})
}

// printedPath is where the day and room that a reader sees are printed.
func (s scheduleChoice) printedPath(e *events.Event, shownDay string) string {
	q := url.Values{}
	if shownDay != "" {
		q.Set("day", shownDay)
	}
	if s.room != "" {
		q.Set("room", s.room)
	}
	path := "/e/" + e.Slug + "/schedule.pdf"
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	return path
}
