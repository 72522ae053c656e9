package v1

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/events"
	"turnout/events/organisers"
)

var eventOperations = operations{
	"POST /events": {Summary: "Create an event, as a draft", In: eventRequest{}, Out: eventResponse{}, Status: 201, Errors: []int{409}, Version: true, Example: eventExample},
	"GET /events": {Summary: "List events, the latest start first", Out: respond.Page[eventResponse]{},
		Text:  "Without a token: the published ones of all communities. With one: those of its community, drafts among them.",
		Query: append([]parameter{{Name: "community", Text: "Only of this community, by id or slug."}, {Name: "status", Text: "Only of this status.", Enum: statuses}}, window...)},
	"GET /events/{event}":          {Summary: "An event", Out: eventResponse{}, Version: true},
	"PATCH /events/{event}":        {Summary: "Change an event's details", Text: "What is not sent stays.", In: eventPatch{}, Out: eventResponse{}, Version: true, Errors: []int{409}},
	"POST /events/{event}/publish": {Summary: "Make a draft public", Out: eventResponse{}, Version: true, Errors: []int{409}},
	"POST /events/{event}/cancel":  {Summary: "Call an event off, for good", Text: "Every order is canceled and refunded.", Out: eventResponse{}, Version: true, Errors: []int{409}},
	"POST /events/{event}/clone":   {Summary: "Make a draft from an event", In: cloneRequest{}, Out: eventResponse{}, Status: 201, Version: true, Errors: []int{409}},
}

var statuses = []string{string(events.Draft), string(events.Published), string(events.Canceled), string(events.Ended)}

var eventExample = map[string]any{"slug": "gophers-2027", "title": "Gophers 2027", "format": "hybrid", "timezone": "Europe/Warsaw",
	"starts_at": "2027-05-01T09:00:00+02:00", "ends_at": "2027-05-01T18:00:00+02:00", "currency": "EUR",
	"venue": map[string]any{"name": "Old Mill", "address": "Rzeczna 1", "city": "Wrocław", "country": "PL"}, "online_url": "https://meet.example.org/gophers"}

type venueBody struct {
	Name    string `json:"name"`
	Address string `json:"address" text:"long,max=500"`
	City    string `json:"city"`
	Country string `json:"country" doc:"ISO 3166-1, two letters"`
}

type eventRequest struct {
	Slug             string        `json:"slug" required:"true" doc:"unique in the installation"`
	Title            string        `json:"title" required:"true"`
	Format           events.Format `json:"format" required:"true" enum:"in_person,virtual,hybrid"`
	Timezone         string        `json:"timezone" required:"true" doc:"IANA, such as Europe/Warsaw"`
	StartsAt         time.Time     `json:"starts_at" required:"true"`
	EndsAt           time.Time     `json:"ends_at" required:"true"`
	Currency         string        `json:"currency" required:"true" doc:"ISO 4217; fixed once an order exists"`
	Summary          string        `json:"summary" text:"name,max=500"`
	Description      string        `json:"description" text:"long,max=50000" doc:"markdown"`
	Venue            *venueBody    `json:"venue"`
	OnlineURL        string        `json:"online_url" text:"name,max=2000" doc:"shown to ticket holders only"`
	JoinOpensMinutes *int64        `json:"join_opens_minutes" doc:"how long before the start join links open; 30 when absent"`
	Accent           string        `json:"accent" doc:"#rrggbb"`
	GroupID          turnout.ID    `json:"group_id"`
	PricesIncludeTax *bool         `json:"prices_include_tax" doc:"true when absent"`
}

func (in *eventRequest) details() events.Details {
	d := events.Details{
		GroupID: in.GroupID, Slug: in.Slug, Title: in.Title, Summary: in.Summary, Description: in.Description, Format: in.Format,
		Timezone: in.Timezone, StartsAt: in.StartsAt, EndsAt: in.EndsAt, Currency: in.Currency, OnlineURL: in.OnlineURL,
		JoinOpensMinutes: in.JoinOpensMinutes, Accent: in.Accent, PricesExcludeTax: in.PricesIncludeTax != nil && !*in.PricesIncludeTax,
	}
	if in.Venue != nil {
		d.Venue = events.Venue(*in.Venue)
	}
	return d
}

type eventPatch struct {
	Slug             *string        `json:"slug"`
	Title            *string        `json:"title"`
	Format           *events.Format `json:"format" enum:"in_person,virtual,hybrid"`
	Timezone         *string        `json:"timezone" doc:"times that are not sent keep their place on the clock on the wall"`
	StartsAt         *time.Time     `json:"starts_at"`
	EndsAt           *time.Time     `json:"ends_at"`
	Currency         *string        `json:"currency"`
	Summary          *string        `json:"summary" text:"name,max=500"`
	Description      *string        `json:"description" text:"long,max=50000"`
	Venue            *venueBody     `json:"venue" doc:"replaced as a whole"`
	OnlineURL        *string        `json:"online_url" text:"name,max=2000"`
	JoinOpensMinutes *int64         `json:"join_opens_minutes"`
	Accent           *string        `json:"accent"`
	PricesIncludeTax *bool          `json:"prices_include_tax"`
	KeepNumbers      bool           `json:"keep_numbers" doc:"with another currency, amounts keep the numbers as they are written: 49.00 EUR is 49 JPY then; without it a currency cannot change while there are amounts"`
}

func (in *eventPatch) patch() events.Patch {
	return events.Patch{
		Slug: in.Slug, Title: in.Title, Summary: in.Summary, Description: in.Description, Format: in.Format, Timezone: in.Timezone,
		StartsAt: in.StartsAt, EndsAt: in.EndsAt, Currency: in.Currency, Venue: (*events.Venue)(in.Venue), OnlineURL: in.OnlineURL,
		JoinOpensMinutes: in.JoinOpensMinutes, Accent: in.Accent, PricesIncludeTax: in.PricesIncludeTax, KeepNumbers: in.KeepNumbers,
	}
}

type cloneRequest struct {
	Slug     string    `json:"slug" required:"true"`
	Title    string    `json:"title" doc:"the same when absent"`
	StartsAt time.Time `json:"starts_at" required:"true" doc:"everything moves with it on the clock on the wall"`
}

type eventResponse struct {
	ID               turnout.ID    `json:"id"`
	CommunityID      turnout.ID    `json:"community_id"`
	Slug             string        `json:"slug"`
	Title            string        `json:"title"`
	Summary          string        `json:"summary"`
	Description      string        `json:"description"`
	Format           events.Format `json:"format" enum:"in_person,virtual,hybrid"`
	Status           events.Status `json:"status" enum:"draft,published,canceled,ended"`
	Timezone         string        `json:"timezone"`
	StartsAt         time.Time     `json:"starts_at"`
	EndsAt           time.Time     `json:"ends_at"`
	Currency         string        `json:"currency"`
	Venue            *venueBody    `json:"venue"`
	OnlineURL        string        `json:"online_url,omitempty" doc:"for a token with events:read only"`
	JoinOpensMinutes int64         `json:"join_opens_minutes"`
	Accent           string        `json:"accent"`
	PricesIncludeTax bool          `json:"prices_include_tax"`
	URL              string        `json:"url" doc:"the public page"`
	Version          int64         `json:"version"`
	PublishedAt      *time.Time    `json:"published_at"`
	CanceledAt       *time.Time    `json:"canceled_at"`
	CreatedAt        time.Time     `json:"created_at"`
	UpdatedAt        time.Time     `json:"updated_at"`
}

// newEventResponse leaves the online link out for callers who may not read the event's insides.
func (h *Handler) newEventResponse(c *gin.Context, e *events.Event) eventResponse {
	out := eventResponse{
		ID: e.ID, CommunityID: e.CommunityID, Slug: e.Slug, Title: e.Title, Summary: e.Summary, Description: e.Description, Format: e.Format, Status: e.Status,
		Timezone: e.Timezone, StartsAt: e.StartsAt.UTC(), EndsAt: e.EndsAt.UTC(), Currency: e.Currency, JoinOpensMinutes: e.JoinOpensMinutes, Accent: e.Accent,
		PricesIncludeTax: e.PricesIncludeTax, URL: h.BaseURL + "/e/" + e.Slug, Version: e.Version, PublishedAt: moment(e.PublishedAt),
		CanceledAt: moment(e.CanceledAt), CreatedAt: e.CreatedAt.UTC(), UpdatedAt: e.UpdatedAt.UTC(),
	}
	if venue := (venueBody{e.VenueName, e.VenueAddress, e.VenueCity, e.VenueCountry}); venue != (venueBody{}) {
		out.Venue = &venue
	}
	if who := access.Who(c); who.Community == e.CommunityID && who.May("events:read", e.CommunityID, e) {
		out.OnlineURL = e.OnlineURL
	}
	return out
}

// moment is nil for the zero time, which JSON says as null.
func moment(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	at = at.UTC()
	return &at
}

// CreateEvent is POST /events.
func (h *Handler) CreateEvent(c *gin.Context) {
	var in eventRequest
	if !respond.Bind(c, &in) {
		return
	}
	event, err := h.Events.Create(c.Request.Context(), access.Community(c), in.details())
	h.answerEvent(c, http.StatusCreated, event, err)
}

// ListEvents is GET /events.
func (h *Handler) ListEvents(c *gin.Context) {
	window, ok := respond.BindWindow(c)
	if !ok {
		return
	}
	filter, err := h.eventFilter(c)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	filter.Limit, filter.Cursor = window.Limit, window.Cursor
	list, next, err := events.List(c.Request.Context(), h.DB.Read(), filter)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	items := make([]eventResponse, len(list))
	for i := range list {
		items[i] = h.newEventResponse(c, &list[i])
	}
	respond.List(c, items, next)
}

// eventFilter shows strangers what is published, of all communities or of the one they name, and a token all of its own.
func (h *Handler) eventFilter(c *gin.Context) (events.Filter, error) {
	var filter events.Filter
	if status := c.Query("status"); status != "" {
		filter.Statuses = []events.Status{events.Status(status)}
	}
	if who := access.Who(c); who.May("events:read", who.Community, nil) {
		filter.Community = who.Community
	}
	name := c.Query("community")
	if name == "" {
		return filter, nil
	}
	community, err := organisers.FindCommunity(c.Request.Context(), h.DB.Read(), name)
	if err != nil {
		return filter, err
	}
	if community.ID != filter.Community {
		filter.Community, filter.Statuses = community.ID, []events.Status{events.Published}
	}
	return filter, nil
}

// GetEvent is GET /events/{event}.
func (h *Handler) GetEvent(c *gin.Context) {
	h.answerEvent(c, http.StatusOK, access.Event(c), nil)
}

// PatchEvent is PATCH /events/{event}.
func (h *Handler) PatchEvent(c *gin.Context) {
	var in eventPatch
	version, ok := respond.IfMatch(c)
	if !ok || !respond.Bind(c, &in) {
		return
	}
	event, err := h.Events.Patch(c.Request.Context(), access.Community(c), c.Param("event"), version, in.patch())
	h.answerEvent(c, http.StatusOK, event, err)
}

// PublishEvent is POST /events/{event}/publish.
func (h *Handler) PublishEvent(c *gin.Context) {
	version, ok := respond.IfMatch(c)
	if !ok {
		return
	}
	event, err := h.Events.Publish(c.Request.Context(), access.Community(c), c.Param("event"), version)
	h.answerEvent(c, http.StatusOK, event, err)
}

// CancelEvent is POST /events/{event}/cancel.
func (h *Handler) CancelEvent(c *gin.Context) {
	version, ok := respond.IfMatch(c)
	if !ok {
		return
	}
	event, err := h.Events.Cancel(c.Request.Context(), access.Community(c), c.Param("event"), version)
	h.answerEvent(c, http.StatusOK, event, err)
}

// CloneEvent is POST /events/{event}/clone.
func (h *Handler) CloneEvent(c *gin.Context) {
	var in cloneRequest
	if !respond.Bind(c, &in) {
		return
	}
	event, err := h.Events.Clone(c.Request.Context(), access.Community(c), c.Param("event"), events.Clone(in))
	h.answerEvent(c, http.StatusCreated, event, err)
}

func (h *Handler) answerEvent(c *gin.Context, status int, event *events.Event, err error) {
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.ETag(c, event.Version)
	respond.JSON(c, status, h.newEventResponse(c, event))
}
