package pages

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/events/agenda/exchange"
	"turnout/events/organisers"
	"turnout/events/sponsors"
	"turnout/templates"
	"turnout/ticketing"
)

// eventPage is the data of the page "event".
type eventPage struct {
	templates.Chrome
	Now          time.Time
	Event        publicEvent
	Sale         sale
	Held         *heldOrder // of this browser, nil for none
	Agenda       agendaTeaser
	Speakers     []speakerCard
	SponsorTiers []sponsorTier
	EditURL      string
}

type publicEvent struct {
	Slug, Title, Summary, Description, Status, Format, Zone, CoverURL, CancelReason, ICSURL, GroupName, URL, Place string
	StartsAt, EndsAt                                                                                               time.Time
	Venue                                                                                                          *venue
	Online                                                                                                         bool
}

type venue struct{ Name, Address, City, Country string }

type sale struct {
	State, CheckoutURL, WaitlistURL string
	StartsAt                        time.Time
	Offers                          []saleOffer
}

type saleOffer struct {
	ID, Name, Note, State, Mode string
	WaitlistURL                 string // of what is sold out
	From                        string // since when it is sold, of what is not on sale yet
	Price                       turnout.Money
	PriceWords                  string // until when it is that, and what comes after
	Open                        bool   // the buyer names the price: Price is what is suggested, Least what it must be
	Least                       turnout.Money
	Approval                    bool // the organiser decides first
	Min, Max, Steps             int64

	// On the checkout:
	For                           string // whom it is for, "" for everybody
	Field, PriceField, ShownField string
	Quantity, Typed               string // as they were typed
	Shown                         int64  // the price that the form shows, in minor units

	most, left int64 // an order may have, there are; Max is the smaller
	chosen     int64 // what was typed as a number
}

type agendaTeaser struct {
	Sessions    []teaserSession
	ScheduleURL string
	Count       int
}

type teaserSession struct {
	Title, URL, Room, Speakers string
	Day                        string // where it is not the event's first
	StartsAt, EndsAt           time.Time
}

type speakerCard struct{ Name, Tagline, PictureURL, URL string }

type sponsorTier struct {
	Name     string
	Sponsors []sponsorCard
}

type sponsorCard struct{ Name, URL, LogoURL string }

// Event is GET /e/{event}. Exact numbers of places stand on the checkout: this page changes only when a threshold is crossed, so
// that a rush finds it in memory. Staff get a page of their own: it leads to the console and shows their drafts.
func (h *Handler) Event(c *gin.Context) {
	slug := c.Param("event")
	if who := access.Who(c); who.Account != "" {
		h.eventForStaff(c, who, slug)
		return
	}
	if held, err := h.heldOrder(c, slug); err != nil || held != nil {
		h.eventForHolder(c, held, err)
		return
	}
	h.cached(c, "event "+slug, htmlType, func(ctx context.Context, lang string) ([]byte, error) {
		e, err := events.FindPublic(ctx, h.DB.Read(), slug)
		if err != nil {
			return nil, err
		}
		page, err := h.eventPage(ctx, lang, e)
		if err != nil {
			return nil, err
		}
		return h.draw(lang, "event", page)
	})
}

// eventForHolder shows an event to a browser that has an unpaid order for it: a page of its own, which leads on to paying.
func (h *Handler) eventForHolder(c *gin.Context, held *heldOrder, err error) {
	var page *eventPage
	if err == nil {
		page, err = h.eventPage(c.Request.Context(), h.Language(c), held.order.Event)
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	page.Held = held
	h.Render(c, http.StatusOK, "event", page)
}

// eventForStaff shows an event to somebody signed in: also a draft, if they may read it, and with the way to change it, if they
// may do that.
func (h *Handler) eventForStaff(c *gin.Context, who access.Caller, slug string) {
	ctx := c.Request.Context()
	e, err := events.FindPublic(ctx, h.DB.Read(), slug)
	if errors.Is(err, turnout.ErrNotFound) {
		if e, err = events.FindIn(ctx, h.DB.Read(), who.CommunityIDs(), slug); err == nil && !who.May("events:read", e.CommunityID, e) {
			err = turnout.ErrNotFound
		}
	}
	var page *eventPage
	if err == nil {
		page, err = h.eventPage(ctx, h.Language(c), e)
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	if page.Held, err = h.heldOrder(c, slug); err != nil {
		h.Fail(c, err)
		return
	}
	if slices.Contains(who.CommunityIDs(), e.CommunityID) {
		page.Staff = &templates.Staff{Name: who.Name, Email: who.Email, SignOutURL: SignOutPath}
	}
	if who.May("events:write", e.CommunityID, e) {
		page.EditURL = "/console/events/" + e.Slug + "/details"
	}
	if e.Status == events.Draft {
		page.NoIndex, page.Canonical, page.JSONLD, page.Event.ICSURL = true, "", nil, ""
	}
	h.Render(c, http.StatusOK, "event", page)
}

// eventPage gathers what an event's page shows.
func (h *Handler) eventPage(ctx context.Context, lang string, e *events.Event) (*eventPage, error) {
	community, err := organisers.FindCommunity(ctx, h.DB.Read(), string(e.CommunityID))
	if err != nil {
		return nil, err
	}
	page := &eventPage{Chrome: h.eventChrome(community, e), Now: h.Now(), Event: newPublicEvent(e)}
	page.JSONLD = h.jsonLD(e, community)
	offers, err := h.Ticketing.Offers(ctx, e)
	if err != nil {
		return nil, err
	}
	page.Sale = h.newSale(lang, e, offers)
	schedule, _, err := h.Agenda.Schedule(ctx, e)
	if err == nil {
		page.Agenda = h.newAgendaTeaser(lang, e, schedule)
	} else if !errors.Is(err, agenda.ErrNotReleased) {
		return nil, err
	}
	if page.Speakers, err = h.speakerCards(ctx, e, schedule); err != nil {
		return nil, err
	}
	page.SponsorTiers, err = h.sponsorTiers(ctx, e, h.Templates.Message(lang, "event.sponsors"))
	return page, err
}

// eventChrome is the frame of an event's public pages.
func (h *Handler) eventChrome(community *organisers.Community, e *events.Event) templates.Chrome {
	chrome := h.publicChrome(community)
	if theme := themeURL(e.Accent); theme != "" {
		chrome.ThemeURL = theme
	}
	chrome.Title, chrome.Description = e.Title, e.Summary
	chrome.Path = "/e/" + e.Slug
	chrome.Canonical = h.BaseURL + chrome.Path
	if e.CoverHash != "" {
		chrome.Image = h.BaseURL + coverURL(e, 960)
	}
	return chrome
}

func newPublicEvent(e *events.Event) publicEvent {
	p := publicEvent{
		Slug: e.Slug, Title: e.Title, Summary: e.Summary, Description: e.Description, Status: string(e.Status), Format: string(e.Format),
		Zone: e.Timezone, CoverURL: coverURL(e, 960), ICSURL: "/e/" + e.Slug + "/calendar.ics", URL: "/e/" + e.Slug, Place: ticketing.Place(e),
		StartsAt: e.StartsAt, EndsAt: e.EndsAt, Online: e.Format.Online(),
	}
	if e.Format.OnSite() && e.VenueName != "" {
		p.Venue = &venue{e.VenueName, e.VenueAddress, e.VenueCity, e.VenueCountry}
	}
	return p
}

func (h *Handler) newSale(lang string, e *events.Event, offers []ticketing.Offer) sale {
	s := sale{}
	best := -1
	for _, o := range offers {
		state, known := saleStates[o.Availability]
		if !known {
			continue
		}
		o.PriceLeft = 0 // a number that each sale changes would empty the cache of pages
		s.Offers = append(s.Offers, h.newSaleOffer(lang, e, o, state))
		if rank := slices.Index(saleRanks, state); rank > best {
			best, s.State = rank, state
		}
		if state == "not_started" && (s.StartsAt.IsZero() || o.SalesStart.Before(s.StartsAt)) {
			s.StartsAt = o.SalesStart
		}
		if state == "sold_out" {
			s.WaitlistURL = "/e/" + e.Slug + "/waitlist"
		}
	}
	s.CheckoutURL = "/e/" + e.Slug + "/checkout"
	if e.Status != events.Published {
		s.State = ""
	}
	return s
}

// saleRanks are the states of a sale from the least to the best for those who want to come.
var saleRanks = []string{"ended", "sold_out", "not_started", "few_left", "available"}

func (h *Handler) newSaleOffer(lang string, e *events.Event, o ticketing.Offer, state string) saleOffer {
	shown := saleOffer{ID: string(o.ID), Name: o.Name, Note: o.Description, State: state, Mode: string(o.AttendanceMode), Price: o.Price,
		PriceWords: h.priceWords(lang, e.Timezone, o), Open: o.Pricing == ticketing.OpenPrice, Least: o.Least, Approval: o.RequiresApproval, Steps: max(1, o.MultipleOf),
		Min: o.MinPerOrder, Max: min(o.MaxPerOrder, max(o.Left, 0)), most: o.MaxPerOrder, left: max(o.Left, 0)}
	if state == "not_started" {
		shown.From = h.Templates.Message(lang, "event.sale_starts", "When", h.Templates.Moment(lang, o.SalesStart, e.Timezone))
	}
	if state == "sold_out" {
		shown.WaitlistURL = "/e/" + e.Slug + "/waitlist?type=" + shown.ID
	}
	return shown
}

const teaserSize = 6

func (h *Handler) newAgendaTeaser(lang string, e *events.Event, s *exchange.Schedule) agendaTeaser {
	t := agendaTeaser{ScheduleURL: "/e/" + e.Slug + "/schedule"}
	names := map[string]string{}
	for _, p := range s.People {
		names[p.Key] = p.Name
	}
	rooms := map[string]string{}
	for _, r := range s.Rooms {
		rooms[r.Key] = r.Name
	}
	placed := slices.DeleteFunc(slices.Clone(s.Sessions), func(x exchange.Session) bool { return !x.Placed() })
	slices.SortStableFunc(placed, func(a, b exchange.Session) int { return a.Start.Compare(b.Start) })
	t.Count = len(placed)
	for _, x := range placed[:min(teaserSize, len(placed))] {
		day := h.dayOf(lang, e, x.Start)
		if day == h.dayOf(lang, e, e.StartsAt) {
			day = ""
		}
		t.Sessions = append(t.Sessions, teaserSession{Day: day, Title: x.Title, Room: rooms[x.Room], Speakers: joinNames(x.Speakers, names), StartsAt: x.Start, EndsAt: x.End(),
			URL: sessionURL(e, s, x)})
	}
	return t
}

func joinNames(keys []string, names map[string]string) string {
	list := make([]string, len(keys))
	for i, key := range keys {
		list[i] = names[key]
	}
	return strings.Join(list, ", ")
}

const speakersShown = 12

// speakerCards are the speakers of the released schedule only: who is still being asked is nobody's business.
func (h *Handler) speakerCards(ctx context.Context, e *events.Event, s *exchange.Schedule) ([]speakerCard, error) {
	if s == nil {
		return nil, nil
	}
	people := slices.Clone(s.People)
	slices.SortFunc(people, func(a, b exchange.Person) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Key, b.Key)) })
	people = people[:min(len(people), speakersShown)]
	keys := make([]string, len(people))
	for i, p := range people {
		keys[i] = p.Key
	}
	now, err := h.presentSpeakers(ctx, e, keys...)
	if err != nil {
		return nil, err
	}
	var cards []speakerCard
	for _, p := range people {
		line, _, _ := strings.Cut(exchange.PlainText(p.Bio), "\n")
		card := speakerCard{Name: p.Name, Tagline: shorten(line, 80), URL: speakerURL(e, p.Key)}
		if sp := now[p.Key]; sp != nil {
			card.Tagline, card.PictureURL = firstOf(sp.Tagline, card.Tagline), photoURL(sp, 1)
		}
		cards = append(cards, card)
	}
	return cards, nil
}

func shorten(text string, limit int) string {
	r := []rune(text)
	if len(r) <= limit {
		return text
	}
	return strings.TrimSpace(string(r[:limit-1])) + "…"
}

// sponsorTiers are the sponsors who signed, by tier; those without one come last under other.
func (h *Handler) sponsorTiers(ctx context.Context, e *events.Event, other string) ([]sponsorTier, error) {
	tiers, err := sponsors.Tiers(ctx, h.DB.Read(), e.CommunityID, e.ID)
	if err != nil {
		return nil, err
	}
	list, err := sponsors.List(ctx, h.DB.Read(), e.CommunityID, e.ID)
	if err != nil {
		return nil, err
	}
	byTier := map[turnout.ID][]sponsorCard{}
	for _, s := range list {
		if s.Status == sponsors.Signed || s.Status == sponsors.Invoiced || s.Status == sponsors.Paid {
			byTier[s.TierID] = append(byTier[s.TierID], sponsorCard{Name: s.Name, URL: webOnly(s.Website)})
		}
	}
	var shown []sponsorTier
	for _, t := range tiers {
		if len(byTier[t.ID]) > 0 {
			shown = append(shown, sponsorTier{t.Name, byTier[t.ID]})
			delete(byTier, t.ID)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(byTier)) {
		shown = append(shown, sponsorTier{other, byTier[id]})
	}
	return shown, nil
}

// webOnly keeps an address that people can be sent to: http or https, of some host, and nothing else.
func webOnly(address string) string {
	if u, err := url.Parse(address); err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" {
		return address
	}
	return ""
}

// jsonLD is the event for search engines (schema.org/Event).
func (h *Handler) jsonLD(e *events.Event, community *organisers.Community) map[string]any {
	modes := map[events.Format]string{events.InPerson: "Offline", events.Virtual: "Online", events.Hybrid: "Mixed"}
	status := "EventScheduled"
	if e.Status == events.Canceled {
		status = "EventCancelled"
	}
	ld := map[string]any{
		"@context": "https://schema.org", "@type": "Event", "name": e.Title, "description": e.Summary,
		"startDate": e.StartsAt.In(e.Location()).Format(time.RFC3339), "endDate": e.EndsAt.In(e.Location()).Format(time.RFC3339),
		"eventStatus": "https://schema.org/" + status, "url": h.BaseURL + "/e/" + e.Slug,
		"eventAttendanceMode": "https://schema.org/" + modes[e.Format] + "EventAttendanceMode",
		"organizer":           map[string]any{"@type": "Organization", "name": community.Name, "url": h.BaseURL + "/c/" + community.Slug},
	}
	if e.CoverHash != "" {
		ld["image"] = h.BaseURL + coverURL(e, 960)
	}
	var places []any
	if e.Format.OnSite() {
		places = append(places, map[string]any{"@type": "Place", "name": e.VenueName, "address": map[string]any{"@type": "PostalAddress",
			"streetAddress": e.VenueAddress, "addressLocality": e.VenueCity, "addressCountry": e.VenueCountry}})
	}
	if e.Format.Online() {
		places = append(places, map[string]any{"@type": "VirtualLocation", "url": h.BaseURL + "/e/" + e.Slug})
	}
	ld["location"] = places
	return ld
}
