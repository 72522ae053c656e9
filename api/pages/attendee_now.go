package pages

import (
	"context"
	"time"

	"github.com/gin-gonic/gin"

	"turnout/events"
	"turnout/events/agenda"
	"turnout/events/agenda/exchange"
	"turnout/events/organisers"
	"turnout/templates"
)

// nowAndNext is what runs in each room and what comes after it there. Its zero value is for a time at which nothing of that is of use.
type nowAndNext struct {
	At          time.Time
	URL         string // of the page that shows it alone
	Rooms       []roomNow
	ScheduleURL string
}

type roomNow struct {
	Name string // "" for what is for all rooms
	Now  []runningSession
	Next *runningSession // on the same day
}

type runningSession struct {
	GUID, Title, URL string
	StartsAt, EndsAt time.Time
}

// soonFor is how long before the first session of a day its page says what comes next.
const soonFor = 2 * time.Hour

// newNowAndNext says what runs at an instant: from two hours before the first session of a day until its last has ended.
func newNowAndNext(e *events.Event, s *exchange.Schedule, now time.Time) nowAndNext {
	out := nowAndNext{At: now, URL: "/e/" + e.Slug + "/schedule/now", ScheduleURL: "/e/" + e.Slug + "/schedule"}
	rooms := map[string]*roomNow{}
	for _, x := range nowAndSoon(e, s, now) {
		room := rooms[x.Room]
		if room == nil {
			room = new(roomNow)
			rooms[x.Room] = room
		}
		shown := runningSession{s.GUID(x), x.Title, sessionURL(e, s, x), x.Start, x.End()}
		switch {
		case !x.Start.After(now):
			room.Now = append(room.Now, shown)
		case room.Next == nil:
			room.Next = &shown
		}
	}
	for _, r := range append([]exchange.Room{{}}, s.Rooms...) {
		if room := rooms[r.Key]; room != nil {
			room.Name = r.Name
			out.Rooms = append(out.Rooms, *room)
		}
	}
	return out
}

// nowAndSoon gives the sessions that run at an instant, those of a night that is longer than its day among them, and from two hours before its first those that are still to come of the day.
func nowAndSoon(e *events.Event, s *exchange.Schedule, now time.Time) (sessions []exchange.Session) {
	today := agenda.DayOf(e, now).Date
	for _, day := range s.Days() {
		soon := day.Date == today && len(day.Sessions) > 0 && !now.Before(day.Sessions[0].Start.Add(-soonFor))
		for _, x := range day.Sessions {
			if x.End().After(now) && (soon || !x.Start.After(now)) {
				sessions = append(sessions, x)
			}
		}
	}
	return sessions
}

// nowPage is the data of the page "now".
type nowPage struct {
	templates.Chrome
	Event   publicEvent
	Now     nowAndNext
	MarkURL string
}

// NowAndNext is GET /e/{event}/schedule/now: what runs and what comes next, room by room; the page of the schedule asks it each minute.
func (h *Handler) NowAndNext(c *gin.Context) {
	slug := c.Param("event")
	h.cached(c, "now "+slug, htmlType, func(ctx context.Context, lang string) ([]byte, error) {
		e, err := events.FindPublic(ctx, h.DB.Read(), slug)
		if err != nil {
			return nil, err
		}
		schedule, _, err := h.Agenda.Schedule(ctx, e)
		if err != nil {
			return nil, err
		}
		community, err := organisers.FindCommunity(ctx, h.DB.Read(), string(e.CommunityID))
		if err != nil {
			return nil, err
		}
		page := nowPage{Chrome: h.eventChrome(community, e), Event: newPublicEvent(e), Now: newNowAndNext(e, schedule, h.Now().Truncate(time.Minute)), MarkURL: itineraryPath(e)}
		page.Title = h.Templates.Message(lang, "schedule.now_title") + " · " + e.Title
		page.Path, page.Canonical, page.JSONLD = page.Now.URL, h.BaseURL+page.Now.URL, nil
		return h.draw(lang, "now", page)
	})
}
