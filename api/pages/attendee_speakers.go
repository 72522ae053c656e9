package pages

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/events/agenda/exchange"
	"turnout/events/organisers"
	"turnout/events/people"
	"turnout/events/speakers"
	"turnout/templates"
)

// publicSpeakersPage is the data of the page "speakers": who has part in the released schedule. Names and biographies are as they were released; what a release does not hold, photo and
// tagline, is as it is now.
type publicSpeakersPage struct {
	templates.Chrome
	Event       publicEvent
	ScheduleURL string
	Speakers    []publicSpeaker
}

type publicSpeaker struct {
	Name, Tagline, PhotoURL, URL string
	Count                        int // of sessions
}

// publicSpeakerPage is the data of the page "speaker".
type publicSpeakerPage struct {
	templates.Chrome
	Event                                  publicEvent
	AllURL                                 string
	Name, Tagline, Pronouns, Bio, PhotoURL string
	Sessions                               []publicAppearance
}

type publicAppearance struct {
	Title, URL, Room string
	StartsAt, EndsAt time.Time
	Slides           []publicSlides
}

type publicSlides struct{ Name, Size, URL string }

// speaksAt gives the sessions of a released schedule in which a speaker has part, by time.
func speaksAt(s *exchange.Schedule, key string) (own []exchange.Session) {
	for _, x := range s.Sessions {
		if slices.Contains(x.Speakers, key) {
			own = append(own, x)
		}
	}
	slices.SortStableFunc(own, func(a, b exchange.Session) int { return a.Start.Compare(b.Start) })
	return own
}

// presentSpeakers are some of an event's speakers as they are now, by the keys of released schedules.
func (h *Handler) presentSpeakers(ctx context.Context, e *events.Event, keys ...string) (map[string]*speakers.Speaker, error) {
	ids := make([]turnout.ID, len(keys))
	for i, key := range keys {
		ids[i] = turnout.ID(key)
	}
	all, err := speakers.ByIDs(ctx, h.DB.Read(), e.CommunityID, e.ID, ids)
	return speakersByKey(all), err
}

func (h *Handler) allSpeakers(ctx context.Context, e *events.Event) (map[string]*speakers.Speaker, error) {
	all, err := speakers.ByEvent(ctx, h.DB.Read(), e.CommunityID, e.ID)
	return speakersByKey(all), err
}

func speakersByKey(all []*speakers.Speaker) map[string]*speakers.Speaker {
	keys := make(map[string]*speakers.Speaker, len(all))
	for _, sp := range all {
		keys[string(sp.ID)] = sp
	}
	return keys
}

// released is what a public page of the schedule needs. Before there is a release it gives the event and the community all the same, with agenda.ErrNotReleased.
func (h *Handler) released(ctx context.Context, slug string) (*events.Event, *exchange.Schedule, *organisers.Community, error) {
	e, err := events.FindPublic(ctx, h.DB.Read(), slug)
	if err != nil {
		return nil, nil, nil, err
	}
	community, err := organisers.FindCommunity(ctx, h.DB.Read(), string(e.CommunityID))
	if err != nil {
		return nil, nil, nil, err
	}
	schedule, _, err := h.Agenda.Schedule(ctx, e)
	return e, schedule, community, err
}

// PublicSpeakers is GET /e/{event}/speakers.
func (h *Handler) PublicSpeakers(c *gin.Context) {
	slug := c.Param("event")
	h.cached(c, "speakers "+slug, htmlType, func(ctx context.Context, lang string) ([]byte, error) {
		e, schedule, community, err := h.released(ctx, slug)
		unreleased := errors.Is(err, agenda.ErrNotReleased) // the address is known before there is anything
		if err != nil && !unreleased {
			return nil, err
		}
		now, err := h.allSpeakers(ctx, e)
		if err != nil {
			return nil, err
		}
		page := publicSpeakersPage{Chrome: h.eventChrome(community, e), Event: newPublicEvent(e), ScheduleURL: "/e/" + e.Slug + "/schedule"}
		page.Title, page.Path, page.JSONLD = h.Templates.Message(lang, "session.speakers")+" · "+e.Title, "/e/"+e.Slug+"/speakers", nil
		page.Canonical, page.NoIndex = h.BaseURL+page.Path, unreleased
		if unreleased {
			schedule = new(exchange.Schedule)
		}
		counts := map[string]int{}
		for _, x := range schedule.Sessions {
			for _, key := range x.Speakers {
				counts[key]++
			}
		}
		for _, p := range schedule.People {
			if n := counts[p.Key]; n > 0 {
				out := publicSpeaker{Name: p.Name, URL: speakerURL(e, p.Key), PhotoURL: photoURL(now[p.Key], 1), Count: n}
				if sp := now[p.Key]; sp != nil {
					out.Tagline = sp.Tagline
				}
				page.Speakers = append(page.Speakers, out)
			}
		}
		slices.SortStableFunc(page.Speakers, func(a, b publicSpeaker) int {
			return slices.Compare(people.Fold(a.Name), people.Fold(b.Name))
		})
		return h.draw(lang, "speakers", page)
	})
}

// PublicSpeaker is GET /e/{event}/speakers/{speaker}: whoever has no part in the released schedule has no page.
func (h *Handler) PublicSpeaker(c *gin.Context) {
	slug, key := c.Param("event"), c.Param("speaker")
	h.cached(c, "speaker "+slug+" "+key, htmlType, func(ctx context.Context, lang string) ([]byte, error) {
		e, schedule, community, err := h.released(ctx, slug)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(schedule.People, func(p exchange.Person) bool { return p.Key == key })
		own := speaksAt(schedule, key)
		if i < 0 || len(own) == 0 {
			return nil, turnout.ErrNotFound
		}
		now, err := h.presentSpeakers(ctx, e, key)
		if err != nil {
			return nil, err
		}
		slides, err := h.Agenda.PublicSlides(ctx, e)
		if err != nil {
			return nil, err
		}
		page := newPublicSpeakerPage(e, schedule, schedule.People[i], own, slides)
		if sp := now[key]; sp != nil {
			page.Tagline, page.Pronouns, page.PhotoURL = sp.Tagline, sp.Pronouns, photoURL(sp, 0)
		}
		page.Chrome = h.eventChrome(community, e)
		page.Title, page.Path, page.JSONLD = page.Name+" · "+e.Title, speakerURL(e, key), nil
		page.Canonical, page.Description = h.BaseURL+page.Path, shorten(strings.ReplaceAll(exchange.PlainText(page.Bio), "\n", " "), 200)
		return h.draw(lang, "speaker", page)
	})
}

func newPublicSpeakerPage(e *events.Event, s *exchange.Schedule, who exchange.Person, own []exchange.Session, slides map[string][]*agenda.Slides) *publicSpeakerPage {
	page := &publicSpeakerPage{Event: newPublicEvent(e), AllURL: "/e/" + e.Slug + "/speakers", Name: who.Name, Bio: who.Bio}
	rooms := s.RoomNames()
	for _, x := range own {
		page.Sessions = append(page.Sessions, publicAppearance{Title: x.Title, URL: sessionURL(e, s, x), Room: rooms[x.Room], StartsAt: x.Start, EndsAt: x.End(), Slides: newPublicSlides(e, slides[x.Key])})
	}
	return page
}

func newPublicSlides(e *events.Event, files []*agenda.Slides) (out []publicSlides) {
	for _, f := range files {
		out = append(out, publicSlides{f.Name, megabytes(f.Size), "/e/" + e.Slug + "/slides/" + string(f.ID)})
	}
	return out
}

// PublicSlidesFile is GET /e/{event}/slides/{slides}: slides that their speaker made public, once their session is over.
func (h *Handler) PublicSlidesFile(c *gin.Context) {
	ctx := c.Request.Context()
	e, err := events.FindPublic(ctx, h.DB.Read(), c.Param("event"))
	var slides map[string][]*agenda.Slides
	if err == nil {
		slides, err = h.Agenda.PublicSlides(ctx, e)
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	for _, files := range slides {
		if slices.ContainsFunc(files, func(f *agenda.Slides) bool { return string(f.ID) == c.Param("slides") }) {
			h.giveSlides(c, e)
			return
		}
	}
	h.Fail(c, turnout.ErrNotFound)
}
