package pages

import (
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/events"
	"turnout/internal/images"
	"turnout/templates"
)

// eventForm is what an organiser types about an event, in the form's order. Field names are those of the API.
type eventForm struct {
	Title        string `form:"title" text:"name,max=300"`
	Summary      string `form:"summary" text:"name,max=1000"`
	Slug         string `form:"slug" text:"name,max=200"`
	Format       string `form:"format" text:"name,max=20"`
	StartsAt     string `form:"starts_at" text:"name,max=40"`
	EndsAt       string `form:"ends_at" text:"name,max=40"`
	Timezone     string `form:"timezone" text:"name,max=100"`
	VenueName    string `form:"venue.name" text:"name,max=300"`
	VenueAddress string `form:"venue.address" text:"name,max=600"`
	VenueCity    string `form:"venue.city" text:"name,max=300"`
	VenueCountry string `form:"venue.country" text:"name,max=10"`
	OnlineURL    string `form:"online_url" text:"name,max=2500"`
	JoinOpens    string `form:"join_opens_minutes" text:"name,max=10"`
	Description  string `form:"description" text:"long,max=60000"`
	Currency     string `form:"currency" text:"name,max=10"`
	Accent       string `form:"accent" text:"name,max=20"`
	NoAccent     bool   `form:"no_accent"`
	ExcludeTax   bool   `form:"prices_exclude_tax"`
	KeepNumbers  bool   `form:"keep_numbers"`
	Version      int64  `form:"version"`
}

func newEventForm(e *events.Event) eventForm {
	return eventForm{
		Slug: e.Slug, Title: e.Title, Summary: e.Summary, Description: e.Description, Format: string(e.Format), Timezone: e.Timezone,
		StartsAt: wallClock(e.StartsAt, e.Location()), EndsAt: wallClock(e.EndsAt, e.Location()), Currency: e.Currency,
		VenueName: e.VenueName, VenueAddress: e.VenueAddress, VenueCity: e.VenueCity, VenueCountry: e.VenueCountry,
		OnlineURL: e.OnlineURL, JoinOpens: whole(&e.JoinOpensMinutes), Accent: e.Accent, NoAccent: e.Accent == "", ExcludeTax: !e.PricesIncludeTax, Version: e.Version,
	}
}

// details reads the form. Its times are those of clocks in the zone that the form itself names.
func (in *eventForm) details(c *gin.Context, f *formReader) events.Details {
	f.read(c, in)
	zone, err := events.LoadZone(in.Timezone)
	if err != nil {
		f.Add("timezone", "timezone", "%s", events.ErrZone.Message)
		zone = time.UTC
	}
	f.zone = zone
	d := events.Details{
		Slug: in.Slug, Title: in.Title, Summary: in.Summary, Description: in.Description, Format: events.Format(in.Format), Timezone: in.Timezone,
		StartsAt: f.clock("starts_at", in.StartsAt), EndsAt: f.clock("ends_at", in.EndsAt), Currency: in.Currency,
		Venue:     events.Venue{Name: in.VenueName, Address: in.VenueAddress, City: in.VenueCity, Country: in.VenueCountry},
		OnlineURL: in.OnlineURL, JoinOpensMinutes: f.number("join_opens_minutes", in.JoinOpens), Accent: in.Accent, PricesExcludeTax: in.ExcludeTax,
	}
	if in.NoAccent {
		d.Accent = ""
	}
	return d
}

type eventFormPage struct {
	templates.Chrome
	Errors     templates.Errors
	Form       eventForm
	Zones      []string
	Formats    []templates.Option
	Currencies []string
	Countries  []templates.Option
	Event      *events.Event // nil for a new one
	BackURL    string
	CoverURL   string
	CloneStart string
	Rewritten  []string // what becomes of amounts in the currency that was typed: "€49.00 → ¥49"; empty while nobody asks
}

var suggestedCurrencies = []string{"EUR", "USD", "GBP", "CHF", "PLN", "SEK", "NOK", "DKK", "CZK", "JPY", "INR", "BRL", "CAD", "AUD", "KRW", "KWD"}

func (h *Handler) eventFormPage(c *gin.Context, data eventFormPage) eventFormPage {
	data.Zones, data.Currencies = commonZones, suggestedCurrencies
	data.Countries = countryOptions(h.Language(c), data.Form.VenueCountry)
	for _, f := range []events.Format{events.InPerson, events.Virtual, events.Hybrid} {
		data.Formats = append(data.Formats, templates.Option{Value: string(f), Text: h.text(c, "status.mode."+string(f)), Note: h.text(c, "console.format."+string(f))})
	}
	return data
}

// NewEvent is GET /console/{community}/events/new.
func (h *Handler) NewEvent(c *gin.Context) {
	chrome, community, ok := h.console(c, h.text(c, "console.event.new"), "nav.events")
	if !ok {
		return
	}
	data := eventFormPage{Chrome: chrome, BackURL: ConsolePath, Form: eventForm{Format: string(events.InPerson), Timezone: community.Timezone, Currency: "EUR"}}
	h.Render(c, http.StatusOK, "console_event_new", h.eventFormPage(c, data))
}

// CreateEvent is POST /console/{community}/events/new.
func (h *Handler) CreateEvent(c *gin.Context) {
	var in eventForm
	var form formReader
	details := in.details(c, &form)
	var made *events.Event
	err := h.suggestSlug(c, &details)
	if err == nil {
		err = form.then(h.eventProblems(c, "", &details), func() (err error) {
			made, err = h.Events.Create(c.Request.Context(), access.Community(c), details)
			return err
		})
	}
	if err == nil {
		h.saved(c, &form, eventPath(made), h.text(c, "console.event.created"))
		return
	}
	shown, status, ok := h.refused(c, err)
	if !ok {
		return
	}
	chrome, _, ok := h.console(c, h.text(c, "console.event.new"), "nav.events")
	if ok {
		h.Render(c, status, "console_event_new", h.eventFormPage(c, eventFormPage{Chrome: chrome, Errors: shown, Form: in, BackURL: ConsolePath}))
	}
}

// suggestSlug fills an address in that was left out.
func (h *Handler) suggestSlug(c *gin.Context, d *events.Details) (err error) {
	if d.Slug == "" {
		d.Slug, err = h.Events.SuggestSlug(c.Request.Context(), d.Title)
	}
	return err
}

// eventProblems says what is wrong with the details of an event ("" for a new one), a taken address too: other mistakes do not
// hide it until they are mended.
func (h *Handler) eventProblems(c *gin.Context, id turnout.ID, d *events.Details) func() error {
	return func() error {
		p := d.Problems()
		other, err := events.BySlug(c.Request.Context(), h.DB.Read(), d.Slug)
		if err != nil {
			return err
		}
		if other != "" && other != id {
			p.Add("slug", events.ErrSlugTaken.Code, "%s", events.ErrSlugTaken.Message)
		}
		return p.Err()
	}
}

// EventDetails is GET /console/events/{event}/details.
func (h *Handler) EventDetails(c *gin.Context) {
	h.eventDetails(c, http.StatusOK, newEventForm(access.Event(c)), nil)
}

func (h *Handler) eventDetails(c *gin.Context, status int, form eventForm, shown templates.Errors) {
	e := access.Event(c)
	chrome, ok := h.eventConsole(c, h.text(c, "nav.details"), "nav.details")
	if !ok {
		return
	}
	data := eventFormPage{Chrome: chrome, Errors: shown, Form: form, Event: e, BackURL: eventPath(e), CloneStart: wallClock(e.StartsAt.AddDate(1, 0, 0), e.Location())}
	data.CoverURL = coverURL(e, events.CoverWidths[1])
	var err error
	if data.Rewritten, err = h.rewritten(c, e, form, shown); err != nil {
		h.Fail(c, err)
		return
	}
	h.Render(c, status, "console_details", h.eventFormPage(c, data))
}

// rewrittenShown is how many amounts stand as examples of what another currency does.
const rewrittenShown = 4

// rewritten shows what becomes of the event's amounts if they keep their numbers in the currency that was typed: when that was
// refused for their sake.
func (h *Handler) rewritten(c *gin.Context, e *events.Event, form eventForm, shown templates.Errors) (examples []string, err error) {
	asked := form.KeepNumbers || slices.ContainsFunc(shown, func(p templates.Problem) bool { return p.Code == events.ErrCurrencyAmounts.Code })
	if !asked || form.Currency == e.Currency {
		return nil, nil
	}
	lang := h.Language(c)
	list, err := events.Amounts(c.Request.Context(), h.DB.Read(), e, rewrittenShown)
	for _, was := range list {
		if becomes, err := was.As(form.Currency); err == nil { // the refusal names one that cannot be written so
			examples = append(examples, h.Templates.Money(lang, was)+" → "+h.Templates.Money(lang, becomes))
		}
	}
	return examples, err
}

// SaveEvent is POST /console/events/{event}/details.
func (h *Handler) SaveEvent(c *gin.Context) {
	e := access.Event(c)
	var in eventForm
	var form formReader
	d := in.details(c, &form)
	includeTax := !d.PricesExcludeTax
	var saved *events.Event
	err := form.then(h.eventProblems(c, e.ID, &d), func() (err error) {
		saved, err = h.Events.Patch(c.Request.Context(), e.CommunityID, string(e.ID), in.Version, events.Patch{
			Slug: &d.Slug, Title: &d.Title, Summary: &d.Summary, Description: &d.Description, Format: &d.Format, Timezone: &d.Timezone,
			StartsAt: &d.StartsAt, EndsAt: &d.EndsAt, Currency: &d.Currency, Venue: &d.Venue, OnlineURL: &d.OnlineURL,
			JoinOpensMinutes: d.JoinOpensMinutes, Accent: &d.Accent, PricesIncludeTax: &includeTax, KeepNumbers: in.KeepNumbers,
		})
		return err
	})
	if err == nil {
		h.saved(c, &form, eventPath(saved)+"/details", h.text(c, "console.saved"))
		return
	}
	if shown, status, ok := h.refused(c, err); ok {
		h.eventDetails(c, status, in, shown)
	}
}

type versionForm struct {
	Version int64 `form:"version"`
}

func sentVersion(c *gin.Context) int64 {
	var in versionForm
	var form formReader
	form.read(c, &in)
	return in.Version
}

// CancelEvent is POST /console/events/{event}/cancel.
func (h *Handler) CancelEvent(c *gin.Context) {
	e, version := access.Event(c), sentVersion(c)
	if !h.confirmed(c, h.text(c, "console.event.cancel_ask"), eventPath(e)+"/details") {
		return
	}
	_, err := h.Events.Cancel(c.Request.Context(), e.CommunityID, string(e.ID), version)
	h.done(c, err, eventPath(e), h.text(c, "console.event.canceled"))
}

// CloneEvent is POST /console/events/{event}/clone.
func (h *Handler) CloneEvent(c *gin.Context) {
	e := access.Event(c)
	var in struct {
		Title    string `form:"clone_title" text:"name,max=300"`
		StartsAt string `form:"clone_starts_at" text:"name,max=40"`
	}
	form := formReader{zone: e.Location()}
	form.read(c, &in)
	start := form.clock("clone_starts_at", in.StartsAt)
	form.Require("clone_starts_at", in.StartsAt)
	var made *events.Event
	err := form.then(nil, func() error {
		slug, err := h.Events.SuggestSlug(c.Request.Context(), firstOf(in.Title, e.Title))
		if err != nil {
			return err
		}
		made, err = h.Events.Clone(c.Request.Context(), e.CommunityID, string(e.ID), events.Clone{Slug: slug, Title: in.Title, StartsAt: start})
		return err
	})
	if err == nil {
		h.saved(c, &form, eventPath(made), h.text(c, "console.event.cloned"))
		return
	}
	if shown, status, ok := h.refused(c, err); ok {
		for i, s := range shown {
			if s.Name == "title" || s.Name == "starts_at" {
				shown[i].Name = "clone_" + s.Name
			}
		}
		h.eventDetails(c, status, newEventForm(e), shown)
	}
}

// SetCover is POST /console/events/{event}/cover.
func (h *Handler) SetCover(c *gin.Context) {
	e := access.Event(c)
	data, err := upload(c, images.MaxBytes)
	if err == nil {
		_, err = h.Events.SetCover(c.Request.Context(), e.CommunityID, string(e.ID), 0, data)
	}
	if err == nil {
		h.Redirect(c, eventPath(e)+"/details#cover", "ok", h.text(c, "console.event.cover_set"))
		return
	}
	if shown, status, ok := h.refused(c, err); ok {
		for i := range shown {
			shown[i].Name = "file"
		}
		h.eventDetails(c, status, newEventForm(e), shown)
	}
}

// DropCover is POST /console/events/{event}/cover/remove.
func (h *Handler) DropCover(c *gin.Context) {
	e := access.Event(c)
	_, err := h.Events.DropCover(c.Request.Context(), e.CommunityID, string(e.ID), sentVersion(c))
	h.done(c, err, eventPath(e)+"/details#cover", h.text(c, "console.event.cover_dropped"))
}
