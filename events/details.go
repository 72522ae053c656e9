package events

import (
	"net/url"
	"regexp"
	"strings"
	"time"

	"golang.org/x/text/language"

	"turnout"
)

// Venue is where people come to.
type Venue struct {
	Name    string
	Address string
	City    string
	Country string // ISO 3166-1 alpha-2, or empty
}

// Details is what an organiser says about a new event. Slug, title, format, timezone, both times and currency are needed.
type Details struct {
	GroupID          turnout.ID
	Slug             string
	Title            string
	Summary          string
	Description      string // markdown
	Format           Format
	Timezone         string
	StartsAt         time.Time
	EndsAt           time.Time
	Currency         string
	Venue            Venue
	OnlineURL        string
	JoinOpensMinutes *int64 // nil means 30
	Accent           string // #rrggbb, or empty
	PricesExcludeTax bool
}

// Patch is an edit of an event's details: what is nil stays.
type Patch struct {
	Slug             *string
	Title            *string
	Summary          *string
	Description      *string
	Format           *Format
	Timezone         *string
	StartsAt         *time.Time
	EndsAt           *time.Time
	Currency         *string
	Venue            *Venue
	OnlineURL        *string
	JoinOpensMinutes *int64
	Accent           *string
	PricesIncludeTax *bool

	// KeepNumbers says that with another currency the event's amounts keep the numbers as they are written: 49.00 EUR is 49 JPY then.
	KeepNumbers bool
}

// apply puts the patch on the event. When the zone changes, a time that the patch does not give keeps its place on the
// clock on the wall: 9:00 stays 9:00.
func (p Patch) apply(e *Event) {
	before, after := e.Location(), e.Location()
	if p.Timezone != nil {
		if zone, err := LoadZone(*p.Timezone); err == nil { // problems refuses the name otherwise
			after = zone
		}
	}
	if before.String() != after.String() {
		e.StartsAt, _ = KeepWallClock(e.StartsAt, before, after)
		e.EndsAt, _ = KeepWallClock(e.EndsAt, before, after)
	}
	put(&e.Slug, p.Slug)
	put(&e.Title, p.Title)
	put(&e.Summary, p.Summary)
	put(&e.Description, p.Description)
	put(&e.Format, p.Format)
	put(&e.Timezone, p.Timezone)
	put(&e.StartsAt, p.StartsAt)
	put(&e.EndsAt, p.EndsAt)
	put(&e.Currency, p.Currency)
	put(&e.OnlineURL, p.OnlineURL)
	put(&e.JoinOpensMinutes, p.JoinOpensMinutes)
	put(&e.Accent, p.Accent)
	put(&e.PricesIncludeTax, p.PricesIncludeTax)
	if v := p.Venue; v != nil {
		e.VenueName, e.VenueAddress, e.VenueCity, e.VenueCountry = v.Name, v.Address, v.City, v.Country
	}
	e.tidy()
}

func put[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// tidy brings what was typed into the form that is stored.
func (e *Event) tidy() {
	for _, text := range []*string{&e.Slug, &e.Title, &e.Summary, &e.Description, &e.VenueName, &e.VenueAddress, &e.VenueCity, &e.VenueCountry, &e.OnlineURL, &e.Accent} {
		*text = strings.TrimSpace(*text)
	}
	e.VenueCountry, e.Accent = strings.ToUpper(e.VenueCountry), strings.ToLower(e.Accent)
	e.StartsAt, e.EndsAt = e.StartsAt.UTC().Truncate(time.Microsecond), e.EndsAt.UTC().Truncate(time.Microsecond)
}

const longest = 366 * 24 * time.Hour // of an event

var (
	accentForm = regexp.MustCompile(`^(#[0-9a-f]{6})?$`)
	firstYear  = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)
	lastYear   = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

// Problems says all that is wrong with the details of a new event, under the names of the API's fields.
func (d Details) Problems() turnout.Problems { return d.event("").problems() }

func (e *Event) problems() turnout.Problems {
	var p turnout.Problems
	slugProblems(&p, e.Slug)
	p.Require("title", e.Title)
	for _, text := range []struct {
		field, value string
		most         int
	}{
		{"title", e.Title, 200},
		{"summary", e.Summary, 500},
		{"description", e.Description, 50_000},
		{"venue.name", e.VenueName, 200},
		{"venue.address", e.VenueAddress, 500},
		{"venue.city", e.VenueCity, 200},
		{"online_url", e.OnlineURL, 2000},
	} {
		p.Length(text.field, text.value, text.most)
	}
	if !e.Format.known() {
		p.Add("format", "format", "Choose in_person, virtual or hybrid.")
	}
	if _, err := LoadZone(e.Timezone); err != nil {
		p.Add("timezone", "timezone", "%s", ErrZone.Message)
	}
	e.timeProblems(&p)
	if _, ok := turnout.MinorUnits(e.Currency); !ok {
		p.Add("currency", "currency", "Use an ISO 4217 code such as EUR.")
	}
	if e.VenueCountry != "" && !isCountry(e.VenueCountry) {
		p.Add("venue.country", "country", "Use a code of two letters such as PL (ISO 3166-1), not a name.")
	}
	if e.OnlineURL != "" && !IsWebAddress(e.OnlineURL) {
		p.Add("online_url", "url", "Use a whole web address, beginning with https://.")
	}
	if e.JoinOpensMinutes < 0 || e.JoinOpensMinutes > 24*60 {
		p.Add("join_opens_minutes", "range", "Choose between 0 minutes and a day (1440).")
	}
	if !accentForm.MatchString(e.Accent) {
		p.Add("accent", "color", "Write the colour as #rrggbb.")
	}
	return p
}

func (e *Event) timeProblems(p *turnout.Problems) {
	before := len(*p)
	for _, at := range []struct {
		field string
		value time.Time
	}{{"starts_at", e.StartsAt}, {"ends_at", e.EndsAt}} {
		switch {
		case at.value.IsZero():
			p.Require(at.field, "")
		case at.value.Before(firstYear) || at.value.After(lastYear):
			p.Add(at.field, "range", "Choose a year between 1990 and 2199.")
		}
	}
	if len(*p) > before {
		return
	}
	switch length := e.EndsAt.Sub(e.StartsAt); {
	case length <= 0:
		p.Add("ends_at", "before_start", "The end must be after the start.")
	case length > longest:
		p.Add("ends_at", "too_long", "An event takes at most a year.")
	}
}

func isCountry(code string) bool {
	region, err := language.ParseRegion(code)
	return err == nil && len(code) == 2 && region.IsCountry()
}

// notNow are codes that the tables of language know and ISO 3166-1 does not hold: withdrawn (AN), a union (EU), reserved (AC, DG, EA, IC, TA).
const notNow = "AC AN BU CP CQ CS CT DD DG DY EA EU EZ FQ FX HV IC JT MI NH NQ NT PC PU PZ QO QU RH SU TA TP UK UN VD WK YD YU ZR"

// IsCountry reports whether the code is one of Countries.
func IsCountry(code string) bool { return isCountry(code) && !strings.Contains(notNow, code) }

// Countries are the codes that a form offers for a venue's country: those of ISO 3166-1 in use, each of which Problems takes.
func Countries() []string {
	var codes []string
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			if code := string([]rune{a, b}); IsCountry(code) {
				codes = append(codes, code)
			}
		}
	}
	return codes
}

// IsWebAddress says whether a text is a whole web address, with http or https, a host and no password.
func IsWebAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil
}
