package pages

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/events/organisers"
	"turnout/internal/blobs"
	"turnout/templates"
	"turnout/ticketing"
)

// homePage is the data of the page "home_community".
type homePage struct {
	templates.Chrome
	About                             string
	Upcoming, Past                    []eventCard
	CalendarURL, FeedURL, MorePastURL string
}

// eventCard is an event on a list.
type eventCard struct {
	Slug, URL, Title, Summary, Zone, Format, Place, CoverURL, Status, Sale string
	StartsAt, EndsAt                                                       time.Time
	From                                                                   *turnout.Money
	Varies                                                                 bool // some tickets cost more
}

// Root is GET /: the only community's home, or the list of all.
func (h *Handler) Root(c *gin.Context) {
	h.cached(c, "root", htmlType, func(ctx context.Context, lang string) ([]byte, error) {
		var all []organisers.Community
		if err := h.DB.Read().NewSelect().Model(&all).Order("name", "id").Limit(200).Scan(ctx); err != nil {
			return nil, err
		}
		if len(all) == 1 {
			return h.home(ctx, lang, all[0].Slug)
		}
		page := rootPage{Chrome: templates.Chrome{Title: "Turnout", Path: "/", Demo: h.Demo, Canonical: h.BaseURL + "/"}}
		upcoming, err := events.Upcoming(ctx, h.DB.Read(), h.Now())
		if err != nil {
			return nil, err
		}
		for i := range all {
			page.Communities = append(page.Communities, newRootCommunity(&all[i], upcoming))
		}
		if h.Demo && len(all) > 0 {
			home, err := events.FindHome(ctx, h.DB.Read(), all[0].Slug, h.Now())
			if err != nil {
				return nil, err
			}
			prices, err := h.Ticketing.Prices(ctx, home.Upcoming)
			if err != nil {
				return nil, err
			}
			page.Tries = tries(home, prices)
		}
		return h.draw(lang, "home_root", page)
	})
}

// newRootCommunity takes a community's next events from those of all.
func newRootCommunity(community *organisers.Community, upcoming []events.Event) rootCommunity {
	out := rootCommunity{Name: community.Name, URL: "/c/" + community.Slug}
	for i := range upcoming {
		e := &upcoming[i]
		if e.CommunityID != community.ID {
			continue
		}
		if len(out.Next) == rootNext {
			out.More = true
			break
		}
		out.Next = append(out.Next, newEventCard(e, nil))
	}
	return out
}

// tries says what can be tried in a demo, in the order in which an event happens: tickets are bought where money is asked,
// and let in where there is a door.
func tries(home *events.Home, prices map[turnout.ID]ticketing.PriceTag) []try {
	var list []try
	sold := slices.IndexFunc(home.Upcoming, func(e events.Event) bool {
		tag := prices[e.ID]
		return (tag.From.Amount > 0 || tag.Varies) && (tag.Availability == ticketing.Available || tag.Availability == ticketing.FewLeft)
	})
	if sold >= 0 {
		list = append(list, try{"event", "ticket", "/e/" + home.Upcoming[sold].Slug})
	}
	if door := slices.IndexFunc(home.Upcoming, func(e events.Event) bool { return e.Format.OnSite() }); door >= 0 {
		list = append(list, try{"door", "scan-line", doorPath(&home.Upcoming[door], "")})
	}
	if len(home.Past) > 0 {
		list = append(list, try{"recap", "chart-column", eventPath(&home.Past[0]) + "/recap"})
	}
	return list
}

// rootPage is the data of the page "home_root".
type rootPage struct {
	templates.Chrome
	Communities []rootCommunity
	Tries       []try // of a demo
}

type rootCommunity struct {
	Name, URL string
	Next      []eventCard
	More      bool // there are more than these
}

// try is something that the demo shows: the end of its message key, an icon, and where it is.
type try struct{ Key, Icon, URL string }

// rootNext is how many events of each community the root page names.
const rootNext = 3

// Home is GET /c/{community}.
func (h *Handler) Home(c *gin.Context) {
	slug := c.Param("community")
	h.cached(c, "home "+slug, htmlType, func(ctx context.Context, lang string) ([]byte, error) {
		return h.home(ctx, lang, slug)
	})
}

func (h *Handler) home(ctx context.Context, lang, slug string) ([]byte, error) {
	home, err := events.FindHome(ctx, h.DB.Read(), slug, h.Now())
	if err != nil {
		return nil, err
	}
	community := home.Community
	page := homePage{Chrome: h.publicChrome(community), About: community.Description}
	page.Title, page.Path = community.Name, "/c/"+community.Slug
	page.Canonical = h.BaseURL + page.Path
	page.FeedURL = page.Path + "/calendar.ics"
	page.CalendarURL = h.BaseURL + page.FeedURL
	sales, err := h.Ticketing.Prices(ctx, home.Upcoming)
	if err != nil {
		return nil, err
	}
	for i := range home.Upcoming {
		page.Upcoming = append(page.Upcoming, newEventCard(&home.Upcoming[i], sales))
	}
	for i := range home.Past {
		page.Past = append(page.Past, newEventCard(&home.Past[i], nil))
	}
	return h.draw(lang, "home_community", page)
}

func newEventCard(e *events.Event, sales map[turnout.ID]ticketing.PriceTag) eventCard {
	card := eventCard{Slug: e.Slug, URL: "/e/" + e.Slug, Title: e.Title, Summary: e.Summary, Zone: e.Timezone, Format: string(e.Format),
		Status: string(e.Status), StartsAt: e.StartsAt, EndsAt: e.EndsAt, CoverURL: coverURL(e, 480)}
	if e.Format.OnSite() {
		card.Place = strings.Trim(strings.Join([]string{e.VenueName, e.VenueCity}, ", "), ", ")
	}
	if tag, ok := sales[e.ID]; ok && e.Status == events.Published {
		card.Sale, card.From, card.Varies = saleStates[tag.Availability], &tag.From, tag.Varies
	}
	return card
}

// saleStates are the words of the pages for how a sale stands.
var saleStates = map[ticketing.Availability]string{
	ticketing.Available: "available", ticketing.FewLeft: "few_left", ticketing.SoldOut: "sold_out", ticketing.NotYet: "not_started", ticketing.Over: "ended",
}

// HomeCalendar is GET /c/{community}/calendar.ics: the community's events, to subscribe to.
func (h *Handler) HomeCalendar(c *gin.Context) {
	slug := c.Param("community")
	h.cached(c, "calendar "+slug, calendarType, func(ctx context.Context, _ string) ([]byte, error) {
		community, list, err := events.Calendar(ctx, h.DB.Read(), slug, h.Now())
		if err != nil {
			return nil, err
		}
		calendar := agenda.Calendar{Name: community.Name}
		for i := range list {
			calendar.Events = append(calendar.Events, h.calendarEntry(&list[i]))
		}
		var out bytes.Buffer
		err = calendar.Write(&out)
		return out.Bytes(), err
	})
}

// EventCalendar is GET /e/{event}/calendar.ics.
func (h *Handler) EventCalendar(c *gin.Context) {
	slug := c.Param("event")
	h.cached(c, "event calendar "+slug, calendarType, func(ctx context.Context, _ string) ([]byte, error) {
		e, err := events.FindPublic(ctx, h.DB.Read(), slug)
		if err != nil {
			return nil, err
		}
		calendar := agenda.Calendar{Events: []agenda.CalendarEvent{h.calendarEntry(e)}}
		var out bytes.Buffer
		err = calendar.Write(&out)
		return out.Bytes(), err
	})
}

func (h *Handler) calendarEntry(e *events.Event) agenda.CalendarEvent {
	return agenda.CalendarEvent{
		UID: string(e.ID) + "@turnout", Sequence: int(e.Version), Stamp: e.UpdatedAt, Start: e.StartsAt, End: e.EndsAt, Zone: e.Location(),
		Summary: e.Title, Description: e.Summary, Location: ticketing.Place(e), URL: h.BaseURL + "/e/" + e.Slug, Canceled: e.Status == events.Canceled,
	}
}

// publicChrome is the frame of a community's public pages.
func (h *Handler) publicChrome(community *organisers.Community) templates.Chrome {
	return templates.Chrome{Demo: h.Demo, ThemeURL: themeURL(community.Accent),
		Community: templates.Brand{Name: community.Name, URL: "/c/" + community.Slug}}
}

// themeURL is the address of the stylesheet of an accent colour; "" for Turnout's own.
func themeURL(accent string) string {
	if !templates.ValidAccent(accent) {
		return ""
	}
	return "/theme/" + strings.TrimPrefix(accent, "#") + "." + blobs.Hash(templates.Theme(accent))[:10] + ".css"
}

// Theme is GET /theme/{file}: the stylesheet of an accent colour, under the hash of what it says.
func (h *Handler) Theme(c *gin.Context) {
	accent, _, _ := strings.Cut(c.Param("file"), ".")
	if accent = "#" + accent; !templates.ValidAccent(accent) || themeURL(accent) != c.Request.URL.Path {
		h.Fail(c, turnout.ErrNotFound)
		return
	}
	c.Header("Cache-Control", "public, max-age=31536000, immutable")
	c.Data(http.StatusOK, "text/css; charset=utf-8", templates.Theme(accent))
}

// coverURL is the address of an event's cover in a width of events.CoverWidths; "" for none.
func coverURL(e *events.Event, width int) string {
	switch {
	case e.CoverHash == "":
		return ""
	case width == events.CoverWidths[0]:
		return "/pictures/" + e.CoverHash
	}
	return "/pictures/" + blobs.Variant(e.CoverHash, width)
}

// Picture is GET /pictures/{name}: a picture that was uploaded and drawn anew, under the hash of its bytes.
func (h *Handler) Picture(c *gin.Context) {
	blob, err := blobs.Find(c.Request.Context(), h.DB.Read(), c.Param("name"))
	if err == nil && !strings.HasPrefix(blob.ContentType, "image/") {
		err = turnout.ErrNotFound
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	c.Header("Cache-Control", "public, max-age=31536000, immutable")
	c.Data(http.StatusOK, blob.ContentType, blob.Data)
}
