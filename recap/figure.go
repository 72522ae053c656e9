package recap

import (
	"time"

	"turnout"
	"turnout/community"
	"turnout/events/sponsors"
	"turnout/templates"
)

// Figure is a value and the sentence that says what exactly it counts, in English; Report.Definition says it in other
// languages by the figure's key, which is its name in JSON.
type Figure[T any] struct {
	Value      T      `json:"value"`
	Definition string `json:"definition"`
}

func figure[T any](r *Report, key string, value T) Figure[T] {
	return Figure[T]{value, r.define(templates.English, key)}
}

// optional is a figure that only some audiences see; nil leaves it out.
func optional[T any](r *Report, key string, value T) *Figure[T] {
	f := figure(r, key, value)
	return &f
}

// Audience says who will read the report.
type Audience string

// The audiences.
const (
	Team    Audience = "team"    // everything
	Sponsor Audience = "sponsor" // no money, no refusals
	Public  Audience = "public"  // who came and when, and the sponsors' names
)

// ErrAudience is the answer to an audience that there is not.
var ErrAudience = &turnout.Error{Kind: turnout.Invalid, Code: "audience", Message: "The audience is team, sponsor or public."}

// Share is a part of a whole with Wilson's 95 % interval; rate and interval are nil when the whole is 0.
type Share struct {
	Count    int64               `json:"count"`
	Of       int64               `json:"of"`
	Rate     *float64            `json:"rate"`
	Interval *community.Interval `json:"interval"`
}

func share(x, n int64) Share {
	p := community.Proportion{X: x, N: n}
	return Share{x, n, p.Rate(), p.Wilson()}
}

// Step is one step of the funnel.
type Step struct {
	Name  string `json:"name"` // registered, paid, came, activated
	Count int64  `json:"count"`
}

// Arrivals is the arrival curve: how many came first within each stretch of time, without gaps.
type Arrivals struct {
	Minutes int64    `json:"minutes"` // the length of a stretch: 5, 15, 60 or 360
	Buckets []Bucket `json:"buckets"`
}

// Bucket is one stretch of time of the arrival curve.
type Bucket struct {
	StartsAt time.Time `json:"starts_at"`
	InPerson int64     `json:"in_person"`
	Virtual  int64     `json:"virtual"`
}

// TypeRow counts the tickets of one type and attendance mode: a ticket may have changed the mode that its type began with.
type TypeRow struct {
	TicketTypeID   turnout.ID `json:"ticket_type_id"`
	Name           string     `json:"name"`
	AttendanceMode string     `json:"attendance_mode"`
	Reserved       int64      `json:"reserved"`
	Valid          int64      `json:"valid"`
	Canceled       int64      `json:"canceled"`
	Came           int64      `json:"came"`

	Absent  int64 `json:"-"` // valid and without an attendance record
	Charged int64 `json:"-"` // valid and not free
}

// Refusal counts what the doors refused for one reason.
type Refusal struct {
	Reason string `json:"reason"`
	Count  int64  `json:"count"`
}

// SponsorRow is one sponsor that has given its word, or that paid. Only the team sees its money.
type SponsorRow struct {
	ID       turnout.ID     `json:"id"`
	Name     string         `json:"name"`
	Tier     string         `json:"tier"`
	Status   string         `json:"status,omitempty"`
	Promised *turnout.Money `json:"promised,omitempty"`
	Received *turnout.Money `json:"received,omitempty"`
}

// Money is what the event brought and cost.
type Money struct {
	TicketGross     Figure[turnout.Money]  `json:"ticket_gross"`
	ProviderFees    Figure[turnout.Money]  `json:"provider_fees"`
	Refunded        Figure[turnout.Money]  `json:"refunded"`
	TicketIncome    Figure[turnout.Money]  `json:"ticket_income"`
	SponsorPromised Figure[turnout.Money]  `json:"sponsor_promised"`
	SponsorReceived Figure[turnout.Money]  `json:"sponsor_received"`
	OtherIncome     Figure[turnout.Money]  `json:"other_income"`
	CostsPlanned    Figure[turnout.Money]  `json:"costs_planned"`
	CostsActual     Figure[turnout.Money]  `json:"costs_actual"`
	Result          Figure[turnout.Money]  `json:"result"`
	BreakEven       Figure[*int64]         `json:"break_even_tickets"`
	CostPerAttendee Figure[*turnout.Money] `json:"cost_per_attendee"`
}

// EventFacts says which event the report is about.
type EventFacts struct {
	ID       turnout.ID `json:"id"`
	Slug     string     `json:"slug"`
	Title    string     `json:"title"`
	Format   string     `json:"format"`
	Status   string     `json:"status"`
	Timezone string     `json:"timezone"`
	StartsAt time.Time  `json:"starts_at"`
	EndsAt   time.Time  `json:"ends_at"`
	Venue    string     `json:"venue"`
	Accent   string     `json:"accent"`
}

// Report is the recap of an event. Parts that the audience does not see are nil.
type Report struct {
	Audience Audience   `json:"audience"`
	Event    EventFacts `json:"event"`
	AsOf     time.Time  `json:"as_of"` // when the figures were read

	Registered   Figure[int64]        `json:"registered"`
	Paid         Figure[int64]        `json:"paid"`
	Came         Figure[int64]        `json:"came"`
	CameInPerson Figure[int64]        `json:"came_in_person"`
	CameVirtual  Figure[int64]        `json:"came_virtual"`
	Arrivals     Figure[Arrivals]     `json:"arrivals"`
	Sponsors     Figure[[]SponsorRow] `json:"sponsors"`

	Orders     *Figure[int64]                 `json:"orders,omitempty"`
	Canceled   *Figure[int64]                 `json:"canceled,omitempty"`
	People     *Figure[int64]                 `json:"people,omitempty"`
	NoShows    *Figure[Share]                 `json:"no_shows,omitempty"`
	Activated  *Figure[int64]                 `json:"activated,omitempty"`
	Funnel     *Figure[[]Step]                `json:"funnel,omitempty"`
	Activation *Figure[*community.Activation] `json:"activation,omitempty"`
	ByType     *Figure[[]TypeRow]             `json:"by_ticket_type,omitempty"`
	Refusals   *Figure[[]Refusal]             `json:"refusals,omitempty"`
	Money      *Money                         `json:"money,omitempty"`

	words *templates.Set
}

// For gives the report as the audience may see it.
func (r Report) For(audience Audience) (*Report, error) {
	r.Audience = audience
	switch audience {
	case Team:
		return &r, nil
	case Sponsor, Public:
		r.Money, r.Refusals, r.Orders, r.Canceled = nil, nil, nil, nil
		rows := make([]SponsorRow, 0, len(r.Sponsors.Value))
		for _, s := range r.Sponsors.Value {
			if sponsors.Status(s.Status).Committed() {
				rows = append(rows, SponsorRow{ID: s.ID, Name: s.Name, Tier: s.Tier})
			}
		}
		r.Sponsors.Value = rows
	default:
		return nil, ErrAudience
	}
	if audience == Public {
		r.People, r.NoShows, r.Activated, r.Funnel, r.Activation, r.ByType = nil, nil, nil, nil, nil, nil
	}
	return &r, nil
}
